//! The agents of Llama Stack 0.3: configuration, sessions, turns and their steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::JsonObject;
use crate::openai::chat::Content;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateAgent {
    pub agent_config: LegacyAgentConfig,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// What an agent is made of. Written out whole, defaults and nulls included, as 0.3 writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegacyAgentConfig {
    #[serde(default)]
    pub sampling_params: SamplingParams,
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub input_shields: Vec<String>,
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub output_shields: Vec<String>,
    /// `"mcp::ocr"`, `"mcp::ocr/read"` or `{"name": "mcp::ocr", "args": {}}`.
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub toolgroups: Vec<Value>,
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub client_tools: Vec<ClientTool>,
    #[serde(default)]
    pub tool_choice: Option<String>,
    #[serde(default)]
    pub tool_prompt_format: Option<String>,
    #[serde(default)]
    pub tool_config: Option<ToolConfig>,
    #[serde(default = "ten", deserialize_with = "null_is_ten")]
    pub max_infer_iters: u32,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub instructions: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub enable_session_persistence: Option<bool>,
    #[serde(default)]
    pub response_format: Option<Value>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplingParams {
    #[serde(default)]
    pub strategy: Strategy,
    #[serde(default)]
    pub max_tokens: Option<u32>,
    #[serde(default)]
    pub repetition_penalty: Option<f32>,
    #[serde(default)]
    pub stop: Option<Vec<String>>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            max_tokens: None,
            repetition_penalty: Some(1.0),
            stop: None,
            extra: JsonObject::new(),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Strategy {
    #[default]
    Greedy,
    TopP {
        #[serde(default)]
        temperature: Option<f32>,
        #[serde(default)]
        top_p: Option<f32>,
    },
    TopK {
        #[serde(default)]
        top_k: Option<u32>,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolConfig {
    /// `auto`, `required`, `none`, or the name of a tool.
    #[serde(default)]
    pub tool_choice: Option<String>,
    #[serde(default)]
    pub tool_prompt_format: Option<String>,
    #[serde(default)]
    pub system_message_behavior: Option<String>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// A tool that the caller runs. Clients before 0.3 give `parameters`, a list, in place of a schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientTool {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub input_schema: Option<Value>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateAgentSession {
    pub session_name: String,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentTurn {
    pub messages: Vec<AgentMessage>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(default)]
    pub documents: Option<Vec<AgentDocument>>,
    #[serde(default)]
    pub toolgroups: Option<Vec<Value>>,
    #[serde(default)]
    pub tool_config: Option<ToolConfig>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// A user's message, or the result of a tool that the caller ran (`role: "tool"` with its `call_id`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentMessage {
    pub role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    pub content: Interleaved,
    /// Words for the model that are not the user's own.
    #[serde(default)]
    pub context: Option<Interleaved>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// Text, one part, or a list of parts: `{"type": "text", "text"}` and `{"type": "image", "image": {"url": {"uri"}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Interleaved {
    Content(Content),
    Part(Value),
}

impl Interleaved {
    /// All text, joined by newlines.
    pub fn plain_text(&self) -> String {
        match self {
            Self::Content(Content::Text(text)) => text.clone(),
            Self::Content(Content::Parts(parts)) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n")
            }
            Self::Part(part) => part.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentDocument {
    /// Text or parts; a `{"uri"}` is refused.
    pub content: Value,
    #[serde(default)]
    pub mime_type: Option<String>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResumeTurn {
    pub tool_responses: Vec<ToolResponse>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolResponse {
    pub call_id: String,
    pub tool_name: String,
    pub content: Value,
    #[serde(default)]
    pub metadata: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegacyToolCall {
    pub call_id: String,
    pub tool_name: String,
    /// JSON text.
    pub arguments: String,
}

/// What a model said at the end of an inference step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompletionMessage {
    pub role: String,
    pub content: String,
    /// `end_of_turn`, `end_of_message` (tool calls follow) or `out_of_tokens`.
    pub stop_reason: String,
    pub tool_calls: Vec<LegacyToolCall>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegacyStep {
    pub turn_id: String,
    pub step_id: String,
    /// ISO 8601, UTC, microseconds.
    pub started_at: String,
    pub completed_at: String,
    #[serde(flatten)]
    pub kind: StepKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step_type", rename_all = "snake_case")]
pub enum StepKind {
    Inference { model_response: CompletionMessage },
    ToolExecution { tool_calls: Vec<LegacyToolCall>, tool_responses: Vec<ToolResponse> },
    ShieldCall { violation: Option<Value> },
}

impl StepKind {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Inference { .. } => "inference",
            Self::ToolExecution { .. } => "tool_execution",
            Self::ShieldCall { .. } => "shield_call",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LegacyTurn {
    pub turn_id: String,
    pub session_id: String,
    pub input_messages: Vec<AgentMessage>,
    pub steps: Vec<LegacyStep>,
    pub output_message: CompletionMessage,
    pub output_attachments: Vec<Value>,
    pub started_at: String,
    pub completed_at: Option<String>,
}

/// Llama Stack's older pages: `{"data": [...], "has_more": bool, "url": "/v1/agents"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OldPage<T> {
    pub data: Vec<T>,
    pub has_more: bool,
    pub url: String,
}

fn ten() -> u32 {
    10
}

fn null_is_ten<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(10))
}
