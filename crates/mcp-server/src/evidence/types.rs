//! Bodies of the claims service's internal API.

use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the claims service is and how to speak to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Base URL, e.g. `http://127.0.0.1:8080`; `/internal/v1` is added.
    pub url: String,
    /// Service token sent as a bearer token, on this origin only.
    pub token: Option<SecretString>,
    pub connect_timeout_seconds: u64,
    /// Longest a whole exchange may take, body included.
    pub timeout_seconds: u64,
    pub max_document_bytes: usize,
    /// Limit for every JSON answer, past claims included.
    pub max_answer_bytes: usize,
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8080".into(),
            token: None,
            connect_timeout_seconds: 2,
            timeout_seconds: 30,
            max_document_bytes: 50 * 1024 * 1024,
            max_answer_bytes: 256 * 1024 * 1024,
        }
    }
}

/// A claim as it was handed in, before anything was read from its document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intake {
    pub claim_id: String,
    #[serde(default)]
    pub claim_number: Option<String>,
    #[serde(default)]
    pub user_id: Option<String>,
    #[serde(default)]
    pub claim_type: Option<String>,
    /// ISO date.
    #[serde(default)]
    pub received_date: Option<String>,
    #[serde(default)]
    pub document_path: Option<String>,
    #[serde(default)]
    pub document_sha256: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    /// Fields this version does not name.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, Value>,
}

/// A claim's document as it was uploaded.
#[derive(Debug, Clone)]
pub struct Document {
    pub bytes: Bytes,
    /// Name the uploader gave it. Untrusted: never use it as a path.
    pub filename: Option<String>,
    pub media_type: Option<String>,
}

/// A finding to be written.
#[derive(Debug, Clone, Serialize)]
pub struct NewEvidence<'a> {
    /// `document`, `policyholder`, `similar_claims` or `decision`.
    pub kind: &'a str,
    /// Name of the tool that found it.
    pub tool: &'a str,
    pub payload: &'a Value,
    /// `0.0..=1.0`; `None` where confidence has no meaning.
    pub confidence: Option<f64>,
}

/// Receipt for a written finding; the same finding twice gives the same receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRef {
    pub evidence_id: String,
    pub sha256: String,
}

/// One stored finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    pub evidence_id: String,
    pub kind: String,
    pub tool: String,
    pub payload: Value,
    #[serde(default)]
    pub confidence: Option<f64>,
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub created_at: Option<String>,
}

/// Everything found in the claim's current run, latest of each kind first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EvidenceSet {
    pub claim_id: String,
    #[serde(default)]
    pub run_id: Option<String>,
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

impl EvidenceSet {
    /// The finding of this kind that counts: the first one listed.
    pub fn latest(&self, kind: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|found| found.kind == kind)
    }
}

/// What the service keeps after a decision was recorded.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// False when the same evidence had been decided before: `body` is that decision.
    pub created: bool,
    pub body: Value,
}

/// Past decided claims.
#[derive(Debug, Clone)]
pub enum History {
    /// Nothing changed since the ETag that was shown.
    Unchanged,
    Records {
        etag: Option<String>,
        records: Vec<Value>,
    },
}

/// Keys to look past claims up by; unset keys do not restrict.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    pub user_id: Option<String>,
    pub contract_number: Option<String>,
    pub invoice_number: Option<String>,
    pub provider_name: Option<String>,
}

impl HistoryQuery {
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("user_id", &self.user_id),
            ("contract_number", &self.contract_number),
            ("invoice_number", &self.invoice_number),
            ("provider_name", &self.provider_name),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}
