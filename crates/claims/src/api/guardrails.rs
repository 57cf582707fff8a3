//! What guarded a claim: instructions and personal data found in its document.

use axum::Json;
use axum::extract::{Path, State};
use privacy::{Detector, Found, Kind, Known};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{ApiError, App};
use crate::access::Caller;
use crate::domain::Evidence;

/// Of one document; what is above it is not listed.
const MOST_FOUND: usize = 200;

#[derive(Debug, Serialize, ToSchema)]
pub struct GuardrailsView {
    claim_id: String,
    detections: Vec<Detection>,
    total: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Detection {
    id: String,
    /// `prompt_injection` or `personal_data`.
    detection_type: String,
    severity: String,
    action_taken: String,
    detected_at: String,
    /// Of an instruction: page and text. Of personal data: its `kind`, and `start` and `end` in characters of the
    /// document's text. No text for a role that may not see it.
    record_metadata: Value,
}

/// Instructions and personal data found in the claim's document. No instruction was followed; personal data is in no
/// log, event, trace or search index.
#[utoipa::path(get, path = "/api/v1/claims/{id}/guardrails", params(("id" = String, Path)), responses((status = 200, body = GuardrailsView), (status = 404)))]
pub async fn guardrails(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<GuardrailsView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let evidence = app.store.evidence(&claim.claim_id).await?;
    let found = |kind: &str| evidence.iter().find(|found| found.kind == kind);
    let mut detections = Vec::new();
    if let Some(document) = found("document") {
        detections.extend(injections(document));
        detections.extend(personal_data(document, found("policyholder")));
    }
    if !caller.sees_texts() {
        for detection in &mut detections {
            let kept = |key: &str| detection.record_metadata.get(key).cloned().map(|value| (key.to_owned(), value));
            detection.record_metadata = ["page", "kind", "start", "end"].into_iter().filter_map(kept).collect();
        }
    }
    Ok(Json(GuardrailsView { claim_id: claim.claim_id.to_string(), total: detections.len(), detections }))
}

fn injections(evidence: &Evidence) -> Vec<Detection> {
    let document = evidence.payload.get("document").and_then(Value::as_object).cloned().unwrap_or_default();
    let flagged = document.get("injection") == Some(&Value::Bool(true));
    let quotes = document.get("injection_evidence").and_then(Value::as_array).cloned().unwrap_or_default();
    let quotes = if quotes.is_empty() && flagged { vec![Value::Object(Map::new())] } else { quotes };
    let detection = |(index, quote): (usize, Value)| Detection {
        id: format!("{}-{index}", evidence.evidence_id),
        detection_type: "prompt_injection".into(),
        severity: "high".into(),
        action_taken: "sent_to_manual_review".into(),
        detected_at: evidence.created_at.to_string(),
        record_metadata: quote,
    };
    quotes.into_iter().enumerate().map(detection).collect()
}

/// What the detector finds in the document's text, with the names that the policyholder's record and the document tell.
fn personal_data(document: &Evidence, policyholder: Option<&Evidence>) -> Vec<Detection> {
    let mut known = Known::default();
    let owner = policyholder.and_then(|found| found.payload.pointer("/user/full_name"));
    let claimant = document.payload.pointer("/fields/claimant_name/value");
    [owner, claimant].into_iter().flatten().filter_map(Value::as_str).for_each(|name| known.add_name(name));
    let text = document.payload.get("raw_text").and_then(Value::as_str).unwrap_or_default();
    let (mut chars, mut at) = (0, 0);
    let mut detection = |(index, found): (usize, Found)| {
        // Places come in the order of the text: each character is counted once.
        chars += text[at..found.at.start].chars().count();
        let words = &text[found.at.clone()];
        let (start, length) = (chars, words.chars().count());
        chars += length;
        at = found.at.end;
        Detection {
            id: format!("{}-p{index}", document.evidence_id),
            detection_type: "personal_data".into(),
            severity: if matches!(found.kind, Kind::Nir | Kind::Card | Kind::Iban) { "high" } else { "medium" }.into(),
            action_taken: "kept_from_logs_and_search".into(),
            detected_at: document.created_at.to_string(),
            record_metadata: json!({"kind": found.kind.as_str(), "start": start, "end": start + length, "text": words}),
        }
    };
    Detector::new(known).find(text).into_iter().take(MOST_FOUND).enumerate().map(&mut detection).collect()
}
