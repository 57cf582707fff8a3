//! `POST /api/v1/claims`: by JSON with a path, or by upload.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::claims::ClaimView;
use super::upload::read_form;
use super::{ApiError, App, ErrorKind, JsonBody};
use crate::access::Caller;
use crate::domain::{ClaimId, DocumentInfo, NewClaim, digest};
use crate::store::{SubmissionKey, Written};

const UPLOAD_TIME: Duration = Duration::from_secs(120);
const MAX_METADATA_BYTES: usize = 16 * 1024;
const MAX_PATH_CHARS: usize = 1024;

/// A submission by JSON. `document_path` names a file under one of the service's document roots.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Submission {
    pub user_id: String,
    /// Made up when absent.
    #[serde(default)]
    pub claim_number: Option<String>,
    /// The uploader's hint: auto, home, health, travel, life, …
    #[serde(default)]
    pub claim_type: Option<String>,
    /// YYYY-MM-DD; today (UTC) when absent. The notification date of the policy.
    #[serde(default)]
    pub received_date: Option<String>,
    #[serde(default)]
    pub document_path: Option<String>,
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// Submits a claim: JSON, or multipart with `file`, `user_id`, `received_date`, `claim_type`, `claim_number`.
///
/// An unknown user is accepted: the policy sends the claim to a person.
///
/// With an `Idempotency-Key` header the same submission again answers 200 with the claim it made; another one under the
/// same key is refused.
#[utoipa::path(post, path = "/api/v1/claims", params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 printable ASCII characters")), request_body = Submission, responses((status = 201, body = SubmittedView), (status = 200, body = SubmittedView), (status = 400), (status = 409), (status = 413), (status = 415)))]
pub async fn create(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let key = submission_key(request.headers())?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (submission, document) = match kind.as_str() {
        "multipart/form-data" => {
            let _permit = app.uploads.clone().try_acquire_owned().map_err(|_| busy())?;
            let reading = tokio::time::timeout(UPLOAD_TIME, read_form(request, app.documents.limit()));
            let form = reading.await.map_err(|_| ApiError::new(ErrorKind::TooSlow, "the upload took too long"))??;
            checked(&app, &form.submission)?;
            let document = app.documents.put(form.bytes, &form.filename).await?;
            (form.submission, document)
        }
        "application/json" | "" => {
            let JsonBody(submission) = JsonBody::<Submission>::from_request(request, &app).await?;
            checked(&app, &submission)?;
            let named = submission.document_path.as_deref().map(str::trim).filter(|path| !path.is_empty());
            let named = named.ok_or_else(|| ApiError::invalid("document_path", "is required"))?;
            let _permit = app.uploads.clone().try_acquire_owned().map_err(|_| busy())?;
            let (bytes, filename) = app.documents.take_in(&app.config.document_roots, named).await?;
            let document = app.documents.put(bytes, &filename).await?;
            (submission, document)
        }
        _ => {
            let rule = "the body must be application/json or multipart/form-data";
            return Err(ApiError::new(ErrorKind::UnsupportedMedia, rule));
        }
    };
    let now = app.clock.now();
    let asked = asked(&submission, &document);
    let new = new_claim(&app, submission, document)?;
    let (claim, written) = match key {
        None => (app.store.submit(new, now).await?, Written::Created),
        Some(key) => {
            let key = SubmissionKey { caller: caller.subject.to_string(), key, request_sha256: asked };
            app.store.submit_once(new, &key, now).await?
        }
    };
    let status = match written {
        Written::Created => {
            crate::meters::METERS.submitted();
            StatusCode::CREATED
        }
        Written::Same => StatusCode::OK,
    };
    tracing::info!(claim_id = %claim.claim_id, again = written == Written::Same, "claim submitted");
    let known = app.store.claims_with_document(&claim.document.sha256).await?;
    let same_document = known.into_iter().filter(|id| *id != claim.claim_id).map(|id| id.to_string()).collect();
    let place = format!("/api/v1/claims/{}", claim.claim_id);
    let view = SubmittedView { claim: ClaimView::new(claim, Vec::new()), same_document };
    Ok((status, [(header::LOCATION, place)], Json(view)).into_response())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SubmittedView {
    #[serde(flatten)]
    claim: ClaimView,
    /// Other claims that came with this very document: at most 20, latest first.
    same_document: Vec<String>,
}

fn submission_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let printable = !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match printable && text.len() <= 200 {
        true => Ok(Some(text.to_owned())),
        false => Err(ApiError::invalid("Idempotency-Key", "must be 1 to 200 printable ASCII characters")),
    }
}

/// What was asked for, in one digest: the fields as they came and the document's content.
fn asked(submission: &Submission, document: &DocumentInfo) -> String {
    let fields = serde_json::to_string(submission).unwrap_or_default();
    digest(&[&fields, &document.sha256])
}

fn busy() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "too many uploads at one time; try again")
}

/// Checks the fields before the document is kept.
fn checked(app: &App, submission: &Submission) -> Result<(), ApiError> {
    identifier("user_id", &submission.user_id)?;
    if let Some(number) = &submission.claim_number {
        identifier("claim_number", number)?;
    }
    if let Some(hint) = &submission.claim_type {
        let fits =
            hint.len() <= 32 && hint.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !fits {
            return Err(ApiError::invalid("claim_type", "must be at most 32 letters, digits, '_' or '-'"));
        }
    }
    if submission.document_path.as_ref().is_some_and(|path| path.chars().count() > MAX_PATH_CHARS) {
        return Err(ApiError::invalid("document_path", "must be at most 1024 characters"));
    }
    let metadata = submission.metadata.clone().map(Value::Object).unwrap_or_default().to_string();
    if metadata.len() > MAX_METADATA_BYTES {
        return Err(ApiError::invalid("metadata", "must be at most 16384 bytes"));
    }
    received(app, submission)?;
    Ok(())
}

fn identifier(field: &str, text: &str) -> Result<(), ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ApiError::invalid(field, "must not be empty"));
    }
    if text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(ApiError::invalid(field, "must be at most 64 characters without control characters"));
    }
    Ok(())
}

fn received(app: &App, submission: &Submission) -> Result<Date, ApiError> {
    let Some(text) = submission.received_date.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date());
    };
    match text.parse::<Date>() {
        Ok(date) if date.to_string() == text && (1900..=2200).contains(&date.year()) => Ok(date),
        _ => Err(ApiError::invalid("received_date", "must be a date written YYYY-MM-DD")),
    }
}

fn new_claim(app: &App, submission: Submission, document: DocumentInfo) -> Result<NewClaim, ApiError> {
    let received_date = received(app, &submission)?;
    let claim_id = ClaimId::fresh();
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let number = || {
        let unique: String = claim_id.as_str().chars().rev().filter(char::is_ascii_hexdigit).take(10).collect();
        format!("CLM-{}-{}", received_date.year(), unique.to_uppercase())
    };
    Ok(NewClaim {
        claim_number: given(submission.claim_number).unwrap_or_else(number),
        user_id: submission.user_id.trim().to_owned(),
        claim_type: given(submission.claim_type),
        received_date,
        document_path: given(submission.document_path).unwrap_or_else(|| document.filename.clone()),
        metadata: Value::Object(submission.metadata.unwrap_or_default()).to_string(),
        claim_id,
        document,
    })
}
