//! Who may call the control plane and what they may do there, in the shape of Llama Stack's `server.auth`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ports::access::{Attributes, Policy, RoutePolicy};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Tokens that name a caller, beside what the identity provider knows.
    pub tokens: Vec<TokenConfig>,
    pub provider_config: Option<AuthProviderConfig>,
    /// In order; none: see [`Policy`].
    pub access_policy: Policy,
    pub route_policy: RoutePolicy,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    pub token: SecretString,
    pub principal: String,
    #[serde(default)]
    pub attributes: Attributes,
}

/// One struct for all kinds, as each key may come from the environment and be empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthProviderConfig {
    /// `oauth2_token`, `kubernetes`, `github_token` or `custom`; empty: none.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub jwks: Option<JwksSection>,
    pub introspection: Option<IntrospectionSection>,
    pub algorithms: Option<Vec<String>>,
    pub leeway_seconds: Option<u64>,
    pub api_server_url: Option<String>,
    pub github_api_base_url: Option<String>,
    pub endpoint: Option<String>,
    pub verify_tls: Option<bool>,
    pub tls_cafile: Option<PathBuf>,
    pub claims_mapping: Option<BTreeMap<String, String>>,
    /// How long an answer about a token is believed.
    pub cache_seconds: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwksSection {
    pub uri: String,
    #[serde(default)]
    pub token: Option<SecretString>,
    #[serde(default)]
    pub key_recheck_period: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntrospectionSection {
    pub url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    #[serde(default)]
    pub send_secret_in_body: bool,
}
