//! A claim's intake and document; the evidence and the decision of its run.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use crate::api::{ApiError, App, JsonBody};
use crate::domain::{ClaimStatus, DecisionDocument, Evidence, NewEvidence, RunId};
use crate::store::Written;

#[derive(Serialize)]
pub struct Intake {
    claim_id: String,
    claim_number: String,
    user_id: String,
    claim_type: Option<String>,
    received_date: String,
    document_path: String,
    document_sha256: String,
    status: ClaimStatus,
}

pub async fn intake(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Intake>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    Ok(Json(Intake {
        claim_id: claim.claim_id.to_string(),
        claim_number: claim.claim_number,
        user_id: claim.user_id,
        claim_type: claim.claim_type,
        received_date: claim.received_date,
        document_path: claim.document_path,
        document_sha256: claim.document.sha256,
        status: claim.status,
    }))
}

pub async fn document(State(app): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let opened = app.documents.read(&claim.document.sha256).await?;
    let headers = [
        (header::CONTENT_TYPE, claim.document.media_type),
        (header::CONTENT_LENGTH, opened.size_bytes.to_string()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::HeaderName::from_static("x-filename"), header_name(&claim.document.filename)),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(opened.file))).into_response())
}

/// A plain name stays as it is; any other is percent-encoded to fit a header.
fn header_name(filename: &str) -> String {
    let plain = filename.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if plain { filename.to_owned() } else { utf8_percent_encode(filename, NON_ALPHANUMERIC).to_string() }
}

fn run_of(headers: &HeaderMap) -> Result<RunId, ApiError> {
    let value = headers.get("x-claim-run").ok_or_else(|| ApiError::invalid("X-Claim-Run", "is required"))?;
    let text = value.to_str().unwrap_or_default().trim();
    RunId::parse(text).map_err(|error| ApiError::invalid("X-Claim-Run", error))
}

#[derive(Serialize)]
struct Receipt {
    evidence_id: String,
    sha256: String,
}

pub async fn record_evidence(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(evidence): JsonBody<NewEvidence>,
) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let run = run_of(&headers)?;
    evidence.check().map_err(|error| ApiError::invalid("evidence", error))?;
    let (kept, _) = app.store.record_evidence(&claim.claim_id, &run, &evidence, app.clock.now()).await?;
    let receipt = Receipt { evidence_id: kept.evidence_id, sha256: kept.sha256 };
    Ok((StatusCode::CREATED, Json(receipt)).into_response())
}

#[derive(Serialize)]
pub struct EvidenceSet {
    claim_id: String,
    run_id: Option<String>,
    /// Latest of each kind first.
    evidence: Vec<Evidence>,
}

pub async fn evidence(State(app): State<App>, Path(id): Path<String>) -> Result<Json<EvidenceSet>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let evidence = app.store.evidence(&claim.claim_id).await?;
    Ok(Json(EvidenceSet {
        claim_id: claim.claim_id.to_string(),
        run_id: claim.current_run.map(|run| run.to_string()),
        evidence,
    }))
}

/// The decision document with the digest of the evidence it rests on beside or around it.
#[derive(Deserialize)]
pub struct PostedDecision {
    #[serde(default)]
    evidence_sha256: Option<String>,
    #[serde(flatten)]
    document: DecisionDocument,
}

pub async fn record_decision(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let run = run_of(&headers)?;
    let posted = posted_decision(body)?;
    let digest = posted.evidence_sha256.unwrap_or_default();
    if digest.is_empty() || digest.len() > 128 || !digest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiError::invalid("evidence_sha256", "must be 1 to 128 letters or digits"));
    }
    let mut document = posted.document;
    document.check().map_err(|error| ApiError::invalid("decision", error))?;
    let named = document.extra.get("claim_id").and_then(Value::as_str);
    if named.is_some_and(|named| named != claim.claim_id.as_str()) {
        return Err(ApiError::invalid("claim_id", "must be the claim of the path"));
    }
    document.extra.insert("evidence_sha256".into(), json!(digest));
    let (record, written) =
        app.store.record_decision(&claim.claim_id, &run, &document, &digest, app.clock.now()).await?;
    let status = if written == Written::Created { StatusCode::CREATED } else { StatusCode::OK };
    let mut body = serde_json::to_value(&record.document).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("decision_id".into(), json!(record.decision_id));
        fields.insert("version".into(), json!(record.version));
    }
    Ok((status, Json(body)).into_response())
}

/// Takes `{…decision document…, evidence_sha256}` and `{decision: {…}, evidence_sha256}`.
fn posted_decision(body: Value) -> Result<PostedDecision, ApiError> {
    let mut body = body;
    let inner = body.get_mut("decision").filter(|inner| inner.is_object()).map(Value::take);
    let flat = match inner {
        Some(mut inner) => {
            let digest = body.get("evidence_sha256").cloned();
            if let (Some(fields), Some(digest)) = (inner.as_object_mut(), digest) {
                fields.insert("evidence_sha256".into(), digest);
            }
            inner
        }
        None => body,
    };
    serde_path_to_error::deserialize(flat).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "decision".to_owned() } else { path };
        ApiError::invalid(&field, error.inner())
    })
}
