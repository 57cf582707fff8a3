//! The events of a streamed response. `sequence_number` grows by one from zero within a stream.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::items::{Item, MessagePart};
use super::responses::ResponseObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseEvent {
    pub sequence_number: u64,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    #[serde(rename = "response.created")]
    Created { response: Box<ResponseObject> },
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
    #[serde(rename = "response.mcp_call.in_progress")]
    McpCallInProgress { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_call.completed")]
    McpCallCompleted { item_id: String, output_index: usize },
    #[serde(rename = "response.mcp_call.failed")]
    McpCallFailed { item_id: String, output_index: usize },
    #[serde(rename = "response.completed")]
    Completed { response: Box<ResponseObject> },
    #[serde(rename = "response.incomplete")]
    Incomplete { response: Box<ResponseObject> },
    #[serde(rename = "response.failed")]
    Failed { response: Box<ResponseObject> },
    #[serde(rename = "error")]
    Error { code: Option<String>, message: String, param: Option<String> },
    /// An event of a newer server; a client skips it.
    #[serde(untagged)]
    Other(Value),
}
