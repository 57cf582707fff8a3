//! Detectors of unwanted content, behind an orchestrator that knows them by name.

use async_trait::async_trait;

use crate::context::CallContext;
use crate::inference::InferenceError;

/// One thing found in a text. What was found is not repeated: it may be personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The detector's name.
    pub detector: String,
    /// What it takes the passage for: `pii`, `email`, `LABEL_1`.
    pub kind: String,
    pub label: String,
    /// 0 to 1.
    pub score: f64,
    /// Characters of the text, first and one past the last.
    pub span: (u64, u64),
}

#[async_trait]
pub trait Detectors: Send + Sync {
    /// Everything that the named detectors find. `detectors` holds the parameters of each by its name.
    async fn detect(
        &self,
        detectors: &wire::JsonObject,
        text: &str,
        cx: &CallContext,
    ) -> Result<Vec<Detection>, InferenceError>;
}
