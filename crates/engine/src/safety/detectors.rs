//! A shield whose judges are detectors behind an orchestrator, configured as OpenShift AI's guide writes it.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use ports::CallContext;
use ports::detectors::{Detection, Detectors};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::chat::{ChatMessage, Role};

use super::Violation;
use crate::request::{RequestError, invalid};

/// Messages of one call.
const MOST: usize = 256;
/// Messages asked about at the same time.
const TOGETHER: usize = 8;

/// `params` of the shield.
#[derive(Debug, Deserialize)]
pub struct Params {
    #[serde(default = "half")]
    confidence_threshold: f64,
    /// Roles that are judged; all when absent or empty.
    #[serde(default)]
    message_types: Vec<Role>,
    detectors: serde_json::Map<String, Value>,
}

fn half() -> f64 {
    0.5
}

impl Params {
    /// From a registration; the error names the field.
    pub fn read(params: &Value) -> Result<Self, RequestError> {
        if params.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "content") {
            return Err(invalid("params.type", "params.type must be content: each message is judged by its text"));
        }
        let read: Self = serde_json::from_value(params.clone())
            .map_err(|error| invalid("params", format!("params of a trustyai_fms shield: {error}")))?;
        if read.detectors.is_empty() {
            return Err(invalid("params.detectors", "params.detectors must name at least one detector"));
        }
        if !(0.0..=1.0).contains(&read.confidence_threshold) {
            let rule = "params.confidence_threshold must be between 0 and 1";
            return Err(invalid("params.confidence_threshold", rule));
        }
        Ok(read)
    }

    /// Each detector's own parameters, which stand below `detector_params` or bare.
    fn asked(&self) -> JsonObject {
        let bare = |value: &Value| value.get("detector_params").unwrap_or(value).clone();
        self.detectors.iter().map(|(name, value)| (name.clone(), bare(value))).collect()
    }
}

/// What the detectors say of all of `messages`.
pub async fn judge(
    detectors: &Arc<dyn Detectors>,
    shield_id: &str,
    params: &Params,
    messages: &[ChatMessage],
    cx: &CallContext,
) -> Result<Option<Violation>, RequestError> {
    if messages.len() > MOST {
        return Err(invalid("messages", format!("messages may hold {MOST} messages for this shield")));
    }
    let asked = params.asked();
    let wanted =
        |message: &ChatMessage| params.message_types.is_empty() || params.message_types.contains(&message.role);
    let judged = messages.iter().enumerate().filter(|(_, message)| wanted(message));
    let judged = judged.map(|(index, message)| (index, message.plain_text())).filter(|(_, text)| !text.is_empty());
    let judged: Vec<(usize, String)> = judged.collect();
    let count = judged.len();
    let answers = futures::stream::iter(judged).map(|(index, text)| {
        let asked = &asked;
        async move { detectors.detect(asked, &text, cx).await.map(|found| (index, found)) }
    });
    let answers: Vec<(usize, Vec<Detection>)> = answers.buffered(TOGETHER).try_collect().await?;
    let sure = |found: Vec<Detection>| -> Vec<Detection> {
        found.into_iter().filter(|detection| detection.score >= params.confidence_threshold).collect()
    };
    let found: Vec<(usize, Vec<Detection>)> = answers.into_iter().map(|(index, found)| (index, sure(found))).collect();
    Ok(violation(shield_id, messages.len(), count, &found))
}

fn violation(shield_id: &str, given: usize, judged: usize, found: &[(usize, Vec<Detection>)]) -> Option<Violation> {
    let mut kinds: Vec<String> = found.iter().flat_map(|(_, found)| found).map(|one| one.kind.clone()).collect();
    kinds.sort();
    kinds.dedup();
    let first = found.iter().flat_map(|(_, found)| found).max_by(|a, b| a.score.total_cmp(&b.score))?;
    let (detector, kind, score) = (&first.detector, &first.kind, first.score);
    let words = format!("Content violation detected by shield {shield_id} ({detector}: {kind}, score {score:.2})");
    let mut violation = Violation::new(&words, &kinds);
    let with = found.iter().filter(|(_, found)| !found.is_empty()).count();
    let results: Vec<Value> = found.iter().map(|(index, found)| result(*index, found)).collect();
    violation.metadata.insert("status".into(), json!("violation"));
    violation.metadata.insert("shield_id".into(), json!(shield_id));
    violation.metadata.insert(
        "summary".into(),
        json!({
            "total_messages": given, "processed_messages": judged, "skipped_messages": given - judged,
            "messages_with_violations": with, "messages_passed": judged - with,
        }),
    );
    violation.metadata.insert("results".into(), Value::Array(results));
    Some(violation)
}

fn result(index: usize, found: &[Detection]) -> Value {
    let best = found.iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let one = |detection: &Detection| {
        json!({
            "detector_id": detection.detector, "detection_type": detection.kind, "detection": detection.label,
            "score": detection.score, "start": detection.span.0, "end": detection.span.1,
        })
    };
    json!({
        "message_index": index, "status": if found.is_empty() { "pass" } else { "violation" },
        "detection_type": best.map(|best| &best.kind), "score": best.map(|best| best.score),
        "individual_detector_results": found.iter().map(one).collect::<Vec<_>>(),
    })
}
