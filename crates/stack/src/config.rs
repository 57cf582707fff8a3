//! The configuration of the whole house: one file, one typed tree, every key overridable.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use host::Allowed;
use secrecy::SecretString;
use serde::Deserialize;

use crate::overrides;

const DEFAULT: &str = include_str!("../default.yaml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackConfig {
    pub data_dir: PathBuf,
    pub log: LogConfig,
    pub grace_seconds: u64,
    pub service_token: Option<SecretString>,
    pub gateway: GatewayConfig,
    pub ocr: OcrConfig,
    pub rag: RagConfig,
    pub decision: DecisionConfig,
    pub claims: ClaimsConfig,
    pub models: ModelsConfig,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

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
    #[serde(default)]
    pub allowed: Allowed,
    pub providers: Vec<ProviderConfig>,
    #[serde(default)]
    pub connectors: BTreeMap<String, ConnectorConfig>,
    #[serde(default)]
    pub web_search: Option<WebSearchSettings>,
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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcrConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub claims_url: Option<String>,
    #[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
    #[serde(default)]
    pub document_roots: Vec<PathBuf>,
    #[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
    #[serde(default)]
    pub allowed: Allowed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RagConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub claims_url: Option<String>,
    #[serde(default)]
    pub reference_dir: Option<PathBuf>,
    pub stack_url: String,
    pub embedding_model: String,
    #[serde(default)]
    pub allowed: Allowed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub claims_url: Option<String>,
    #[serde(default)]
    pub policy: Option<PathBuf>,
    #[serde(default)]
    pub allowed: Allowed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub database_url: Option<SecretString>,
    pub stack_url: String,
    #[serde(default)]
    pub stack_token: Option<SecretString>,
    #[serde(default)]
    pub model: Option<String>,
    pub tools: ToolUrls,
    #[serde(default)]
    pub document_roots: Vec<PathBuf>,
    pub workers: usize,
    pub run_timeout_seconds: u64,
    #[serde(default)]
    pub allowed: Allowed,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolUrls {
    pub ocr: String,
    pub rag: String,
    pub decision: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsConfig {
    #[serde(default)]
    pub dir: Option<PathBuf>,
}

/// Reads the file (or the built-in configuration), then the environment, then `settings` (`key.path=value`).
pub fn load(file: Option<&Path>, settings: &[String]) -> Result<StackConfig> {
    let (name, text) = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            (path.display().to_string(), text)
        }
        None => ("built-in configuration".to_owned(), DEFAULT.to_owned()),
    };
    let environment: std::collections::HashMap<String, String> = std::env::vars().collect();
    // Once for its errors, which know lines and columns; once as a tree that overrides can reach into.
    let mut config: StackConfig = host::config::from_yaml(&name, &text, environment.clone())?;
    let overrides = overrides::collect(environment.iter(), settings)?;
    if !overrides.is_empty() {
        let mut tree = host::config::from_yaml(&name, &text, environment)?;
        for (key, value) in overrides {
            overrides::set(&mut tree, &key, value)?;
        }
        config = serde_json::from_value(tree).context("an overridden key does not fit")?;
    }
    Ok(config.without_empty())
}

impl StackConfig {
    /// An empty text means the same as an absent key: environment defaults are written `${NAME:-}`.
    fn without_empty(mut self) -> Self {
        let secret = |value: &mut Option<SecretString>| {
            use secrecy::ExposeSecret;
            if value.as_ref().is_some_and(|secret| secret.expose_secret().is_empty()) {
                *value = None;
            }
        };
        let text = |value: &mut Option<String>| {
            if value.as_deref().is_some_and(str::is_empty) {
                *value = None;
            }
        };
        let path = |value: &mut Option<PathBuf>| {
            if value.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
                *value = None;
            }
        };
        secret(&mut self.service_token);
        secret(&mut self.gateway.token);
        text(&mut self.gateway.default_model);
        if let Some(web) = &mut self.gateway.web_search {
            text(&mut web.url);
            secret(&mut web.api_key);
        }
        for provider in &mut self.gateway.providers {
            text(&mut provider.url);
            text(&mut provider.model);
            secret(&mut provider.api_token);
        }
        text(&mut self.ocr.claims_url);
        text(&mut self.rag.claims_url);
        path(&mut self.rag.reference_dir);
        text(&mut self.decision.claims_url);
        path(&mut self.decision.policy);
        secret(&mut self.claims.database_url);
        secret(&mut self.claims.stack_token);
        text(&mut self.claims.model);
        path(&mut self.models.dir);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_configuration_is_valid() {
        let config = load(None, &[]).expect("valid");
        assert_eq!(config.gateway.listen.port(), 8321);
        assert!(config.gateway.providers.iter().any(|provider| provider.kind == ProviderKind::LlamaCpp));
        for connector in config.gateway.connectors.values() {
            assert!(connector.url.as_ref().is_some_and(|url| url.starts_with("http://")), "{connector:?}");
        }
    }

    #[test]
    fn any_key_can_be_set() {
        let settings = ["gateway.listen=127.0.0.1:9000".to_owned(), "gateway.providers.3.threads=3".to_owned()];
        let config = load(None, &settings).expect("valid");
        assert_eq!(config.gateway.listen.port(), 9000);
        assert_eq!(config.gateway.providers[3].threads, Some(3));
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        let error = format!("{:#}", load(None, &["gateway.lisen=1".to_owned()]).expect_err("unknown key"));
        assert!(error.contains("lisen"), "{error}");
        let error = format!("{:#}", load(None, &["gateway.listen=here".to_owned()]).expect_err("not an address"));
        assert!(error.contains("does not fit"), "{error}");
    }
}
