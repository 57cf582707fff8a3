//! `POST /v1/responses`: request and object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chat::Usage;
use super::items::Item;
use super::tools::ResponseTool;
use crate::{JsonObject, lenient};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseRequest {
    pub model: String,
    pub input: ResponseInput,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    #[serde(default, deserialize_with = "lenient::list", skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ResponseTool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_response_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Model calls at most, in the whole response (Llama Stack's own field).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_infer_iters: Option<u32>,
    /// Tool calls at most, in the whole response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tool_calls: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonObject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Value>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ResponseInput {
    Text(String),
    Items(Vec<Item>),
}

impl Default for ResponseInput {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    Queued,
    InProgress,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

impl ResponseStatus {
    pub fn over(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }

    /// As it is written out.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The response object. Every field is written out, `null` included, as the OpenAI specification lists them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseObject {
    pub id: String,
    pub object: String,
    /// Unix seconds.
    pub created_at: i64,
    pub completed_at: Option<i64>,
    pub status: ResponseStatus,
    pub background: bool,
    pub error: Option<ResponseError>,
    pub incomplete_details: Option<IncompleteDetails>,
    pub instructions: Option<String>,
    pub max_output_tokens: Option<u32>,
    pub max_tool_calls: Option<u32>,
    pub model: String,
    pub output: Vec<Item>,
    pub parallel_tool_calls: bool,
    pub previous_response_id: Option<String>,
    pub reasoning: Option<Value>,
    pub store: bool,
    pub temperature: f32,
    pub text: Value,
    pub tool_choice: Value,
    pub tools: Vec<Value>,
    pub top_p: f32,
    pub truncation: String,
    pub usage: Option<ResponseUsage>,
    pub metadata: JsonObject,
    #[serde(flatten)]
    pub extra: JsonObject,
}

impl ResponseObject {
    /// All text of the assistant's messages, joined.
    pub fn output_text(&self) -> String {
        let texts: Vec<String> = self
            .output
            .iter()
            .filter_map(|item| match item {
                Item::Message(message) => Some(message.plain_text()),
                _ => None,
            })
            .collect();
        texts.join("\n")
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseError {
    /// One of OpenAI's: typed clients know no others.
    pub code: String,
    pub message: String,
    /// Ours: what it was, where OpenAI has no word for it (`timeout`, `model_unreachable`, `model_not_found`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ResponseError {
    /// `cause` is the code if it is one of OpenAI's, else the reason.
    pub fn new(cause: impl Into<String>, message: impl Into<String>) -> Self {
        let (cause, message) = (cause.into(), message.into());
        match ERROR_CODES.contains(&cause.as_str()) {
            true => Self { code: cause, message, reason: None },
            false => Self { code: "server_error".into(), message, reason: Some(cause) },
        }
    }

    /// What went wrong, in our words.
    pub fn cause(&self) -> &str {
        self.reason.as_deref().unwrap_or(&self.code)
    }
}

/// Those of OpenAI's codes that we use.
const ERROR_CODES: [&str; 4] = ["server_error", "rate_limit_exceeded", "invalid_prompt", "invalid_base64_image"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncompleteDetails {
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseUsage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub total_tokens: u64,
    #[serde(default)]
    pub input_tokens_details: InputDetails,
    #[serde(default)]
    pub output_tokens_details: OutputDetails,
}

impl ResponseUsage {
    /// Adds what one answer of a model took.
    pub fn add(&mut self, usage: &Usage) {
        let detail = |of: &str, name: &str| usage.extra.get(of)?.get(name)?.as_u64();
        self.input_tokens += usage.prompt_tokens;
        self.output_tokens += usage.completion_tokens;
        self.total_tokens += usage.prompt_tokens + usage.completion_tokens;
        self.input_tokens_details.cached_tokens += detail("prompt_tokens_details", "cached_tokens").unwrap_or(0);
        self.output_tokens_details.reasoning_tokens +=
            detail("completion_tokens_details", "reasoning_tokens").unwrap_or(0);
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputDetails {
    pub cached_tokens: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputDetails {
    pub reasoning_tokens: u64,
}
