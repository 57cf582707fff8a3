//! A call that cannot be answered, in words a model can act on.

use mcp_server::evidence::EvidenceError;
use rmcp::model::{ContentBlock, IntoContents};
use serde_json::json;

use crate::evidence::GatherError;
use crate::explicit::BadFact;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolFailure {
    pub code: &'static str,
    pub message: String,
}

impl ToolFailure {
    /// Names the argument and the rule it broke.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self { code: "invalid_argument", message: message.into() }
    }
}

impl IntoContents for ToolFailure {
    fn into_contents(self) -> Vec<ContentBlock> {
        let error = json!({"code": self.code, "message": self.message});
        vec![ContentBlock::text(json!({"success": false, "error": error}).to_string())]
    }
}

impl From<BadFact> for ToolFailure {
    fn from(fact: BadFact) -> Self {
        Self::argument(fact.to_string())
    }
}

impl From<GatherError> for ToolFailure {
    fn from(error: GatherError) -> Self {
        let code = match error {
            GatherError::Service(error) => return error.into(),
            GatherError::Missing { .. } => "missing_evidence",
            GatherError::Unusable { .. } => "unusable_evidence",
            GatherError::Records(_) => "unusable_records",
            GatherError::StaleRun { .. } => "stale_run",
        };
        Self { code, message: error.to_string() }
    }
}

impl From<EvidenceError> for ToolFailure {
    fn from(error: EvidenceError) -> Self {
        let (code, message) = match &error {
            EvidenceError::NotFound { what } => ("unknown_claim", format!("claim_id: no claim {what} is known")),
            EvidenceError::StaleRun { .. } => ("stale_run", error.to_string()),
            _ => ("claims_service_unavailable", error.to_string()),
        };
        Self { code, message }
    }
}
