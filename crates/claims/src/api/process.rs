//! `POST /api/v1/claims/{id}/process`: 202 at once, or the result when the caller waits.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::claims::BriefView;
use super::{ApiError, ApiQuery, App, JsonBody};
use crate::domain::{Claim, ClaimId, ClaimStatus, RunId, RunOptions, RunState};

const LONGEST_WAIT: u64 = 3600;
/// A hint may be lost or belong to another process: look again now and then.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Seconds to wait for the result, or `true` for as long as a run may take.
    wait: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProcessView {
    claim_id: String,
    status: ClaimStatus,
    message: String,
    processing_started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    processing_completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<BriefView>,
}

/// Accepts the claim for processing. The body is optional. A claim that was decided is processed again.
#[utoipa::path(post, path = "/api/v1/claims/{id}/process", params(("id" = String, Path), WaitQuery), request_body(content = Option<RunOptions>), responses((status = 202, body = ProcessView), (status = 200, body = ProcessView), (status = 400), (status = 404), (status = 409), (status = 429)))]
pub async fn process(
    State(app): State<App>,
    Path(id): Path<String>,
    ApiQuery(query): ApiQuery<WaitQuery>,
    JsonBody(options): JsonBody<RunOptions>,
) -> Result<Response, ApiError> {
    let wait = wait_of(&app, query.wait.as_deref())?;
    super::jobs::checked(&options)?;
    let claim = app.existing_claim(&id).await?;
    let run = app.workflow.accept(&claim.claim_id, &options).await?;
    let started = run.queued_at.to_string();
    let ended = match wait {
        Some(limit) => wait_for_end(&app, &claim.claim_id, &run.run_id, limit).await?,
        None => None,
    };
    let place = format!("/api/v1/claims/{}/status", claim.claim_id);
    let (status, message) = match &ended {
        Some(_) => (StatusCode::OK, "processing finished"),
        None => (StatusCode::ACCEPTED, "processing accepted"),
    };
    let view = view_of(&claim.claim_id, ended, message, started);
    Ok((status, [(header::LOCATION, place)], Json(view)).into_response())
}

fn view_of(id: &ClaimId, ended: Option<Claim>, message: &str, started: String) -> ProcessView {
    ProcessView {
        claim_id: id.to_string(),
        status: ended.as_ref().map_or(ClaimStatus::Processing, |claim| claim.status),
        message: message.to_owned(),
        processing_started_at: started,
        processing_completed_at: ended.as_ref().and_then(|claim| claim.processed_at).map(|time| time.to_string()),
        decision: ended.and_then(|claim| claim.decision).map(BriefView::from),
    }
}

fn wait_of(app: &App, wait: Option<&str>) -> Result<Option<Duration>, ApiError> {
    match wait.map(str::trim) {
        None | Some("" | "false" | "0") => Ok(None),
        // A claim may wait in the queue behind others before its own run begins.
        Some("true") => Ok(Some(Duration::from_secs((app.config.run_timeout_seconds * 2).min(LONGEST_WAIT)))),
        Some(text) => match text.parse::<u64>() {
            Ok(seconds) if seconds <= LONGEST_WAIT => Ok(Some(Duration::from_secs(seconds))),
            _ => Err(ApiError::invalid("wait", "must be true, false or 0 to 3600 seconds")),
        },
    }
}

/// The claim once this run has ended, or `None` when the wait is over first.
async fn wait_for_end(app: &App, id: &ClaimId, run: &RunId, limit: Duration) -> Result<Option<Claim>, ApiError> {
    let mut changes = app.store.watch();
    let until = tokio::time::Instant::now() + limit;
    loop {
        let state = app.store.run(run).await?.map(|run| run.state);
        if matches!(state, None | Some(RunState::Finished | RunState::Abandoned | RunState::Cancelled)) {
            return Ok(app.store.claim(id).await?.filter(|claim| claim.status != ClaimStatus::Processing));
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return Ok(None),
                () = app.stop.cancelled() => return Ok(None),
                () = tokio::time::sleep(LOOK_AGAIN) => break,
                changed = changes.recv() => match changed {
                    Ok(changed) if changed != *id => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return Ok(None),
                },
            }
        }
    }
}
