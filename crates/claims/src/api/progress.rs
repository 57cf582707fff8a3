//! How far a claim is: status, and the steps of its latest run.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ApiError, App};
use crate::access::Caller;
use crate::domain::{ClaimStatus, Step, StepKind, StepStatus};
use crate::workflow::TOOLS;

/// A step, in the older API's field names plus our own.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    index: i64,
    kind: StepKind,
    step_name: String,
    agent_name: String,
    tool: Option<String>,
    status: StepStatus,
    duration_ms: Option<i64>,
    started_at: String,
    completed_at: Option<String>,
    /// What the model passed, parsed where it is JSON.
    arguments: Option<Value>,
    /// The tool's answer (an excerpt when long), or what the model wrote between two tools.
    output_data: Option<Value>,
    error_message: Option<String>,
}

impl StepView {
    /// For whoever may not see what was read and written, `texts` is false: what happened and when is left.
    pub fn new(step: Step, texts: bool) -> Self {
        let parsed = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            index: step.index,
            kind: step.kind,
            duration_ms: step.duration_ms(),
            step_name: step.name,
            agent_name: step.agent,
            tool: step.tool,
            status: step.status,
            started_at: step.started_at.to_string(),
            completed_at: step.completed_at.map(|time| time.to_string()),
            arguments: step.arguments.filter(|_| texts).map(parsed),
            output_data: step.output.filter(|_| texts).map(parsed),
            error_message: step.error.filter(|_| texts),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatusView {
    claim_id: String,
    status: ClaimStatus,
    /// The step that runs now.
    current_step: Option<String>,
    /// Tools done out of four while processing; 100 when decided.
    progress_percentage: f64,
    processing_steps: Vec<StepView>,
    /// Not known: always null.
    estimated_completion_time: Option<String>,
}

/// Status and steps of the latest run; the steps without their texts for a role that may not see them.
#[utoipa::path(get, path = "/api/v1/claims/{id}/status", params(("id" = String, Path)), responses((status = 200, body = StatusView), (status = 404)))]
pub async fn status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<StatusView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let steps = app.store.steps(&claim.claim_id).await?;
    let running = steps.iter().rev().find(|step| step.status == StepStatus::Running);
    let done = TOOLS.iter().filter(|role| {
        steps.iter().any(|step| step.tool.as_deref() == Some(role.tool) && step.status == StepStatus::Completed)
    });
    let progress = match claim.status {
        ClaimStatus::Pending => 0.0,
        ClaimStatus::Processing => 100.0 * done.count() as f64 / (TOOLS.len() + 1) as f64,
        _ => 100.0,
    };
    Ok(Json(StatusView {
        claim_id: claim.claim_id.to_string(),
        status: claim.status,
        current_step: running.map(|step| step.name.clone()),
        progress_percentage: progress,
        processing_steps: steps.into_iter().map(|step| StepView::new(step, caller.sees_texts())).collect(),
        estimated_completion_time: None,
    }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LogsView {
    claim_id: String,
    logs: Vec<StepView>,
}

/// The steps of the latest run.
#[utoipa::path(get, path = "/api/v1/claims/{id}/logs", params(("id" = String, Path)), responses((status = 200, body = LogsView), (status = 404)))]
pub async fn logs(State(app): State<App>, Path(id): Path<String>) -> Result<Json<LogsView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let steps = app.store.steps(&claim.claim_id).await?;
    let logs = steps.into_iter().map(|step| StepView::new(step, true)).collect();
    Ok(Json(LogsView { claim_id: claim.claim_id.to_string(), logs }))
}
