//! The queue: what waits and runs, calling a claim off, and many claims at once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiError, ApiQuery, App, JsonBody, shown};
use crate::access::Caller;
use crate::domain::{ClaimId, ClaimStatus, Outcome, Run, RunOptions, RunState, fresh_id};
use crate::store::{BatchReport, QueueDepth};

const MOST_IN_BATCH: usize = 1000;
const MAX_PAGE_SIZE: i64 = 100;

/// Checks the options of one claim or many.
pub fn checked(options: &RunOptions) -> Result<(), ApiError> {
    if options.workflow_type.len() > 64 {
        return Err(ApiError::invalid("workflow_type", "must be at most 64 bytes"));
    }
    if !(0..=RunOptions::HIGHEST_PRIORITY).contains(&options.priority) {
        return Err(ApiError::invalid("priority", "must be 0 to 9"));
    }
    Ok(())
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CancelView {
    claim_id: String,
    /// Where the claim stands now: as its last decision left it, else pending.
    status: ClaimStatus,
}

/// Calls off a claim that waits or is being processed. 409 when it is neither, or is decided already.
#[utoipa::path(post, path = "/api/v1/claims/{id}/cancel", params(("id" = String, Path)), responses((status = 200, body = CancelView), (status = 404), (status = 409)))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CancelView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    app.store.cancel(&claim.claim_id, &caller.subject, app.clock.now()).await?;
    tracing::info!(claim_id = %claim.claim_id, "claim called off");
    let status = app.existing_claim(&id).await?.status;
    Ok(Json(CancelView { claim_id: claim.claim_id.to_string(), status }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct BatchRequest {
    /// 1 to 1,000 claims, each named once.
    claim_ids: Vec<String>,
    #[serde(flatten)]
    options: RunOptions,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    batch_id: String,
    created_at: String,
    /// Claims that were accepted.
    total: i64,
    waiting: i64,
    running: i64,
    cancelled: i64,
    approved: i64,
    denied: i64,
    manual_review: i64,
    /// All accepted claims are decided or called off.
    done: bool,
    refused: Vec<RefusedView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedView {
    claim_id: String,
    why: String,
}

impl BatchView {
    fn new(batch_id: String, report: BatchReport) -> Self {
        let decided = |outcome| report.decided.get(&outcome).copied().unwrap_or_default();
        let refused = report.refused.iter();
        Self {
            batch_id,
            created_at: report.created_at.to_string(),
            total: report.total,
            waiting: report.waiting,
            running: report.running,
            cancelled: report.cancelled,
            approved: decided(Outcome::Approve),
            denied: decided(Outcome::Deny),
            manual_review: decided(Outcome::ManualReview),
            done: report.waiting + report.running == 0,
            refused: refused.map(|(id, why)| RefusedView { claim_id: id.to_string(), why: why.clone() }).collect(),
        }
    }
}

/// Accepts many claims at once. What cannot be accepted is said, and keeps no other claim back.
#[utoipa::path(post, path = "/api/v1/batches", request_body = BatchRequest, responses((status = 202, body = BatchView), (status = 400)))]
pub async fn submit(State(app): State<App>, JsonBody(batch): JsonBody<BatchRequest>) -> Result<Response, ApiError> {
    checked(&batch.options)?;
    if !(1..=MOST_IN_BATCH).contains(&batch.claim_ids.len()) {
        return Err(ApiError::invalid("claim_ids", "must name 1 to 1000 claims"));
    }
    let mut ids = Vec::with_capacity(batch.claim_ids.len());
    for (index, text) in batch.claim_ids.iter().enumerate() {
        let rule = |why: &str| ApiError::invalid(&format!("claim_ids[{index}]"), format!("{}: {why}", shown(text)));
        let id = ClaimId::parse(text).map_err(|_| rule("is not a claim id"))?;
        ids.push(id);
    }
    let named: std::collections::BTreeSet<&str> = ids.iter().map(ClaimId::as_str).collect();
    if named.len() != ids.len() {
        return Err(ApiError::invalid("claim_ids", "must name each claim once"));
    }
    let batch_id = fresh_id("batch");
    app.workflow.accept_batch(&batch_id, &ids, &batch.options).await?;
    let place = format!("/api/v1/batches/{batch_id}");
    let view = report_of(&app, batch_id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(view)).into_response())
}

/// How far a batch is.
#[utoipa::path(get, path = "/api/v1/batches/{id}", params(("id" = String, Path)), responses((status = 200, body = BatchView), (status = 404)))]
pub async fn batch(State(app): State<App>, Path(id): Path<String>) -> Result<Json<BatchView>, ApiError> {
    report_of(&app, id).await.map(Json)
}

async fn report_of(app: &App, id: String) -> Result<BatchView, ApiError> {
    let report = app.store.batch(&id).await?;
    let report = report.ok_or_else(|| ApiError::not_found(format!("batch {} not found", shown(&id))))?;
    Ok(BatchView::new(id, report))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// queued, running, finished, abandoned or cancelled.
    state: Option<String>,
    /// From 1.
    page: Option<i64>,
    /// 1 to 100; 50 when absent.
    page_size: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// Latest first.
    jobs: Vec<JobView>,
    page: i64,
    page_size: i64,
    /// Whether there is another page.
    more: bool,
    waiting: i64,
    running: i64,
    oldest_waiting_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    claim_id: String,
    batch_id: Option<String>,
    state: RunState,
    attempt: i64,
    priority: i64,
    queued_at: String,
    /// A run that is tried again is not taken before.
    not_before: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    /// `decided`, or one word for what went wrong, e.g. `stack_unreachable`.
    end_reason: Option<String>,
}

impl From<&Run> for JobView {
    // The run's own id authorises writing evidence, so it stays inside.
    fn from(run: &Run) -> Self {
        Self {
            claim_id: run.claim_id.to_string(),
            batch_id: run.batch_id.clone(),
            state: run.state,
            attempt: run.attempt,
            priority: run.priority,
            queued_at: run.queued_at.to_string(),
            not_before: run.not_before.to_string(),
            started_at: run.started_at.map(|time| time.to_string()),
            ended_at: run.ended_at.map(|time| time.to_string()),
            end_reason: run.end_reason.clone(),
        }
    }
}

/// What waits, runs and ran. `state=finished` with an `end_reason` other than `decided` are those that failed.
#[utoipa::path(get, path = "/api/v1/jobs", params(JobsQuery), responses((status = 200, body = JobList), (status = 400)))]
pub async fn list(State(app): State<App>, ApiQuery(query): ApiQuery<JobsQuery>) -> Result<Json<JobList>, ApiError> {
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let state = given(query.state);
    let rule = "must be queued, running, finished, abandoned or cancelled";
    let state = state.map(|text| RunState::parse(&text).ok_or_else(|| ApiError::invalid("state", rule))).transpose()?;
    let (number, size) = (query.page.unwrap_or(1), query.page_size.unwrap_or(50));
    if !(1..=1_000_000).contains(&number) {
        return Err(ApiError::invalid("page", "must be 1 to 1000000"));
    }
    if !(1..=MAX_PAGE_SIZE).contains(&size) {
        return Err(ApiError::invalid("page_size", "must be 1 to 100"));
    }
    let mut page = app.store.jobs(state, (number - 1) * size, size + 1).await?;
    let size_shown = usize::try_from(size).unwrap_or(usize::MAX);
    let more = page.runs.len() > size_shown;
    page.runs.truncate(size_shown);
    let QueueDepth { waiting, running, oldest_waiting } = page.depth;
    Ok(Json(JobList {
        jobs: page.runs.iter().map(JobView::from).collect(),
        page: number,
        page_size: size,
        more,
        waiting,
        running,
        oldest_waiting_at: oldest_waiting.map(|time| time.to_string()),
    }))
}
