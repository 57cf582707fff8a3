//! `/v1/batches`: a file of requests, answered in the background within a day.

mod answer;
mod input;
mod output;
mod work;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use ports::access::{Action, Principal};
use ports::batches::{Batch, BatchStatus};
use ports::responses::Page;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wire::JsonObject;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

pub use work::{Crew, work_on_all};

const WINDOW_SECONDS: i64 = 86_400;
/// Requests may be of these kinds.
const ENDPOINTS: [&str; 4] = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"];

/// Routes below `/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/batches", post(create).get(list))
        .route("/batches/{batch_id}", get(one))
        .route("/batches/{batch_id}/cancel", post(cancel))
}

pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/batches"),
    ("GET", "/batches"),
    ("GET", "/batches/{batch_id}"),
    ("POST", "/batches/{batch_id}/cancel"),
];

#[derive(Deserialize, JsonSchema)]
pub struct Create {
    input_file_id: String,
    endpoint: String,
    completion_window: String,
    #[serde(default)]
    metadata: Option<JsonObject>,
    /// The same key with the same request gives the same batch.
    #[serde(default)]
    idempotency_key: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Create>,
) -> Result<Json<Value>, ApiError> {
    let refuse = |field: &str, given: &str, supported: &str| {
        let message =
            format!("{field}: invalid_value: Invalid value: {field} '{given}'. Supported values: {supported}");
        ApiError { code: Some("invalid_value".into()), ..ApiError::invalid(field, message) }
    };
    if !ENDPOINTS.contains(&request.endpoint.as_str()) {
        return Err(refuse("endpoint", &request.endpoint, &ENDPOINTS.join(", ")));
    }
    if request.completion_window != "24h" {
        return Err(refuse("completion_window", &request.completion_window, "24h"));
    }
    if let Some(metadata) = &request.metadata {
        engine::options::check_metadata(metadata)?;
    }
    let now = app.responder.clock.unix_seconds();
    let id = match &request.idempotency_key {
        Some(key) => keyed(key, cx.caller.as_deref()),
        None => app.responder.ids.fresh("batch"),
    };
    let batch = Batch {
        id,
        endpoint: request.endpoint,
        input_file_id: request.input_file_id,
        metadata: request.metadata,
        status: BatchStatus::Validating,
        created_at: now,
        expires_at: now + WINDOW_SECONDS,
        times: JsonObject::new(),
        output_file_id: None,
        error_file_id: None,
        errors: Vec::new(),
        total: 0,
        completed: 0,
        failed: 0,
        owner: cx.caller.clone(),
    };
    if app.stores.batches.create_batch(&batch).await? {
        app.crew.wake();
        return Ok(Json(shown(&batch)));
    }
    let known = known(&app, &batch.id, cx.caller.as_deref()).await?;
    let same = known.endpoint == batch.endpoint
        && known.input_file_id == batch.input_file_id
        && known.metadata == batch.metadata;
    match same {
        true => Ok(Json(shown(&known))),
        false => {
            let message = "Conflict: idempotency_key was used before with another request; use a new key";
            Err(ApiError { param: Some("idempotency_key".into()), ..ApiError::new(StatusCode::CONFLICT, message) })
        }
    }
}

/// One id for a key and its owner.
fn keyed(key: &str, owner: Option<&Principal>) -> String {
    let mut hash = Sha256::new();
    hash.update(owner.map_or("", |owner| owner.id.as_str()).as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    let digits = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("batch_{digits}")
}

async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<Batch, ApiError> {
    let found = app.stores.batches.batch_by_id(id, owner).await?;
    found.ok_or_else(|| ApiError::not_found(format!("Batch '{id}' not found.")))
}

async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&known(&app, &id, cx.caller.as_deref()).await?)))
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    let limit = paging.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("limit", "limit must be between 1 and 100"));
    }
    let page = Page { after: paging.after, before: None, limit, ascending: false };
    let listed = app.stores.batches.batches(&page, cx.caller.as_deref()).await?;
    let data: Vec<Value> = listed.rows.iter().map(shown).collect();
    let id_of = |batch: Option<&Batch>| batch.map(|batch| batch.id.clone());
    let (first_id, last_id) = (id_of(listed.rows.first()), id_of(listed.rows.last()));
    Ok(Json(json!({
        "object": "list", "data": data, "first_id": first_id, "last_id": last_id, "has_more": listed.has_more,
    })))
}

/// Requests that are running end first; what they answered is in the output file.
async fn cancel(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    loop {
        let mut batch = known(&app, &id, owner).await?;
        app.responder.permit(Action::Update, &batch, owner)?;
        let from = batch.status;
        match from {
            BatchStatus::Cancelling | BatchStatus::Cancelled => return Ok(Json(shown(&batch))),
            BatchStatus::Validating | BatchStatus::InProgress => {}
            other => {
                let message = format!("Cannot cancel batch '{id}': it is {}", other.name());
                return Err(ApiError::new(StatusCode::CONFLICT, message));
            }
        }
        enter(&app, &mut batch, BatchStatus::Cancelling);
        // The worker may have moved it on in between: then look again.
        if app.stores.batches.advance_batch(&batch, &[from]).await? {
            app.crew.wake();
            return Ok(Json(shown(&batch)));
        }
    }
}

/// Gives the batch a status, and the time it began.
fn enter(app: &App, batch: &mut Batch, status: BatchStatus) {
    batch.status = status;
    batch.times.insert(format!("{}_at", status.name()), json!(app.responder.clock.unix_seconds()));
}

fn shown(batch: &Batch) -> Value {
    let at = |status: BatchStatus| batch.times.get(&format!("{}_at", status.name())).cloned().unwrap_or_default();
    let errors = (!batch.errors.is_empty()).then(|| json!({"object": "list", "data": batch.errors}));
    json!({
        "id": batch.id, "object": "batch", "endpoint": batch.endpoint, "input_file_id": batch.input_file_id,
        "completion_window": "24h", "status": batch.status.name(), "created_at": batch.created_at,
        "expires_at": batch.expires_at, "metadata": batch.metadata, "errors": errors,
        "output_file_id": batch.output_file_id, "error_file_id": batch.error_file_id,
        "request_counts": {"total": batch.total, "completed": batch.completed, "failed": batch.failed},
        "in_progress_at": at(BatchStatus::InProgress), "finalizing_at": at(BatchStatus::Finalizing),
        "completed_at": at(BatchStatus::Completed), "failed_at": at(BatchStatus::Failed),
        "expired_at": at(BatchStatus::Expired), "cancelling_at": at(BatchStatus::Cancelling),
        "cancelled_at": at(BatchStatus::Cancelled),
    })
}
