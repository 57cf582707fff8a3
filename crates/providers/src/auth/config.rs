//! Settings of each identity provider, in Llama Stack's words where it has them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::Algorithm;
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

/// How the provider's own certificate is judged.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Any certificate will do. For trials only.
    pub unverified: bool,
    /// Authorities beside those that the machine trusts.
    pub cafile: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct JwtConfig {
    pub jwks: JwksConfig,
    pub issuer: Option<String>,
    pub audience: String,
    pub algorithms: Vec<Algorithm>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    pub mapping: Mapping,
    pub tls: Tls,
    pub remembered: Duration,
}

#[derive(Debug, Clone)]
pub struct JwksConfig {
    pub uri: String,
    /// Shown to the server of the keys, where it asks for a token itself.
    pub token: Option<SecretString>,
    /// Keys are asked for again after this time.
    pub recheck: Duration,
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

/// Signatures by a private key only: with a shared secret, everyone who can check a token could make one.
pub fn default_algorithms() -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    vec![RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
}

/// An algorithm by its JOSE name, if it is one of those.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    default_algorithms().into_iter().find(|algorithm| format!("{algorithm:?}") == name)
}
