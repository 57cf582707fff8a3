//! What happens in a run, in order. Responses, agent turns and plain chat are renderings of these.

use ports::tools::ToolDef;
use serde_json::Value;
use wire::openai::chat::Usage;

use crate::own::Ours;

#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    ListingTools {
        label: String,
    },
    ListedTools {
        label: String,
        tools: Vec<ToolDef>,
    },
    /// The tools of a server as the response before listed them.
    ReusedTools {
        label: String,
        tools: Vec<ToolDef>,
    },
    /// The server could not be asked; the run goes on without its tools.
    ListingFailed {
        label: String,
        error: String,
    },
    /// The model says something; several make one message.
    Text(String),
    /// How likely the tokens of the text that follows were, as the model server put it.
    Likely(Vec<Value>),
    /// The message is whole.
    MessageDone,
    /// A tool server begins to run a call.
    CallStarted {
        call: CallRef,
    },
    CallDone {
        call: CallRef,
        output: CallOutput,
    },
    /// The caller is to run this and come back with its output.
    CallerMustRun {
        call: CallRef,
    },
    /// A person is to agree first.
    NeedsApproval {
        call: CallRef,
    },
    /// A shield stopped it; these are the words in place of an answer.
    Refused(String),
    Asked {
        usage: Usage,
    },
    Finished(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRef {
    /// The id the model gave the call.
    pub id: String,
    /// Label of the tool server; empty for the caller's own functions and for ours.
    pub label: String,
    pub ours: Option<Ours>,
    /// The tool's name on its server.
    pub tool: String,
    /// JSON text.
    pub arguments: String,
    /// The approval request that this call was allowed by.
    pub approved_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CallOutput {
    Ran {
        text: String,
        /// Of our own tools only: what they found.
        found: Option<Value>,
    },
    /// The tool ran and reported an error, or could not be run.
    Failed { message: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    /// `max_iterations_exceeded`, `max_output_tokens`, `content_filter`.
    Incomplete {
        reason: String,
    },
    Failed {
        code: String,
        message: String,
    },
}
