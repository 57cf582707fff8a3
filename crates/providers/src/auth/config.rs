//! Settings of each identity provider, in Llama Stack's words where it has them.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::{SignedTokensConfig, Tls};
use ports::access::{Attributes, Caller, Principal};
use secrecy::SecretString;

/// Claims to attributes: `groups` to `teams`. A dot in a claim's name goes one level down.
pub type Mapping = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub enum ProviderConfig {
    Jwt(JwtConfig),
    Introspection(IntrospectionConfig),
    Kubernetes(KubernetesConfig),
    Github(GithubConfig),
    Custom(CustomConfig),
}

impl ProviderConfig {
    /// How long an answer is believed.
    pub(super) fn remembered(&self) -> Duration {
        match self {
            Self::Jwt(config) => config.remembered,
            Self::Introspection(config) => config.remembered,
            Self::Kubernetes(config) => config.remembered,
            Self::Github(config) => config.remembered,
            // It may decide by the request as well as by the token.
            Self::Custom(_) => Duration::ZERO,
        }
    }
}

#[derive(Debug, Clone)]
pub struct JwtConfig {
    pub tokens: SignedTokensConfig,
    pub mapping: Mapping,
    pub remembered: Duration,
}

#[derive(Debug, Clone)]
pub struct IntrospectionConfig {
    pub url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub send_secret_in_body: bool,
    pub mapping: Mapping,
    pub tls: Tls,
    pub remembered: Duration,
}

#[derive(Debug, Clone)]
pub struct KubernetesConfig {
    pub api_server_url: String,
    pub mapping: Mapping,
    pub tls: Tls,
    pub remembered: Duration,
}

#[derive(Debug, Clone)]
pub struct GithubConfig {
    pub api_base_url: String,
    pub mapping: Mapping,
    pub tls: Tls,
    pub remembered: Duration,
}

#[derive(Debug, Clone)]
pub struct CustomConfig {
    pub endpoint: String,
    pub tls: Tls,
}

/// A token written into the configuration, and whom it names; nobody for a token that all share.
#[derive(Debug, Clone)]
pub struct NamedToken {
    pub token: SecretString,
    pub caller: Option<Caller>,
}

impl NamedToken {
    pub fn of(token: SecretString, principal: &str, attributes: Attributes) -> Result<Self, String> {
        let principal = Principal::new(principal, attributes).map_err(|error| error.to_string())?;
        Ok(Self { token, caller: Some(principal.into()) })
    }
}
