//! A call that cannot be answered, in words a model can act on.

use mcp_server::evidence::EvidenceError;
use rmcp::model::{ContentBlock, IntoContents};

use crate::reference::ReferenceError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolFailure {
    pub code: &'static str,
    pub message: String,
}

impl ToolFailure {
    /// The message names the argument and the rule it broke.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self { code: "invalid_argument", message: message.into() }
    }
}

impl IntoContents for ToolFailure {
    fn into_contents(self) -> Vec<ContentBlock> {
        let error = serde_json::json!({"code": self.code, "message": self.message});
        vec![ContentBlock::text(serde_json::json!({"success": false, "error": error}).to_string())]
    }
}

impl From<ReferenceError> for ToolFailure {
    fn from(error: ReferenceError) -> Self {
        let code = match &error {
            ReferenceError::Service { transient: false, .. } => "reference_refused",
            _ => "reference_unavailable",
        };
        Self { code, message: error.to_string() }
    }
}

impl From<EvidenceError> for ToolFailure {
    fn from(error: EvidenceError) -> Self {
        let code = match &error {
            EvidenceError::NotFound { .. } => "unknown_claim",
            EvidenceError::StaleRun { .. } => "stale_run",
            _ => "claims_service_unavailable",
        };
        let message = match &error {
            EvidenceError::NotFound { what } => format!("claim_id: no claim {what} is known"),
            _ => error.to_string(),
        };
        Self { code, message }
    }
}
