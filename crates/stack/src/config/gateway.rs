//! The control plane's part of the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use host::Allowed;
use secrecy::SecretString;
use serde::Deserialize;

use super::auth::AuthConfig;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub token: Option<SecretString>,
    pub version: String,
    #[serde(default)]
    pub default_model: Option<String>,
    #[serde(default)]
    pub default_embedding_model: Option<String>,
    pub max_running: usize,
    pub max_body_bytes: usize,
    pub time_limit_seconds: u64,
    /// One uploaded file.
    #[serde(default)]
    pub max_file_bytes: Option<u64>,
    /// `postgres://…` or `sqlite://…`; SQLite in the data directory when absent.
    #[serde(default)]
    pub database_url: Option<SecretString>,
    /// Connections to PostgreSQL at one time.
    #[serde(default)]
    pub database_connections: Option<u32>,
    #[serde(default)]
    pub auth: AuthConfig,
    #[serde(default)]
    pub quota: Option<QuotaConfig>,
    #[serde(default)]
    pub allowed: Allowed,
    pub providers: Vec<ProviderConfig>,
    #[serde(default)]
    pub connectors: BTreeMap<String, ConnectorConfig>,
    #[serde(default)]
    pub web_search: Option<WebSearchSettings>,
    /// The guardrails orchestrator that `trustyai_fms` shields ask.
    #[serde(default)]
    pub detectors: Option<DetectorSettings>,
    /// How found passages are put before the model; see `engine::own::SearchWords`.
    #[serde(default)]
    pub file_search: FileSearchSettings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSearchSettings {
    /// `searxng`, `brave` or `tavily`; empty: none.
    #[serde(default)]
    pub provider: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub api_key: Option<SecretString>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorSettings {
    /// Its own address, without a path; empty: none.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub api_token: Option<SecretString>,
    #[serde(default)]
    pub tls_verify: Option<TlsVerify>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSearchSettings {
    pub before: Option<String>,
    pub passage: Option<String>,
    pub after: Option<String>,
    pub instruction: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: ProviderKind,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub api_token: Option<SecretString>,
    #[serde(default)]
    pub tls_verify: Option<TlsVerify>,
    /// Models to list; a remote server is asked when none are named.
    #[serde(default)]
    pub models: Vec<String>,
    /// Those of a chat server that embed, where their names do not hold `embed`.
    #[serde(default)]
    pub embedding_models: Vec<String>,
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// In-process providers: a name of the model catalogue, or a file or folder.
    #[serde(default)]
    pub model: Option<String>,
    #[cfg_attr(not(feature = "llama"), allow(dead_code, reason = "read where models run in process"))]
    #[serde(default)]
    pub context_tokens: Option<u32>,
    #[cfg_attr(not(feature = "llama"), allow(dead_code, reason = "read where models run in process"))]
    #[serde(default)]
    pub threads: Option<u32>,
    /// Use the small-model recipe. In-process models do unless told otherwise.
    #[serde(default)]
    pub grounded: Option<bool>,
    /// Characters of one tool result that the model reads.
    #[serde(default)]
    pub output_budget: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum TlsVerify {
    Switch(bool),
    /// `true`, `false`, or the path of a PEM file.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ProviderKind {
    #[serde(rename = "remote::vllm")]
    Vllm,
    #[serde(rename = "remote::openai", alias = "remote::openai-compatible")]
    OpenAi,
    #[serde(rename = "remote::vllm-embedding", alias = "remote::openai-embedding")]
    RemoteEmbedding,
    #[serde(rename = "remote::vllm-rerank", alias = "remote::openai-rerank")]
    RemoteRerank,
    #[serde(rename = "inline::llama-cpp")]
    LlamaCpp,
    #[serde(rename = "inline::sentence-transformers")]
    SentenceTransformers,
}

impl ProviderKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Vllm => "remote::vllm",
            Self::OpenAi => "remote::openai",
            Self::RemoteEmbedding => "remote::vllm-embedding",
            Self::RemoteRerank => "remote::vllm-rerank",
            Self::LlamaCpp => "inline::llama-cpp",
            Self::SentenceTransformers => "inline::sentence-transformers",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub authorization: Option<SecretString>,
    /// A server on standard input and output, in place of a URL.
    #[serde(default)]
    pub command: Option<String>,
    #[serde(default)]
    pub args: Vec<String>,
}

/// Requests of one client in a period.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaConfig {
    #[serde(default = "anonymous")]
    pub anonymous_max_requests: u64,
    #[serde(default = "authenticated")]
    pub authenticated_max_requests: u64,
    #[serde(default, rename = "period")]
    _period: Period,
    /// Where Llama Stack counts. We count in our own database.
    #[serde(default, rename = "kvstore")]
    _kvstore: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Period {
    #[default]
    Day,
}

fn anonymous() -> u64 {
    100
}

fn authenticated() -> u64 {
    1000
}
