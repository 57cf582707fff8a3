//! A response's events as the steps of a turn, in the frames of 0.3.
//!
//! An inference step is one answer of the model: its text and its tool calls. The calls of one answer start together,
//! so the step ends when no further call follows at once ([`Frames::settle`]) or when the first of them has ended.

use std::collections::VecDeque;
use std::sync::Arc;

use ports::{Clock, Ids};
use serde_json::{Value, json};
use wire::llama::agents::{
    AgentMessage, CompletionMessage, LegacyStep, LegacyToolCall, LegacyTurn, StepKind, ToolResponse,
};
use wire::openai::events::EventKind;
use wire::openai::items::Item;
use wire::openai::responses::{ResponseError, ResponseObject, ResponseStatus};

use super::searches;
use crate::app::dashed;

pub struct Frames {
    turn_id: String,
    session_id: String,
    input: Vec<AgentMessage>,
    steps: Vec<LegacyStep>,
    started_at: String,
    inference: Option<Inference>,
    running: VecDeque<Running>,
    last: CompletionMessage,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

struct Inference {
    step_id: String,
    started_at: String,
    text: String,
    calls: Vec<LegacyToolCall>,
    /// Its message is whole; more text belongs to the next answer.
    said: bool,
}

struct Running {
    call: LegacyToolCall,
    /// Step id and time, once its step was announced.
    step: Option<(String, String)>,
}

/// How a turn ended.
pub enum Ended {
    Complete {
        turn: Box<LegacyTurn>,
        response_id: String,
    },
    /// The caller owes results of its own tools.
    Awaiting {
        turn: Box<LegacyTurn>,
        response_id: String,
    },
    Failed(ResponseError),
}

impl Frames {
    pub fn new(
        turn_id: String,
        session_id: String,
        input: Vec<AgentMessage>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let started_at = now(clock.as_ref());
        let (steps, running) = (Vec::new(), VecDeque::new());
        let last = message(String::new(), "end_of_turn", Vec::new());
        Self { turn_id, session_id, input, steps, started_at, inference: None, running, last, clock, ids }
    }

    /// Takes an awaiting turn up again with what the caller's tools said, and the frame that tells of it. The step
    /// carries the id of the inference that asked for the tools, as 0.3 does.
    pub fn resumed(
        turn: LegacyTurn,
        responses: Vec<ToolResponse>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> (Self, Value) {
        let mut frames = Self::new(turn.turn_id, turn.session_id, turn.input_messages, clock, ids);
        frames.started_at = turn.started_at;
        let step = LegacyStep {
            turn_id: frames.turn_id.clone(),
            step_id: turn.steps.last().map(|step| step.step_id.clone()).unwrap_or_default(),
            started_at: turn.completed_at.unwrap_or_default(),
            completed_at: now(frames.clock.as_ref()),
            kind: StepKind::ToolExecution { tool_calls: turn.output_message.tool_calls, tool_responses: responses },
        };
        frames.steps = turn.steps;
        let frame = frames.complete(step);
        (frames, frame)
    }

    /// A finished shield call, between the steps of the run itself.
    pub fn shield(&mut self, violation: Option<Value>) -> Vec<Value> {
        let step_id = self.fresh();
        let at = now(self.clock.as_ref());
        let start = started("shield_call", &step_id);
        let step = self.step(step_id, at, StepKind::ShieldCall { violation });
        vec![start, self.complete(step)]
    }

    /// The turn as a shield ended it, with what the caller is told instead of an answer.
    pub fn refused(&mut self, words: String) -> Box<LegacyTurn> {
        self.last = message(words, "end_of_turn", Vec::new());
        Box::new(self.turn())
    }

    /// Calls have begun whose inference step is still open: settle it soon.
    pub fn unsettled(&self) -> bool {
        self.inference.is_some() && !self.running.is_empty()
    }

    /// Ends the inference step whose calls are running, and announces the first of them.
    pub fn settle(&mut self) -> Vec<Value> {
        let mut frames = self.end_inference("end_of_message");
        frames.extend(self.announce());
        frames
    }

    /// The frames that `event` amounts to, and how the turn ended if it did.
    pub fn on(&mut self, event: EventKind) -> (Vec<Value>, Option<Ended>) {
        match event {
            EventKind::TextDelta { delta, .. } => (self.text(delta), None),
            EventKind::ItemDone { item: Item::Message(_), .. } => {
                if let Some(inference) = &mut self.inference {
                    inference.said = true;
                }
                (Vec::new(), None)
            }
            EventKind::ItemDone { item: Item::FunctionCall(call), .. } => {
                let call = LegacyToolCall { call_id: call.call_id, tool_name: call.name, arguments: call.arguments };
                (self.called(call), None)
            }
            EventKind::ItemAdded { item: Item::McpCall(call), .. } => {
                let call = LegacyToolCall { call_id: call.id, tool_name: call.name, arguments: call.arguments };
                self.running.push_back(Running { call, step: None });
                (Vec::new(), None)
            }
            EventKind::McpArgumentsDone { item_id, arguments, .. } => {
                let Some(running) = self.running.iter_mut().find(|running| running.call.call_id == item_id) else {
                    return (Vec::new(), None);
                };
                running.call.arguments = arguments;
                let call = running.call.clone();
                (self.called(call), None)
            }
            EventKind::ItemDone { item: Item::McpCall(call), .. } => {
                let failed = call.error.is_some();
                (self.ran(&call.id, call.output.or(call.error).unwrap_or_default(), failed), None)
            }
            EventKind::ItemAdded { item, .. } => match searches::begun(&item) {
                Some(call) => {
                    self.running.push_back(Running { call: call.clone(), step: None });
                    (self.called(call), None)
                }
                None => (Vec::new(), None),
            },
            EventKind::ItemDone { item, .. } => match searches::ended(&item) {
                Some((id, text, failed)) => (self.ran(id, text, failed), None),
                None => (Vec::new(), None),
            },
            EventKind::Completed { response } | EventKind::Incomplete { response } => self.ended(&response),
            EventKind::Failed { response } => {
                let unknown = || ResponseError::new("server_error", "the turn failed");
                (Vec::new(), Some(Ended::Failed(response.error.unwrap_or_else(unknown))))
            }
            _ => (Vec::new(), None),
        }
    }

    fn text(&mut self, delta: String) -> Vec<Value> {
        let mut frames = Vec::new();
        if self.inference.as_ref().is_some_and(|inference| inference.said) {
            frames = self.end_inference("end_of_turn");
        }
        frames.extend(self.begin_inference());
        if let Some(inference) = &mut self.inference {
            inference.text.push_str(&delta);
            frames.push(progress("inference", &inference.step_id, json!({"type": "text", "text": delta})));
        }
        frames
    }

    /// The model calls a tool: its name, its arguments, and the call as a whole.
    fn called(&mut self, call: LegacyToolCall) -> Vec<Value> {
        let mut frames: Vec<Value> = self.begin_inference().into_iter().collect();
        let Some(inference) = &mut self.inference else { return frames };
        let written = [format!("{}(", call.tool_name), call.arguments.clone(), ")".to_owned()];
        for piece in written {
            let delta = json!({"type": "tool_call", "tool_call": piece, "parse_status": "in_progress"});
            frames.push(progress("inference", &inference.step_id, delta));
        }
        let delta = json!({"type": "tool_call", "tool_call": call, "parse_status": "succeeded"});
        frames.push(progress("inference", &inference.step_id, delta));
        inference.calls.push(call);
        frames
    }

    fn ran(&mut self, id: &str, text: String, failed: bool) -> Vec<Value> {
        let mut frames = self.settle();
        let Some(at) = self.running.iter().position(|running| running.call.call_id == id) else { return frames };
        let Some(running) = self.running.remove(at) else { return frames };
        let (step_id, started_at) = running.step.unwrap_or_else(|| {
            let step = (self.fresh(), now(self.clock.as_ref()));
            frames.extend(announcement(&step.0, &running.call));
            step
        });
        let response = ToolResponse {
            call_id: running.call.call_id.clone(),
            tool_name: running.call.tool_name.clone(),
            content: json!([{"type": "text", "text": text}]),
            metadata: failed.then(|| json!({"error": true})),
        };
        let kind = StepKind::ToolExecution { tool_calls: vec![running.call], tool_responses: vec![response] };
        let step = self.step(step_id, started_at, kind);
        frames.push(self.complete(step));
        frames.extend(self.announce());
        frames
    }

    /// Steps of tools follow each other, although the calls run together: the oldest is announced.
    fn announce(&mut self) -> Vec<Value> {
        let step = (self.fresh(), now(self.clock.as_ref()));
        match self.running.front_mut() {
            Some(running) if running.step.is_none() => {
                let frames = announcement(&step.0, &running.call).to_vec();
                running.step = Some(step);
                frames
            }
            _ => Vec::new(),
        }
    }

    fn ended(&mut self, response: &ResponseObject) -> (Vec<Value>, Option<Ended>) {
        let owed = response.output.iter().any(|item| matches!(item, Item::FunctionCall(_)));
        let mut frames = Vec::new();
        let inferred = matches!(self.steps.last().map(|step| &step.kind), Some(StepKind::Inference { .. }));
        if self.inference.is_none() && !inferred {
            frames.extend(self.begin_inference());
        }
        frames.extend(self.end_inference(match (owed, response.status) {
            (true, _) => "end_of_message",
            (_, ResponseStatus::Incomplete) => "out_of_tokens",
            _ => "end_of_turn",
        }));
        let (turn, response_id) = (Box::new(self.turn()), response.id.clone());
        let ended = if owed { Ended::Awaiting { turn, response_id } } else { Ended::Complete { turn, response_id } };
        (frames, Some(ended))
    }

    fn begin_inference(&mut self) -> Option<Value> {
        if self.inference.is_some() {
            return None;
        }
        let step_id = self.fresh();
        let frame = started("inference", &step_id);
        let started_at = now(self.clock.as_ref());
        self.inference = Some(Inference { step_id, started_at, text: String::new(), calls: Vec::new(), said: false });
        Some(frame)
    }

    fn end_inference(&mut self, reason: &str) -> Vec<Value> {
        let Some(inference) = self.inference.take() else { return Vec::new() };
        self.last = message(inference.text, reason, inference.calls);
        let kind = StepKind::Inference { model_response: self.last.clone() };
        let step = self.step(inference.step_id, inference.started_at, kind);
        vec![self.complete(step)]
    }

    fn step(&self, step_id: String, started_at: String, kind: StepKind) -> LegacyStep {
        let completed_at = now(self.clock.as_ref());
        LegacyStep { turn_id: self.turn_id.clone(), step_id, started_at, completed_at, kind }
    }

    fn complete(&mut self, step: LegacyStep) -> Value {
        let frame = payload(json!({
            "event_type": "step_complete", "step_type": step.kind.name(), "step_id": step.step_id,
            "step_details": step,
        }));
        self.steps.push(step);
        frame
    }

    pub fn turn(&self) -> LegacyTurn {
        LegacyTurn {
            turn_id: self.turn_id.clone(),
            session_id: self.session_id.clone(),
            input_messages: self.input.clone(),
            steps: self.steps.clone(),
            output_message: self.last.clone(),
            output_attachments: Vec::new(),
            started_at: self.started_at.clone(),
            completed_at: Some(now(self.clock.as_ref())),
        }
    }

    fn fresh(&self) -> String {
        dashed(&self.ids.fresh("step"))
    }
}

/// The last frame of a turn.
pub fn closing(event_type: &str, turn: &LegacyTurn) -> Value {
    payload(json!({"event_type": event_type, "turn": turn}))
}

fn payload(payload: Value) -> Value {
    json!({"event": {"payload": payload}})
}

fn started(kind: &str, step_id: &str) -> Value {
    payload(json!({"event_type": "step_start", "step_type": kind, "step_id": step_id, "metadata": {}}))
}

fn progress(kind: &str, step_id: &str, delta: Value) -> Value {
    payload(json!({"event_type": "step_progress", "step_type": kind, "step_id": step_id, "delta": delta}))
}

fn announcement(step_id: &str, call: &LegacyToolCall) -> [Value; 2] {
    let delta = json!({"type": "tool_call", "tool_call": call, "parse_status": "in_progress"});
    [started("tool_execution", step_id), progress("tool_execution", step_id, delta)]
}

fn message(content: String, reason: &str, tool_calls: Vec<LegacyToolCall>) -> CompletionMessage {
    CompletionMessage { role: "assistant".into(), content, stop_reason: reason.into(), tool_calls }
}

fn now(clock: &dyn Clock) -> String {
    format!("{:.6}", clock.now())
}
