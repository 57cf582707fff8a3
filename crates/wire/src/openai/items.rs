//! Items: what goes into a response, what comes out, and what a conversation holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::Role;
use crate::JsonObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    Message(MessageItem),
    FunctionCall(FunctionCallItem),
    FunctionCallOutput(FunctionCallOutputItem),
    McpListTools(McpListToolsItem),
    McpCall(McpCallItem),
    McpApprovalRequest(McpApprovalRequestItem),
    McpApprovalResponse(McpApprovalResponseItem),
    FileSearchCall(FileSearchCallItem),
    WebSearchCall(WebSearchCallItem),
    Compaction(CompactionItem),
    /// A message without `type` (OpenAI's short input form) or a kind we do not know.
    #[serde(untagged)]
    Loose(LooseItem),
}

impl Item {
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Message(item) | Self::Loose(LooseItem::Message(item)) => item.id.as_deref(),
            Self::FunctionCall(item) => item.id.as_deref(),
            Self::FunctionCallOutput(item) => item.id.as_deref(),
            Self::McpListTools(item) => Some(item.id.as_str()),
            Self::McpCall(item) => Some(item.id.as_str()),
            Self::McpApprovalRequest(item) => Some(item.id.as_str()),
            Self::McpApprovalResponse(item) => item.id.as_deref(),
            Self::FileSearchCall(item) => Some(item.id.as_str()),
            Self::WebSearchCall(item) => Some(item.id.as_str()),
            Self::Compaction(item) => Some(item.id.as_str()),
            Self::Loose(LooseItem::Unknown(value)) => value.get("id").and_then(Value::as_str),
        }
        .filter(|id| !id.is_empty())
    }

    /// Nothing is set in a value that is no object.
    pub fn set_id(&mut self, id: String) {
        match self {
            Self::Message(item) | Self::Loose(LooseItem::Message(item)) => item.id = Some(id),
            Self::FunctionCall(item) => item.id = Some(id),
            Self::FunctionCallOutput(item) => item.id = Some(id),
            Self::McpListTools(item) => item.id = id,
            Self::McpCall(item) => item.id = id,
            Self::McpApprovalRequest(item) => item.id = id,
            Self::McpApprovalResponse(item) => item.id = Some(id),
            Self::FileSearchCall(item) => item.id = id,
            Self::WebSearchCall(item) => item.id = id,
            Self::Compaction(item) => item.id = id,
            Self::Loose(LooseItem::Unknown(value)) => {
                if let Some(object) = value.as_object_mut() {
                    object.insert("id".into(), id.into());
                }
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LooseItem {
    Message(MessageItem),
    Unknown(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    #[default]
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub role: Role,
    pub content: MessageContent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ItemStatus>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

impl MessageItem {
    pub fn plain_text(&self) -> String {
        match &self.content {
            MessageContent::Text(text) => text.clone(),
            MessageContent::Parts(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n")
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MessageContent {
    Text(String),
    Parts(Vec<MessagePart>),
}

impl Default for MessageContent {
    fn default() -> Self {
        Self::Parts(Vec::new())
    }
}

/// `type` is `input_text`, `output_text`, `refusal`, `input_image`, ...
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessagePart {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Vec<Value>>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

impl MessagePart {
    pub fn output_text(text: impl Into<String>) -> Self {
        Self {
            kind: "output_text".into(),
            text: Some(text.into()),
            annotations: Some(Vec::new()),
            logprobs: Some(Vec::new()),
            ..Self::default()
        }
    }

    pub fn refusal(words: impl Into<String>) -> Self {
        let mut part = Self { kind: "refusal".into(), ..Self::default() };
        part.extra.insert("refusal".into(), Value::String(words.into()));
        part
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionCallItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub call_id: String,
    pub name: String,
    /// JSON text.
    pub arguments: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ItemStatus>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionCallOutputItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub call_id: String,
    /// Text, or a list of content parts.
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ItemStatus>,
}

impl FunctionCallOutputItem {
    pub fn text(&self) -> String {
        match &self.output {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpListToolsItem {
    pub id: String,
    pub server_label: String,
    pub tools: Vec<McpListedTool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpListedTool {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    pub input_schema: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpCallItem {
    pub id: String,
    pub server_label: String,
    pub name: String,
    /// JSON text.
    pub arguments: String,
    #[serde(default)]
    pub output: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ItemStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_request_id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpApprovalRequestItem {
    pub id: String,
    pub server_label: String,
    pub name: String,
    pub arguments: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpApprovalResponseItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub approval_request_id: String,
    pub approve: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A search of ours in vector stores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileSearchCallItem {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub queries: Vec<String>,
    #[serde(default)]
    pub status: SearchStatus,
    #[serde(default)]
    pub results: Option<Vec<FileSearchResult>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchStatus {
    #[default]
    InProgress,
    Searching,
    Completed,
    Incomplete,
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileSearchResult {
    #[serde(default)]
    pub attributes: JsonObject,
    #[serde(default)]
    pub file_id: String,
    #[serde(default)]
    pub filename: String,
    #[serde(default)]
    pub score: f32,
    #[serde(default)]
    pub text: String,
}

/// A search of ours on the web.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebSearchCallItem {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub status: SearchStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<WebSearchAction>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebSearchAction {
    /// `search`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<WebSource>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebSource {
    /// `url`.
    #[serde(rename = "type")]
    pub kind: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What `/v1/responses/compact` made of a conversation. Its maker alone reads `encrypted_content`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompactionItem {
    #[serde(default)]
    pub id: String,
    pub encrypted_content: String,
}
