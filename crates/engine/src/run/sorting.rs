//! Where each call of a model goes.

use ports::fold::Folded;
use serde_json::Value;
use wire::openai::chat::ChatMessage;

use super::{Done, REPEATS, Run, Step};
use crate::arguments;
use crate::event::{CallRef, Outcome};
use crate::grounding::held;
use crate::history::refusal;
use crate::toolbox::Origin;

impl Run {
    /// Sends each call where it belongs: to its server, back to the caller, to a person, or back to the model as an
    /// error it can learn from.
    pub(super) fn sort_out(&mut self, answer: Folded) {
        let calls = answer.tool_calls.clone();
        self.messages.push(answer.into_message());
        let (mut run, mut for_caller, mut for_approval, mut refused) = (vec![], vec![], vec![], vec![]);
        for call in calls {
            let name = call.function.name;
            let written = if call.function.arguments.trim().is_empty() { "{}".into() } else { call.function.arguments };
            let made = self.seen.entry((name.clone(), written.clone())).or_default();
            *made += 1;
            self.tools_over |= *made > REPEATS;
            let parsed = serde_json::from_str::<wire::JsonObject>(&written);
            let Some(tool) = self.toolbox.get(&name) else {
                refused.push((call.id, format!("there is no tool '{name}'; the tools are: {}", self.toolbox.names())));
                continue;
            };
            let fitted = parsed.map_err(|error| format!("not a JSON object: {error}"));
            // The caller's own functions get what the model wrote, as OpenAI hands it on.
            let fitted = match &tool.origin {
                Origin::Caller => fitted.map(|given| (given, false)),
                Origin::Server { .. } | Origin::Ours(_) => {
                    fitted.and_then(|given| arguments::fitted(&tool.parameters, given)).and_then(|given| {
                        self.offered.as_ref().map_or(Ok(()), |offered| held(offered, &name, &given.0)).map(|()| given)
                    })
                }
            };
            let arguments = match &fitted {
                Ok((mended, true)) => serde_json::to_string(mended).unwrap_or_else(|_| written.clone()),
                _ => written.clone(),
            };
            let reference = |label: &str, tool: &str| CallRef {
                id: call.id.clone(),
                label: label.into(),
                ours: None,
                tool: tool.into(),
                arguments: arguments.clone(),
                approved_by: None,
            };
            match (&tool.origin, fitted) {
                (_, Err(error)) => {
                    refused.push((call.id, format!("the arguments of '{name}' do not fit: {error}")));
                }
                (Origin::Caller, Ok(_)) => for_caller.push(reference("", &name)),
                (Origin::Ours(ours), Ok(_)) => run.push(CallRef { ours: Some(*ours), ..reference("", ours.name()) }),
                (Origin::Server { label, tool, needs_approval: true, .. }, Ok(parsed))
                    if self.refused.contains(&(label.clone(), tool.clone(), Value::Object(parsed.0.clone()))) =>
                {
                    refused.push((call.id, refusal(None)));
                }
                (Origin::Server { label, tool, needs_approval: true, .. }, Ok(_)) => {
                    for_approval.push(reference(label, tool));
                }
                (Origin::Server { label, tool, .. }, Ok(_)) => run.push(reference(label, tool)),
            }
        }
        for (id, error) in &refused {
            self.messages.push(ChatMessage::tool_result(id, error.as_str()));
        }
        if !for_caller.is_empty() || !for_approval.is_empty() {
            self.next = Step::Done(Done { outcome: Outcome::Completed, for_caller, for_approval });
        } else {
            let left = if self.tools_over { 0 } else { self.rules.tool_calls.saturating_sub(self.called) };
            for call in run.split_off(run.len().min(left as usize)) {
                self.tools_over = true;
                self.messages.push(ChatMessage::tool_result(&call.id, "not run: answer now with what is known"));
            }
            match run.is_empty() {
                true => self.ask(),
                false => self.next = Step::CallTools(run),
            }
        }
    }

    pub(super) fn offered_name(&self, call: &CallRef) -> String {
        let same = |origin: &Origin| match origin {
            Origin::Server { label, tool, .. } => *label == call.label && *tool == call.tool,
            Origin::Ours(ours) => call.ours == Some(*ours),
            Origin::Caller => false,
        };
        self.toolbox.iter().find(|tool| same(&tool.origin)).map_or_else(|| call.tool.clone(), |tool| tool.name.clone())
    }
}
