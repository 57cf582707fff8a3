//! Where the server is and how long to wait for it.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Whom to believe that the server is who it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tls {
    /// The certificates this machine trusts.
    #[default]
    Verified,
    /// Those, and the certificates of this PEM file.
    Authority(PathBuf),
    /// Anybody. For tests and closed networks.
    Unverified,
}

#[derive(Clone)]
pub struct OpenAiConfig {
    /// With or without a trailing `/v1`.
    pub base_url: String,
    pub api_token: Option<SecretString>,
    pub tls: Tls,
    /// The key under which a caller may give a token of its own, in `X-LlamaStack-Provider-Data`.
    pub callers_token: String,
    /// Models to list when the server cannot be asked; empty means discover.
    pub models: Vec<String>,
    /// Set where the server may have embedding models beside its chat models: those whose names do not show it.
    /// `None`: its models are all of one kind.
    pub embedding_models: Option<Vec<String>>,
    /// `VLLM_MAX_TOKENS`: tokens of an answer when the caller names no limit.
    pub max_tokens: Option<u32>,
    pub connect_timeout: Duration,
    /// Between two bytes of an answer; the first may take this long too.
    pub idle_timeout: Duration,
    /// Tries before the first byte, the first one counted.
    pub tries: u32,
    /// Send closed tool schemas (`ports::inference::Narrowed`) in place of the open ones.
    pub send_narrowed: bool,
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            api_token: None,
            tls: Tls::default(),
            callers_token: "vllm_api_token".into(),
            models: Vec::new(),
            embedding_models: None,
            max_tokens: None,
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(120),
            tries: 2,
            send_narrowed: true,
        }
    }
}

impl OpenAiConfig {
    /// The address of `path` (`chat/completions`) below `/v1`.
    pub fn url(&self, path: &str) -> String {
        let base = self.base_url.trim_end_matches('/');
        if base.ends_with("/v1") { format!("{base}/{path}") } else { format!("{base}/v1/{path}") }
    }
}
