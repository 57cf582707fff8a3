//! The FMS guardrails orchestrator, as OpenShift AI deploys it: `/api/v2/text/detection/content`.

use async_trait::async_trait;
use ports::CallContext;
use ports::detectors::{Detection, Detectors};
use ports::inference::InferenceError;
use serde::{Deserialize, Serialize};

use super::config::OpenAiConfig;
use super::transport::OpenAiCompatible;

const CONTENT: &str = "api/v2/text/detection/content";

/// Not OpenAI's API, but reached, tried again and trusted by the same rules.
pub struct FmsOrchestrator {
    server: OpenAiCompatible,
}

impl FmsOrchestrator {
    /// `base_url` is the orchestrator's own address; models are of no meaning.
    pub fn new(config: OpenAiConfig) -> Self {
        Self { server: OpenAiCompatible::new(config) }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    detectors: &'a wire::JsonObject,
    content: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    detections: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    start: u64,
    #[serde(default)]
    end: u64,
    #[serde(default)]
    detection: String,
    #[serde(default)]
    detection_type: String,
    #[serde(default)]
    detector_id: String,
    score: f64,
}

#[async_trait]
impl Detectors for FmsOrchestrator {
    async fn detect(
        &self,
        detectors: &wire::JsonObject,
        text: &str,
        cx: &CallContext,
    ) -> Result<Vec<Detection>, InferenceError> {
        let response = self.server.post_outside(CONTENT, &Question { detectors, content: text }, cx).await?;
        let answer: Answer = response.json().await.map_err(|error| InferenceError::Upstream {
            status: 502,
            message: format!("not an answer of a guardrails orchestrator: {}", error.without_url()),
        })?;
        let found = answer.detections.into_iter().map(|row| Detection {
            detector: row.detector_id,
            kind: row.detection_type,
            label: row.detection,
            score: row.score,
            span: (row.start, row.end),
        });
        Ok(found.collect())
    }
}
