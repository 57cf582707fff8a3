//! What a model answers, in pieces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{FinishReason, Usage};
use super::message::Role;
use crate::JsonObject;
use crate::open::open_object;

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ChatChunk {
    pub id: String,
    pub object: String,
    pub created: i64,
    pub model: String,
    #[serde(default)]
    pub choices: Vec<ChunkChoice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(ChatChunk { required: [id, object, created, model], optional: [usage], lists: [choices] });

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ChunkChoice {
    pub index: u32,
    pub delta: Delta,
    #[serde(default)]
    pub finish_reason: Option<FinishReason>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(ChunkChoice { required: [delta], optional: [index, finish_reason], lists: [] });

#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Delta {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCallDelta>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

open_object!(Delta { required: [], optional: [role, content], lists: [tool_calls] });

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCallDelta {
    pub index: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionDelta>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionDelta {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
}
