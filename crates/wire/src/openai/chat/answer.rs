//! What a model answers, whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message::ChatMessage;
use crate::JsonObject;
use crate::open::open_object;

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ChatCompletion {
    pub id: String,
    pub object: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub usage: Option<Usage>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(ChatCompletion { required: [id, object, created, model, choices], optional: [usage], lists: [] });

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Choice {
    pub index: u32,
    pub message: ChatMessage,
    pub finish_reason: Option<FinishReason>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(Choice { required: [message], optional: [index, finish_reason], lists: [] });

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Usage {
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
    pub total_tokens: u64,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(Usage { required: [prompt_tokens, total_tokens], optional: [completion_tokens], lists: [] });
