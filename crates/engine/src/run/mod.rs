//! The agent loop as a state machine without I/O: it says what to do next and is told what came of it.
//!
//! Invariants, held by the tests below: nothing follows `Done`; every call has exactly one result; the limits end
//! every run.

mod sorting;

use std::collections::BTreeMap;

use ports::fold::Folded;
use ports::inference::Narrowed;
use ports::tools::ToolOutput;
use serde_json::Value;
use wire::openai::chat::{ChatMessage, FinishReason, Role};

use crate::compact::compact;
use crate::event::{CallOutput, CallRef, Outcome};
use crate::grounding::{self, Conversation};
use crate::history::assistant_call;
use crate::recovery::hidden_call;
use crate::toolbox::Toolbox;

/// The same call with the same arguments is made this often before the model is asked for an answer instead.
const REPEATS: u32 = 2;
/// As Llama Stack says it in `incomplete_details.reason`.
const ITERATIONS_OVER: &str = "max_iterations_exceeded";

pub struct Run {
    messages: Vec<ChatMessage>,
    conversation: Conversation,
    toolbox: Toolbox,
    rules: Rules,
    asked: u32,
    called: u32,
    seen: BTreeMap<(String, String), u32>,
    /// Calls that a person did not allow: server label, tool, arguments.
    refused: Vec<(String, String, Value)>,
    /// The model goes round in circles or has used up its calls: the next answer is without tools.
    tools_over: bool,
    /// The last iteration is used for an answer while the model would have gone on.
    cut_short: bool,
    /// What the model was offered at this step, where the recipe is used.
    offered: Option<Narrowed>,
    next: Step,
}

/// How this run is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub iterations: u32,
    pub tool_calls: u32,
    /// Characters of a tool result that the model gets to read.
    pub output_budget: usize,
    /// Use the small-model recipe of [`grounding`].
    pub grounded: bool,
    /// Calls kept from one answer of the model: one, or all.
    pub parallel: bool,
    /// Keep the last iteration for an answer without tools. Off when the caller set the number of iterations.
    pub last_word: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    AskModel(Ask),
    CallTools(Vec<CallRef>),
    /// Say this without asking the model; the next step is `Done`.
    Say(String),
    Done(Done),
    /// Waiting for `on_model` or `on_tools`.
    Waiting,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub messages: Vec<ChatMessage>,
    pub narrowed: Option<Narrowed>,
    pub tools_allowed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub outcome: Outcome,
    /// Calls that the caller has to run.
    pub for_caller: Vec<CallRef>,
    /// Calls that a person has to allow.
    pub for_approval: Vec<CallRef>,
}

impl Run {
    /// `approved` are calls that a person allowed since the last response; they run first.
    pub fn new(
        messages: Vec<ChatMessage>,
        conversation: Conversation,
        toolbox: Toolbox,
        rules: Rules,
        approved: Vec<CallRef>,
    ) -> Self {
        let mut run = Self {
            messages,
            conversation,
            toolbox,
            rules,
            asked: 0,
            called: 0,
            seen: BTreeMap::new(),
            refused: Vec::new(),
            tools_over: false,
            cut_short: false,
            offered: None,
            next: Step::Waiting,
        };
        if approved.is_empty() {
            run.ask();
        } else {
            run.next = Step::CallTools(approved);
        }
        run
    }

    /// Calls that a person did not allow: made again, they are neither run nor asked about.
    pub fn refuse(&mut self, calls: Vec<(String, String, Value)>) {
        self.refused = calls;
    }

    pub fn step(&mut self) -> Step {
        let step = std::mem::replace(&mut self.next, Step::Waiting);
        if matches!(step, Step::Say(_)) {
            self.finish(Outcome::Completed);
        }
        step
    }

    pub fn messages(&self) -> &[ChatMessage] {
        &self.messages
    }

    pub fn toolbox(&self) -> &Toolbox {
        &self.toolbox
    }

    /// What the model answered; returns the text to show, which grounding may have put right.
    pub fn on_model(&mut self, mut answer: Folded) -> Option<String> {
        self.asked += 1;
        if answer.tool_calls.is_empty()
            && let Some((name, arguments)) = hidden_call(&answer.text, &self.toolbox)
        {
            let id = format!("call_recovered_{}", self.asked);
            answer.tool_calls = assistant_call(&id, &name, &arguments).tool_calls;
            answer.text.clear();
        }
        if answer.tool_calls.is_empty() || self.tools_over {
            return self.finish_with(answer);
        }
        if !self.rules.parallel {
            answer.tool_calls.truncate(1);
        }
        let text = (!answer.text.is_empty()).then(|| answer.text.clone());
        self.sort_out(answer);
        text
    }

    /// Results of the calls of the last `CallTools`, in its order.
    pub fn on_tools(&mut self, results: Vec<(CallRef, Result<ToolOutput, String>)>) -> Vec<(CallRef, CallOutput)> {
        let mut outputs = Vec::with_capacity(results.len());
        for (call, result) in results {
            self.called += 1;
            if !self.messages.iter().any(|message| message.tool_calls.iter().any(|made| made.id == call.id)) {
                self.messages.push(assistant_call(&call.id, &call.tool, &call.arguments));
            }
            let (text, structured, ok) = match result {
                Ok(output) => (output.text, output.structured, !output.failed),
                Err(error) => (error, None, false),
            };
            let found = structured.clone().filter(|_| call.ours.is_some());
            let offered = self.offered_name(&call);
            self.conversation.called(&offered, &call.arguments, &text, structured, ok);
            let shown = compact(&text, self.rules.output_budget);
            self.messages.push(ChatMessage::tool_result(&call.id, shown));
            let output = if ok { CallOutput::Ran { text, found } } else { CallOutput::Failed { message: text } };
            outputs.push((call, output));
        }
        self.ask();
        outputs
    }

    /// The run cannot go on.
    pub fn fail(&mut self, code: &str, message: impl Into<String>) {
        self.finish(Outcome::Failed { code: code.into(), message: message.into() });
    }

    fn finish_with(&mut self, answer: Folded) -> Option<String> {
        let text =
            if self.rules.grounded { grounding::answer::settle(&answer.text, &self.conversation) } else { answer.text };
        let outcome = match answer.finish {
            FinishReason::Length => Outcome::Incomplete { reason: "max_output_tokens".into() },
            FinishReason::ContentFilter => Outcome::Incomplete { reason: "content_filter".into() },
            _ if self.cut_short => Outcome::Incomplete { reason: ITERATIONS_OVER.into() },
            _ => Outcome::Completed,
        };
        // A sentence that grounding replaced is whole, however the model's own ended.
        let outcome = if self.rules.grounded && !text.is_empty() && self.conversation.calls().next().is_some() {
            Outcome::Completed
        } else {
            outcome
        };
        self.finish(outcome);
        (!text.is_empty()).then_some(text)
    }

    fn ask(&mut self) {
        if self.asked >= self.rules.iterations {
            self.finish(Outcome::Incomplete { reason: ITERATIONS_OVER.into() });
            return;
        }
        if self.rules.last_word && self.called > 0 && self.asked + 1 == self.rules.iterations {
            self.tools_over = true;
            self.cut_short = true;
        }
        let tools_allowed = !self.tools_over && !self.toolbox.is_empty();
        let narrowed =
            (self.rules.grounded && tools_allowed).then(|| grounding::narrow(&self.toolbox, &self.conversation));
        if narrowed.as_ref().is_some_and(|narrowed| narrowed.tools.is_empty())
            && let Some(words) = grounding::answer::own_words(&self.toolbox, &self.conversation)
        {
            self.next = Step::Say(words);
            return;
        }
        self.offered.clone_from(&narrowed);
        self.next = Step::AskModel(Ask { messages: self.messages.clone(), narrowed, tools_allowed });
    }

    fn finish(&mut self, outcome: Outcome) {
        self.next = Step::Done(Done { outcome, for_caller: Vec::new(), for_approval: Vec::new() });
    }
}

/// Instructions first, then the history.
pub fn opening(instructions: Option<&str>, mut history: Vec<ChatMessage>) -> Vec<ChatMessage> {
    if let Some(instructions) = instructions.filter(|text| !text.is_empty()) {
        history.insert(0, ChatMessage::text(Role::System, instructions));
    }
    history
}

#[cfg(test)]
mod tests;
