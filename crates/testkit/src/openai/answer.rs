//! What the fake says, piece by piece, and where it goes wrong.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

/// One answer of the model. Text goes out word by word, arguments of tool calls in pieces of at most twelve characters.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) text: String,
    pub(super) calls: Vec<ToolCall>,
    pub(super) finish: Option<&'static str>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) pace: Option<Pace>,
    pub(super) fault: Option<Fault>,
    /// Further fields of the choice that carries the first word.
    pub(super) beside: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON text; may be malformed on purpose.
    pub arguments: String,
}

#[derive(Debug, Clone)]
pub(super) enum Pace {
    Every(Duration),
    /// A chunk for each permit.
    Gate(Arc<Semaphore>),
}

/// How an answer goes wrong. Chunks are counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut after so many chunks.
    CutAfter(usize),
    /// Nothing more comes after so many chunks; the connection stays open. `HangAfter(0)` still sends the head.
    HangAfter(usize),
    /// No answer at all, not even a head.
    Silent,
    /// This chunk is not JSON.
    Garbage(usize),
    /// This chunk is sent twice.
    Duplicate(usize),
    /// The stream ends without `[DONE]`.
    NoDone,
    /// The stream ends without a finish reason, but with `[DONE]`.
    NoFinish,
    /// An error object arrives inside the stream in place of this chunk, and the stream ends.
    ErrorAt(usize),
    /// An error answer, with `Retry-After` in seconds when given.
    Status { code: u16, retry_after: Option<u32> },
    /// An answer without any choice.
    NoChoices,
}

impl Answer {
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            calls: Vec::new(),
            finish: None,
            usage: Some((11, 7)),
            pace: None,
            fault: None,
            beside: None,
        }
    }

    /// One call of a tool, with the arguments as JSON.
    pub fn tool(name: &str, arguments: &Value) -> Self {
        Self::text("").and_tool(name, arguments)
    }

    /// One more call in the same answer.
    pub fn and_tool(self, name: &str, arguments: &Value) -> Self {
        self.and_raw_tool(name, &arguments.to_string())
    }

    /// A call whose arguments are sent as they are, valid JSON or not.
    pub fn and_raw_tool(mut self, name: &str, arguments: &str) -> Self {
        let id = format!("call_{}", self.calls.len() + 1);
        self.calls.push(ToolCall { id, name: name.into(), arguments: arguments.into() });
        self
    }

    pub fn status(code: u16) -> Self {
        Self::text("").fails(Fault::Status { code, retry_after: None })
    }

    pub fn finishing(mut self, reason: &'static str) -> Self {
        self.finish = Some(reason);
        self
    }

    /// Tokens of prompt and answer; `None` leaves usage out.
    pub fn usage(mut self, usage: Option<(u64, u64)>) -> Self {
        self.usage = usage;
        self
    }

    /// Fields beside the first word of text, as `logprobs` are.
    pub fn beside(mut self, fields: &Value) -> Self {
        self.beside = Some(fields.clone());
        self
    }

    pub fn fails(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Waits before each chunk of a stream.
    pub fn paced(mut self, every: Duration) -> Self {
        self.pace = Some(Pace::Every(every));
        self
    }

    /// A chunk of the stream goes out for each permit added to `gate`, so that a test decides when.
    pub fn gated(mut self, gate: &Arc<Semaphore>) -> Self {
        self.pace = Some(Pace::Gate(gate.clone()));
        self
    }

    pub(super) fn finish_reason(&self) -> &'static str {
        self.finish.unwrap_or(if self.calls.is_empty() { "stop" } else { "tool_calls" })
    }
}
