//! `POST /v1/responses/compact`: a conversation in, fewer items that stand for it out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::items::Item;
use super::responses::{ResponseInput, ResponseUsage};
use crate::JsonObject;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompactRequest {
    pub model: String,
    #[serde(default)]
    pub input: Option<ResponseInput>,
    #[serde(default)]
    pub previous_response_id: Option<String>,
    #[serde(default)]
    pub instructions: Option<String>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    pub id: String,
    /// `response.compaction`.
    pub object: String,
    pub created_at: i64,
    /// The base of the next request's `input`, to be passed back as it is.
    pub output: Vec<Item>,
    pub usage: ResponseUsage,
}
