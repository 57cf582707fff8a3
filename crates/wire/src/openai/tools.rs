//! Tools as a response request names them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::vector_stores::{Filter, RankingOptions};
use crate::JsonObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseTool {
    Function(FunctionTool),
    Mcp(McpTool),
    FileSearch(FileSearchTool),
    #[serde(alias = "web_search_preview", alias = "web_search_preview_2025_03_11", alias = "web_search_2025_08_26")]
    WebSearch(WebSearchTool),
    #[serde(untagged)]
    Other(Value),
}

/// Search in vector stores of this server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileSearchTool {
    pub vector_store_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Filter>,
    /// 1 to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_num_results: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking_options: Option<RankingOptions>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// Search on the web through the provider of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebSearchTool {
    /// `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_context_size: Option<String>,
    /// `allowed_domains`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<WebFilters>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WebFilters {
    #[serde(default)]
    pub allowed_domains: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionTool {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub parameters: Option<Value>,
    #[serde(default)]
    pub strict: Option<bool>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

/// A remote MCP server. `headers` and `authorization` are secrets: they are never echoed, stored or logged.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McpTool {
    pub server_label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<std::collections::BTreeMap<String, String>>,
    /// Bare token; sent as `Authorization: Bearer ...` to this server only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_approval: Option<ApprovalRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_tools: Option<AllowedTools>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

impl std::fmt::Debug for McpTool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("McpTool")
            .field("server_label", &self.server_label)
            .field("server_url", &self.server_url)
            .field("allowed_tools", &self.allowed_tools)
            .finish_non_exhaustive()
    }
}

impl McpTool {
    /// The same tool without its secrets, as it may be stored and shown.
    pub fn public(&self) -> Self {
        Self { headers: None, authorization: None, server_url: None, ..self.clone() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ApprovalRule {
    All(ApprovalMode),
    ByTool {
        #[serde(default)]
        always: Option<AllowedTools>,
        #[serde(default)]
        never: Option<AllowedTools>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    Always,
    Never,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AllowedTools {
    Names(Vec<String>),
    Filter { tool_names: Vec<String> },
}

impl AllowedTools {
    pub fn names(&self) -> &[String] {
        match self {
            Self::Names(names) | Self::Filter { tool_names: names } => names,
        }
    }
}
