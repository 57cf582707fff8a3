//! Why a tool has no answer, for the model that called it.

use mcp_server::evidence::EvidenceError;
use rmcp::model::{ContentBlock, IntoContents};
use serde_json::json;

use crate::error::OcrError;

/// A call that cannot be answered, in words a model can act on.
#[derive(Debug)]
pub struct Failure {
    pub code: &'static str,
    pub message: String,
}

impl IntoContents for Failure {
    fn into_contents(self) -> Vec<ContentBlock> {
        let error = json!({"code": self.code, "message": self.message});
        vec![ContentBlock::text(json!({"success": false, "error": error}).to_string())]
    }
}

impl From<OcrError> for Failure {
    fn from(error: OcrError) -> Self {
        Self::from(&error)
    }
}

impl From<&OcrError> for Failure {
    fn from(error: &OcrError) -> Self {
        let code = match error {
            OcrError::Overloaded { .. } => "overloaded",
            OcrError::Timeout { .. } => "timeout",
            OcrError::RecogniserUnavailable { .. } | OcrError::Model { .. } => "recognition_unavailable",
            OcrError::Path(_) => "invalid_argument",
            OcrError::Inference(_) | OcrError::Protocol(_) | OcrError::Io(_) => "reading_failed",
        };
        let message = match error {
            // Paths and system messages are for the operator.
            OcrError::Model { .. } => "recognition unavailable: a model file cannot be used".to_owned(),
            OcrError::Io(_) => "the document could not be read".to_owned(),
            other => other.to_string(),
        };
        Self { code, message }
    }
}

impl From<EvidenceError> for Failure {
    fn from(error: EvidenceError) -> Self {
        let (code, message) = match &error {
            EvidenceError::NotFound { .. } => ("unknown_claim", "claim_id: no such claim or document".to_owned()),
            EvidenceError::StaleRun { .. } => ("stale_run", error.to_string()),
            _ => ("claims_service_unavailable", error.to_string()),
        };
        Self { code, message }
    }
}
