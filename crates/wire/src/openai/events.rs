//! The events of a streamed response. `sequence_number` grows by one from zero within a stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::items::{Item, MessagePart};
use super::responses::ResponseObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseEvent {
    pub sequence_number: u64,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub enum EventKind {
    #[serde(rename = "response.created")]
    Created { response: Box<ResponseObject> },
    #[serde(rename = "response.queued")]
    Queued { response: Box<ResponseObject> },
    #[serde(rename = "response.in_progress")]
    InProgress { response: Box<ResponseObject> },
    #[serde(rename = "response.output_item.added")]
    ItemAdded { response_id: String, output_index: usize, item: Item },
    #[serde(rename = "response.output_item.done")]
    ItemDone { response_id: String, output_index: usize, item: Item },
    #[serde(rename = "response.content_part.added")]
    PartAdded { response_id: String, item_id: String, output_index: usize, content_index: usize, part: MessagePart },
    #[serde(rename = "response.content_part.done")]
    PartDone { response_id: String, item_id: String, output_index: usize, content_index: usize, part: MessagePart },
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        item_id: String,
        output_index: usize,
        content_index: usize,
        delta: String,
        #[serde(default)]
        logprobs: Vec<Value>,
    },
    #[serde(rename = "response.output_text.done")]
    TextDone {
        item_id: String,
        output_index: usize,
        content_index: usize,
        text: String,
        #[serde(default)]
        logprobs: Vec<Value>,
    },
    #[serde(rename = "response.output_text.annotation.added")]
    AnnotationAdded {
        item_id: String,
        output_index: usize,
        content_index: usize,
        annotation_index: usize,
        annotation: Value,
    },
    #[serde(rename = "response.refusal.delta")]
    RefusalDelta { item_id: String, output_index: usize, content_index: usize, delta: String },
    #[serde(rename = "response.refusal.done")]
    RefusalDone { item_id: String, output_index: usize, content_index: usize, refusal: String },
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta { item_id: String, output_index: usize, delta: String },
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        item_id: String,
        output_index: usize,
        arguments: String,
        #[serde(default)]
        name: Option<String>,
    },
    #[serde(rename = "response.mcp_list_tools.in_progress")]
    McpListInProgress { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_list_tools.completed")]
    McpListCompleted { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_list_tools.failed")]
    McpListFailed { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_call_arguments.delta")]
    McpArgumentsDelta { item_id: String, output_index: usize, delta: String },
    #[serde(rename = "response.mcp_call_arguments.done")]
    McpArgumentsDone { item_id: String, output_index: usize, arguments: String },
    /// Llama Stack's own event for the arguments of every call that the server makes; OpenAI's clients skip it.
    #[serde(rename = "response.mcp_call.arguments.delta")]
    StackArgumentsDelta { item_id: String, output_index: usize, delta: String },
    #[serde(rename = "response.mcp_call.arguments.done")]
    StackArgumentsDone { item_id: String, output_index: usize, arguments: String },
    #[serde(rename = "response.mcp_call.in_progress")]
    McpCallInProgress { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_call.completed")]
    McpCallCompleted { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_call.failed")]
    McpCallFailed { item_id: String, output_index: usize },
    #[serde(rename = "response.file_search_call.in_progress")]
    FileSearchInProgress { item_id: String, output_index: usize },
    #[serde(rename = "response.file_search_call.searching")]
    FileSearchSearching { item_id: String, output_index: usize },
    #[serde(rename = "response.file_search_call.completed")]
    FileSearchCompleted { item_id: String, output_index: usize },
    #[serde(rename = "response.web_search_call.in_progress")]
    WebSearchInProgress { item_id: String, output_index: usize },
    #[serde(rename = "response.web_search_call.searching")]
    WebSearchSearching { item_id: String, output_index: usize },
    #[serde(rename = "response.web_search_call.completed")]
    WebSearchCompleted { item_id: String, output_index: usize },
    #[serde(rename = "response.completed")]
    Completed { response: Box<ResponseObject> },
    #[serde(rename = "response.incomplete")]
    Incomplete { response: Box<ResponseObject> },
    #[serde(rename = "response.failed")]
    Failed { response: Box<ResponseObject> },
    /// Ours: OpenAI has no event for a response that was cancelled, and a stream must not just stop.
    #[serde(rename = "response.cancelled")]
    Cancelled { response: Box<ResponseObject> },
    #[serde(rename = "error")]
    Error { code: Option<String>, message: String, param: Option<String> },
    /// An event of a newer server; a client skips it.
    #[serde(untagged)]
    Other(Value),
}

impl EventKind {
    /// The `type` that is written out; empty for an unknown event without one.
    pub fn name(&self) -> &str {
        match self {
            Self::Created { .. } => "response.created",
            Self::Queued { .. } => "response.queued",
            Self::InProgress { .. } => "response.in_progress",
            Self::ItemAdded { .. } => "response.output_item.added",
            Self::ItemDone { .. } => "response.output_item.done",
            Self::PartAdded { .. } => "response.content_part.added",
            Self::PartDone { .. } => "response.content_part.done",
            Self::TextDelta { .. } => "response.output_text.delta",
            Self::TextDone { .. } => "response.output_text.done",
            Self::AnnotationAdded { .. } => "response.output_text.annotation.added",
            Self::RefusalDelta { .. } => "response.refusal.delta",
            Self::RefusalDone { .. } => "response.refusal.done",
            Self::ArgumentsDelta { .. } => "response.function_call_arguments.delta",
            Self::ArgumentsDone { .. } => "response.function_call_arguments.done",
            Self::McpListInProgress { .. } => "response.mcp_list_tools.in_progress",
            Self::McpListCompleted { .. } => "response.mcp_list_tools.completed",
            Self::McpListFailed { .. } => "response.mcp_list_tools.failed",
            Self::McpArgumentsDelta { .. } => "response.mcp_call_arguments.delta",
            Self::McpArgumentsDone { .. } => "response.mcp_call_arguments.done",
            Self::StackArgumentsDelta { .. } => "response.mcp_call.arguments.delta",
            Self::StackArgumentsDone { .. } => "response.mcp_call.arguments.done",
            Self::McpCallInProgress { .. } => "response.mcp_call.in_progress",
            Self::McpCallCompleted { .. } => "response.mcp_call.completed",
            Self::McpCallFailed { .. } => "response.mcp_call.failed",
            Self::FileSearchInProgress { .. } => "response.file_search_call.in_progress",
            Self::FileSearchSearching { .. } => "response.file_search_call.searching",
            Self::FileSearchCompleted { .. } => "response.file_search_call.completed",
            Self::WebSearchInProgress { .. } => "response.web_search_call.in_progress",
            Self::WebSearchSearching { .. } => "response.web_search_call.searching",
            Self::WebSearchCompleted { .. } => "response.web_search_call.completed",
            Self::Completed { .. } => "response.completed",
            Self::Incomplete { .. } => "response.incomplete",
            Self::Failed { .. } => "response.failed",
            Self::Cancelled { .. } => "response.cancelled",
            Self::Error { .. } => "error",
            Self::Other(value) => value.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The response as it ended, when this is the event that says so.
    pub fn ended(&self) -> Option<&ResponseObject> {
        match self {
            Self::Completed { response }
            | Self::Incomplete { response }
            | Self::Failed { response }
            | Self::Cancelled { response } => Some(response),
            _ => None,
        }
    }
}
