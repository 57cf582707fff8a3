//! `GET /v1/models`: the union of OpenAI's object and Llama Stack's, which clients of either read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JsonObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelList {
    pub object: String,
    pub data: Vec<ModelObject>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelObject {
    /// `provider/model`.
    pub id: String,
    pub object: String,
    pub created: i64,
    pub owned_by: String,
    pub identifier: String,
    pub provider_id: String,
    pub provider_resource_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// `llm` or `embedding`.
    pub model_type: String,
    #[serde(default)]
    pub metadata: JsonObject,
    #[serde(default)]
    pub custom_metadata: JsonObject,
}
