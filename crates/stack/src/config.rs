//! The configuration of the whole house: one file, one typed tree, every key overridable.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use host::Allowed;
use host::telemetry::{ExportConfig, MetricsConfig};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::overrides;

mod auth;
mod gateway;
mod llama_stack;

pub use auth::AuthProviderConfig;
pub use gateway::{ConnectorConfig, DetectorSettings, GatewayConfig, ProviderConfig, ProviderKind, TlsVerify};

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
    #[serde(default)]
    pub telemetry: TelemetryConfig,
    /// What a file of Llama Stack's holds that is off or done otherwise here, for the log.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// What the process tells about itself beside its log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    pub otlp_endpoint: Option<String>,
    pub service_name: Option<String>,
    pub metrics: MetricsConfig,
}

impl TelemetryConfig {
    pub fn spans(&self) -> ExportConfig {
        ExportConfig { otlp_endpoint: self.otlp_endpoint.clone(), service_name: self.service_name.clone() }
    }
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
pub struct OcrConfig {
    pub listen: SocketAddr,
    #[serde(default)]
    pub claims_url: Option<String>,
    #[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
    #[serde(default)]
    pub document_roots: Vec<PathBuf>,
    #[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
    #[serde(default)]
    pub free_text: Option<FreeTextConfig>,
    #[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
    #[serde(default)]
    pub allowed: Allowed,
}

/// The model that is asked what no rule found in running text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(feature = "ocr"), allow(dead_code, reason = "read where documents are read"))]
pub struct FreeTextConfig {
    /// The control plane.
    pub stack_url: String,
    pub model: String,
    #[serde(default = "FreeTextConfig::deadline_ms")]
    pub deadline_ms: u64,
}

impl FreeTextConfig {
    fn deadline_ms() -> u64 {
        10_000
    }
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
    #[serde(default = "RagConfig::languages")]
    pub embedding_languages: Vec<String>,
    #[serde(default)]
    pub more_models: Vec<rag::EmbeddingModel>,
    #[serde(default)]
    pub allowed: Allowed,
}

impl RagConfig {
    fn languages() -> Vec<String> {
        rag::RagConfig::default().embedding_languages
    }
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
    #[serde(default)]
    pub queue_limit: Option<i64>,
    pub run_timeout_seconds: u64,
    #[serde(default)]
    pub max_attempts: Option<i64>,
    #[serde(default)]
    pub retry_backoff_seconds: Option<u64>,
    #[serde(default)]
    pub lease_seconds: Option<u64>,
    #[serde(default)]
    pub review: claims::ReviewConfig,
    #[serde(default)]
    pub allowed: Allowed,
    #[serde(default)]
    pub access: claims::access::AccessConfig,
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
    let overrides = overrides::collect(environment.iter(), settings)?;
    if run_config::is_run_config(&text) {
        let (mut tree, notes) = llama_stack::tree(DEFAULT, &name, &text, &environment)?;
        for (key, value) in overrides {
            overrides::set(&mut tree, &key, value)?;
        }
        let mut config: StackConfig =
            serde_json::from_value(without_nulls(tree)).with_context(|| format!("{name}: a value does not fit"))?;
        config.notes = notes;
        return Ok(config.without_empty());
    }
    // Once for its errors, which know lines and columns; once as a tree that overrides can reach into.
    let mut config: StackConfig = host::config::from_yaml(&name, &text, environment.clone())?;
    if !overrides.is_empty() {
        let mut tree = host::config::from_yaml(&name, &text, environment)?;
        for (key, value) in overrides {
            overrides::set(&mut tree, &key, value)?;
        }
        config = serde_json::from_value(without_nulls(tree)).context("an overridden key does not fit")?;
    }
    Ok(config.without_empty())
}

/// In a tree, an empty `${NAME:-}` is null even where a text belongs. A key without a value is as good as absent.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            entries.into_iter().filter(|(_, v)| !v.is_null()).map(|(key, v)| (key, without_nulls(v))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
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
        secret(&mut self.gateway.database_url);
        text(&mut self.gateway.default_model);
        text(&mut self.gateway.default_embedding_model);
        if let Some(web) = &mut self.gateway.web_search {
            text(&mut web.provider);
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
        text(&mut self.telemetry.otlp_endpoint);
        text(&mut self.telemetry.service_name);
        secret(&mut self.telemetry.metrics.token);
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
        let settings = ["gateway.listen=127.0.0.1:9000".to_owned(), "gateway.providers.2.threads=3".to_owned()];
        let config = load(None, &settings).expect("valid");
        assert_eq!(config.gateway.listen.port(), 9000);
        assert_eq!(config.gateway.providers[2].threads, Some(3));
    }

    #[test]
    fn callers_rules_and_quotas_are_read_as_llama_stack_writes_them() {
        let provider = r#"{"type": "oauth2_token", "issuer": "https://id", "jwks": {"uri": "https://id/keys"},
            "claims_mapping": {"groups": "teams"}, "verify_tls": true}"#;
        let rules = r#"[{"permit": {"actions": [read]}, "when": "resource is unowned", "description": "for all"},
            {"permit": {"actions": "create", "resource": "model::*"}, "unless": ["user is not owner"]}]"#;
        let settings = [
            format!("gateway.auth.provider_config={}", provider.replace('\n', " ")),
            format!("gateway.auth.access_policy={}", rules.replace('\n', " ").replace("[read]", "[\"read\"]")),
            r#"gateway.auth.route_policy=[{"permit": {"paths": "*"}}]"#.to_owned(),
            r#"gateway.auth.tokens=[{"token": "s", "principal": "ann", "attributes": {"roles": ["admin"]}}]"#
                .to_owned(),
            r#"gateway.quota={"authenticated_max_requests": 5}"#.to_owned(),
            "gateway.database_url=postgres://u:p@db/stack".to_owned(),
        ];
        let config = load(None, &settings).expect("valid");
        assert_eq!(
            config.gateway.quota.as_ref().map(|quota| (quota.anonymous_max_requests, quota.authenticated_max_requests)),
            Some((100, 5))
        );
        let shown = format!("{config:?}");
        assert!(!shown.contains("u:p@"), "a secret is not shown");
        for wrong in [
            r#"gateway.auth.access_policy=[{"permit": {"actions": ["read"]}, "when": "user is king"}]"#,
            r#"gateway.auth.provider_config={"type": "custom", "end_point": "x"}"#,
            r#"gateway.quota={"period": "hour"}"#,
        ] {
            assert!(load(None, &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn callers_of_the_claims_service_are_read_and_their_tokens_not_shown() {
        let settings = [
            r#"claims.access.tokens=[{"token": "s3cr3t-of-ann", "subject": "ann", "role": "adjuster"}]"#.to_owned(),
            r#"claims.access.oidc={"issuer": "https://id", "audience": "claims", "roles": {"chefs": "supervisor"}}"#
                .to_owned(),
        ];
        let config = load(None, &settings).expect("valid");
        assert!(!config.claims.access.is_open());
        assert!(!format!("{config:?}").contains("s3cr3t"), "a secret is not shown");
        assert!(load(None, &[]).expect("valid").claims.access.is_open(), "nobody is asked by default");
        let wrong = r#"claims.access.tokens=[{"token": "t", "subject": "ann", "role": "king"}]"#;
        assert!(load(None, &[wrong.to_owned()]).is_err());
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        let error = format!("{:#}", load(None, &["gateway.lisen=1".to_owned()]).expect_err("unknown key"));
        assert!(error.contains("lisen"), "{error}");
        let error = format!("{:#}", load(None, &["gateway.listen=here".to_owned()]).expect_err("not an address"));
        assert!(error.contains("does not fit"), "{error}");
    }
}
