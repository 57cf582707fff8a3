//! The two routes of the migration document: `/agents/sessions/create` and `/agents/turn/create`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::JsonObject;
use crate::openai::chat::Content;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateSession {
    #[serde(default)]
    pub session_name: Option<String>,
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub agent_config: Option<AgentConfig>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentConfig {
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub instructions: Option<String>,
    /// `"mcp::ocr"` or `{"name": "mcp::ocr", "args": {}}`.
    #[serde(default)]
    pub toolgroups: Option<Vec<Value>>,
    #[serde(default)]
    pub max_infer_iters: Option<u32>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateTurn {
    pub session_id: String,
    pub messages: Vec<TurnMessage>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnMessage {
    pub role: String,
    pub content: Content,
    #[serde(flatten)]
    pub extra: JsonObject,
}
