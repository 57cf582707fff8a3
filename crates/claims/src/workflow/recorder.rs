//! Turns the events of a response into steps, as they happen.

use std::sync::Arc;

use serde_json::{Value, json};
use wire::openai::events::EventKind;
use wire::openai::items::{Item, LooseItem, McpCallItem, MessageItem};
use wire::openai::responses::{ResponseObject, ResponseStatus, ResponseUsage};

use super::failure::detail;
use super::request::{TOOLS, ToolRole};
use crate::clock::Clock;
use crate::domain::{DecisionDocument, RunId, Step, StepKind, StepStatus, Vocabulary, agrees};
use crate::meters::METERS;
use crate::store::{ClaimStore, StoreError};

const MAX_EXCERPT: usize = 4_000;

/// How the response ended, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Completed,
    Incomplete(String),
    Failed(String),
}

/// Writes the steps of one run. A tool's step opens at the first sign of the call and closes with its result.
pub(super) struct Recorder {
    store: Arc<dyn ClaimStore>,
    clock: Arc<dyn Clock>,
    run: RunId,
    next_index: i64,
    open: Vec<(String, Step)>,
    /// Calls of this exchange that have ended.
    seen: Vec<String>,
    /// Tools that gave their finding, in any exchange of the run.
    found: Vec<String>,
    /// Text that is a thought if another tool follows, else the closing words.
    pending: Option<String>,
    pub last_tool_error: Option<(String, String)>,
    /// As the decision tool answered it.
    pub decision: Option<DecisionDocument>,
    pub response_id: Option<String>,
    /// Words of the claim and of every finding.
    pub evidence: Vocabulary,
    /// What the model read and wrote, as the control plane counted it.
    usage: Option<ResponseUsage>,
}

impl Recorder {
    pub fn new(store: Arc<dyn ClaimStore>, clock: Arc<dyn Clock>, run: RunId) -> Self {
        Self {
            store,
            clock,
            run,
            next_index: 0,
            open: Vec::new(),
            seen: Vec::new(),
            found: Vec::new(),
            pending: None,
            last_tool_error: None,
            decision: None,
            response_id: None,
            evidence: Vocabulary::default(),
            usage: None,
        }
    }

    /// The model's last words.
    pub fn closing_words(&self) -> Option<String> {
        self.pending.clone()
    }

    /// Whether the closing words say other than the decision. Unknown, and so no, where either is missing.
    pub fn contradicts(&self) -> bool {
        let Some((words, decision)) = self.pending.as_deref().zip(self.decision.as_ref()) else { return false };
        let own = [&decision.explanation_en, &decision.explanation_fr];
        !own.iter().any(|own| own.trim() == words) && !agrees(words, decision, &self.evidence)
    }

    /// The tools that have not given their finding, in the order they are to be called. None once there is a decision:
    /// it rests on all the others.
    pub fn left_out(&self) -> Vec<&'static ToolRole> {
        let found = |role: &ToolRole| self.found.iter().any(|tool| tool == role.tool);
        match TOOLS.last().is_some_and(found) {
            true => Vec::new(),
            false => TOOLS.iter().filter(|role| !found(role)).collect(),
        }
    }

    /// Opens the step of an exchange with the control plane.
    pub async fn begin(&mut self, arguments: Value) -> Result<Step, StoreError> {
        self.flush_thought().await?;
        self.seen.clear();
        let mut step = self.step(StepKind::Agent, "agent", "agent", None);
        step.arguments = Some(arguments.to_string());
        self.put(&step).await?;
        Ok(step)
    }

    /// Closes that step with what the exchange took.
    pub async fn end(&mut self, mut step: Step, error: Option<String>) -> Result<(), StoreError> {
        step.output = Some(json!({"response_id": self.response_id, "usage": self.usage.take()}).to_string());
        self.close(step, error).await
    }

    async fn close(&self, mut step: Step, error: Option<String>) -> Result<(), StoreError> {
        step.status = if error.is_some() { StepStatus::Failed } else { StepStatus::Completed };
        step.error = error;
        step.completed_at = Some(self.clock.now());
        let known = TOOLS.iter().find(|role| Some(role.tool) == step.tool.as_deref());
        METERS.step(known.map_or(step.kind.as_str(), |role| role.step), &step);
        self.put(&step).await
    }

    /// Takes in one event; `Some` when it is the last one.
    pub async fn take(&mut self, event: EventKind) -> Result<Option<Ended>, StoreError> {
        match event {
            EventKind::Created { response } => self.response_id = Some(response.id),
            EventKind::ItemAdded { item: Item::McpCall(call), .. } => self.open_tool(&call).await?,
            EventKind::ItemDone { item, .. } => self.item_done(item).await?,
            EventKind::Completed { response } => {
                self.whole_response(&response).await?;
                // Some servers put the end's status only into the object.
                return Ok(Some(match response.status {
                    ResponseStatus::Failed | ResponseStatus::Cancelled => failed(&response),
                    ResponseStatus::Incomplete => incomplete(&response),
                    ResponseStatus::Queued | ResponseStatus::InProgress | ResponseStatus::Completed => Ended::Completed,
                }));
            }
            EventKind::Incomplete { response } => {
                self.whole_response(&response).await?;
                return Ok(Some(incomplete(&response)));
            }
            EventKind::Failed { response } => return Ok(Some(failed(&response))),
            EventKind::Error { message, .. } => return Ok(Some(Ended::Failed(detail(&message)))),
            EventKind::Other(value) => return Ok(other(&value)),
            _ => {}
        }
        Ok(None)
    }

    async fn item_done(&mut self, item: Item) -> Result<(), StoreError> {
        match item {
            Item::McpCall(call) => self.close_tool(call).await,
            Item::Message(message) | Item::Loose(LooseItem::Message(message)) => self.message(&message).await,
            Item::McpListTools(listing) => {
                if let Some(error) = listing.error {
                    let name = format!("tools of {}", listing.server_label);
                    let step = self.step(StepKind::Tool, &name, &listing.server_label, None);
                    let error = detail(&error);
                    self.last_tool_error = Some((name, error.clone()));
                    self.close(step, Some(error)).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the stream did not tell item by item (a server that ignores `stream`, or sends only the end).
    async fn whole_response(&mut self, response: &ResponseObject) -> Result<(), StoreError> {
        self.response_id.get_or_insert_with(|| response.id.clone());
        self.usage = response.usage.clone();
        for item in &response.output {
            match item {
                Item::McpCall(call) if !self.seen.contains(&call.id) => self.close_tool(call.clone()).await?,
                Item::Message(message) if self.pending.is_none() => self.message(message).await?,
                _ => {}
            }
        }
        Ok(())
    }

    async fn message(&mut self, message: &MessageItem) -> Result<(), StoreError> {
        let text = message.plain_text();
        if text.trim().is_empty() {
            return Ok(());
        }
        self.flush_thought().await?;
        self.pending = Some(excerpt(text.trim()));
        Ok(())
    }

    async fn flush_thought(&mut self) -> Result<(), StoreError> {
        if let Some(thought) = self.pending.take() {
            let mut step = self.step(StepKind::Thought, "reasoning", "agent", None);
            step.output = Some(thought);
            self.close(step, None).await?;
        }
        Ok(())
    }

    async fn open_tool(&mut self, call: &McpCallItem) -> Result<(), StoreError> {
        if self.open.iter().any(|(id, _)| *id == call.id) || self.seen.contains(&call.id) {
            return Ok(());
        }
        self.flush_thought().await?;
        let name = TOOLS.iter().find(|role| role.tool == call.name).map_or(call.name.as_str(), |role| role.step);
        let mut step = self.step(StepKind::Tool, name, &call.server_label, Some(call.name.clone()));
        step.arguments = (!call.arguments.is_empty()).then(|| excerpt(&call.arguments));
        self.put(&step).await?;
        self.open.push((call.id.clone(), step));
        Ok(())
    }

    async fn close_tool(&mut self, call: McpCallItem) -> Result<(), StoreError> {
        self.open_tool(&call).await?;
        let Some(place) = self.open.iter().position(|(id, _)| *id == call.id) else { return Ok(()) };
        let (id, mut step) = self.open.remove(place);
        self.seen.push(id);
        step.arguments = (!call.arguments.is_empty()).then(|| excerpt(&call.arguments));
        step.output = call.output.as_deref().map(excerpt);
        let error = call.error.as_deref().map(detail).or_else(|| call.output.as_deref().and_then(refusal));
        self.last_tool_error = error.clone().map(|error| (call.name.clone(), error));
        if error.is_none() {
            self.evidence.learn(call.output.as_deref().unwrap_or_default());
            self.decision =
                call.output.as_deref().and_then(|output| serde_json::from_str(output).ok()).or(self.decision.take());
            self.found.push(call.name);
        }
        self.close(step, error).await
    }

    fn step(&mut self, kind: StepKind, name: &str, agent: &str, tool: Option<String>) -> Step {
        let index = self.next_index;
        self.next_index += 1;
        Step {
            index,
            kind,
            name: name.to_owned(),
            agent: agent.to_owned(),
            tool,
            status: StepStatus::Running,
            arguments: None,
            output: None,
            error: None,
            started_at: self.clock.now(),
            completed_at: None,
        }
    }

    async fn put(&self, step: &Step) -> Result<(), StoreError> {
        self.store.put_step(&self.run, step, self.clock.now()).await
    }
}

fn failed(response: &ResponseObject) -> Ended {
    Ended::Failed(detail(response.error.as_ref().map_or("", |error| &error.message)))
}

fn incomplete(response: &ResponseObject) -> Ended {
    Ended::Incomplete(detail(response.incomplete_details.as_ref().map_or("", |details| &details.reason)))
}

/// Llama Stack's bare `{"error":{"message":…}}` frame.
fn other(value: &Value) -> Option<Ended> {
    let message = value.get("error")?.get("message")?.as_str()?;
    Some(Ended::Failed(detail(message)))
}

/// Why a tool that ran says it did not succeed: `{"success":false,"error":{"code","message"}}`.
fn refusal(output: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(output).ok()?;
    if answer.get("success") != Some(&Value::Bool(false)) {
        return None;
    }
    let error = answer.get("error");
    let message = error.and_then(|error| error.get("message").or(Some(error))).and_then(Value::as_str);
    Some(detail(message.unwrap_or("the tool reported no success")))
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
