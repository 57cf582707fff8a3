//! Settings of the claims service.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::access::AccessConfig;
use crate::access::Role;
use crate::domain::{Language, Money};

/// Every field has a default that suits one process on loopback.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimsConfig {
    /// Holds the database and the documents.
    pub data_dir: PathBuf,
    /// `postgres://…` or `sqlite://…`; SQLite in `data_dir` when absent.
    pub database_url: Option<SecretString>,
    /// Folders that a submission's `document_path` may name a file in. None: only uploads are taken.
    pub document_roots: Vec<PathBuf>,
    pub max_document_bytes: u64,
    /// The control plane, ours or the official one.
    pub stack_url: String,
    pub stack_token: Option<SecretString>,
    /// As the control plane names it; its first language model when absent.
    pub model: Option<String>,
    pub tools: ToolServers,
    /// What tool servers show to use the internal API. Absent: nobody can use it.
    pub service_token: Option<SecretString>,
    /// Claims processed at one time.
    pub workers: usize,
    /// Claims that may wait; one more is answered 429.
    pub queue_limit: i64,
    pub run_timeout_seconds: u64,
    pub max_infer_iters: u32,
    /// Runs a claim may lose to a crash or a dead control plane before a person must look.
    pub max_attempts: i64,
    /// Seconds before a claim is tried again whose control plane could not be reached; four times as long each time, at
    /// most 600. 0: a person gets it at once.
    pub retry_backoff_seconds: u64,
    /// Seconds without a sign of life after which another process on the same database takes a run over.
    pub lease_seconds: u64,
    /// Tries to reach the control plane, the first included.
    pub connect_attempts: u32,
    /// Wait before the second try; doubles each time, at most 10 s.
    pub connect_backoff_ms: u64,
    /// Open event streams at one time; one more is answered 503.
    pub max_event_streams: usize,
    /// Uploads read at one time; one more is answered 503.
    pub max_uploads: usize,
    /// For a claim whose user is unknown.
    pub default_language: Language,
    /// Up to how much people decide alone.
    pub review: ReviewConfig,
    /// Names and pages this service answers to beside loopback.
    pub allowed: host::Allowed,
    /// Who may call the public API.
    pub access: AccessConfig,
}

/// Where the control plane finds the MCP servers. Its view counts, not ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolServers {
    pub ocr_url: String,
    pub rag_url: String,
    pub decision_url: String,
    /// Sent by the control plane to these servers as a bearer token.
    pub token: Option<SecretString>,
}

impl Default for ToolServers {
    fn default() -> Self {
        Self {
            ocr_url: "http://127.0.0.1:8081/mcp".into(),
            rag_url: "http://127.0.0.1:8082/mcp".into(),
            decision_url: "http://127.0.0.1:8083/mcp".into(),
            token: None,
        }
    }
}

impl Default for ClaimsConfig {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            database_url: None,
            document_roots: Vec::new(),
            // Above the policy's 25 MB, so that a document over it is kept and goes to a person.
            max_document_bytes: 40 * 1024 * 1024,
            stack_url: "http://127.0.0.1:8321".into(),
            stack_token: None,
            model: None,
            tools: ToolServers::default(),
            service_token: None,
            workers: 1,
            queue_limit: 1000,
            run_timeout_seconds: 300,
            max_infer_iters: 12,
            max_attempts: 3,
            retry_backoff_seconds: 15,
            lease_seconds: 30,
            connect_attempts: 5,
            connect_backoff_ms: 500,
            max_event_streams: 256,
            max_uploads: 8,
            default_language: Language::default(),
            review: ReviewConfig::default(),
            allowed: host::Allowed::default(),
            access: AccessConfig::default(),
        }
    }
}

/// Authority limits in whole EUR; administrators have none. Above it a second person, a supervisor, must agree.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewConfig {
    pub adjuster_limit_eur: i64,
    pub supervisor_limit_eur: i64,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self { adjuster_limit_eur: 5_000, supervisor_limit_eur: 50_000 }
    }
}

impl ReviewConfig {
    pub(crate) fn limit_of(&self, role: Role) -> Option<Money> {
        let euros = match role {
            Role::Admin => return None,
            Role::Supervisor => self.supervisor_limit_eur,
            Role::Adjuster => self.adjuster_limit_eur,
            Role::Viewer | Role::Service => 0,
        };
        Some(Money::from_minor(euros.saturating_mul(100)))
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("claims setting {field}: {rule}")]
pub struct InvalidConfig {
    pub field: &'static str,
    pub rule: &'static str,
}

impl ClaimsConfig {
    pub fn check(&self) -> Result<(), InvalidConfig> {
        let limit = |euros: i64| (0..=1_000_000_000).contains(&euros);
        let rules = [
            ("max_document_bytes", (1..=1 << 30).contains(&self.max_document_bytes), "must be 1 to 1073741824"),
            ("workers", (1..=64).contains(&self.workers), "must be 1 to 64"),
            ("queue_limit", (1..=1_000_000).contains(&self.queue_limit), "must be 1 to 1000000"),
            ("run_timeout_seconds", (1..=86_400).contains(&self.run_timeout_seconds), "must be 1 to 86400"),
            ("max_infer_iters", (1..=100).contains(&self.max_infer_iters), "must be 1 to 100"),
            ("max_attempts", (1..=20).contains(&self.max_attempts), "must be 1 to 20"),
            ("retry_backoff_seconds", self.retry_backoff_seconds <= 600, "must be 0 to 600"),
            ("lease_seconds", (3..=3600).contains(&self.lease_seconds), "must be 3 to 3600"),
            ("review.adjuster_limit_eur", limit(self.review.adjuster_limit_eur), "must be 0 to 1000000000"),
            ("review.supervisor_limit_eur", limit(self.review.supervisor_limit_eur), "must be 0 to 1000000000"),
            ("connect_attempts", (1..=20).contains(&self.connect_attempts), "must be 1 to 20"),
            ("connect_backoff_ms", (1..=60_000).contains(&self.connect_backoff_ms), "must be 1 to 60000"),
            ("max_event_streams", (1..=100_000).contains(&self.max_event_streams), "must be 1 to 100000"),
            ("max_uploads", (1..=1_000).contains(&self.max_uploads), "must be 1 to 1000"),
        ];
        match rules.into_iter().find(|(_, holds, _)| !holds) {
            Some((field, _, rule)) => Err(InvalidConfig { field, rule }),
            None => self.access.check(),
        }
    }

    /// Whether the service may listen there; see [`AccessConfig::may_listen`].
    pub fn may_listen(&self, at: SocketAddr) -> Result<(), InvalidConfig> {
        self.access.may_listen(at, self.service_token.as_ref())
    }
}
