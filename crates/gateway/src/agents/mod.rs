//! Agents as Llama Stack 0.3 serves them, under `/v1/agents` and `/v1alpha/agents`. A turn is a response underneath.

mod config;
mod frames;
mod searches;
mod sessions;
mod turn;
mod turning;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use ports::access::Principal;
use ports::agents::{Agent, AgentSession, Slice};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::agents::{CreateAgent, OldPage};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

/// All routes below `/agents`, mounted once for each prefix.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/agents", post(create).get(list))
        .route("/agents/{agent_id}", get(one).delete(remove))
        .route("/agents/{agent_id}/session", post(sessions::create))
        .route("/agents/{agent_id}/sessions", get(sessions::list))
        .route("/agents/{agent_id}/session/{session_id}", get(sessions::one).delete(sessions::remove))
        .route("/agents/{agent_id}/session/{session_id}/turn", post(turn::create))
        .route("/agents/{agent_id}/session/{session_id}/turn/{turn_id}", get(turn::one))
        .route("/agents/{agent_id}/session/{session_id}/turn/{turn_id}/resume", post(turn::resume))
        .route("/agents/{agent_id}/session/{session_id}/turn/{turn_id}/step/{step_id}", get(turn::step))
}

/// Method and path of each, without the prefix.
pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/agents"),
    ("GET", "/agents"),
    ("GET", "/agents/{agent_id}"),
    ("DELETE", "/agents/{agent_id}"),
    ("POST", "/agents/{agent_id}/session"),
    ("GET", "/agents/{agent_id}/sessions"),
    ("GET", "/agents/{agent_id}/session/{session_id}"),
    ("DELETE", "/agents/{agent_id}/session/{session_id}"),
    ("POST", "/agents/{agent_id}/session/{session_id}/turn"),
    ("GET", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}"),
    ("POST", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}/resume"),
    ("GET", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}/step/{step_id}"),
];

#[derive(Deserialize)]
pub struct OldPaging {
    start_index: Option<u32>,
    limit: Option<u32>,
}

impl OldPaging {
    fn slice(&self) -> Result<Slice, ApiError> {
        let limit = self.limit.unwrap_or(1000);
        if !(1..=1000).contains(&limit) {
            return Err(ApiError::invalid("limit", "limit must be between 1 and 1000"));
        }
        Ok(Slice { start: self.start_index.unwrap_or(0), limit })
    }
}

async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CreateAgent>,
) -> Result<Json<Value>, ApiError> {
    let mut config = request.agent_config;
    config::complete(&mut config, app.edge.default_model.as_deref())?;
    let id = app.fresh_uuid();
    let created_at = app.responder.clock.now().as_microsecond();
    app.stores.agents.put_agent(&Agent { id: id.clone(), config, created_at, owner: cx.caller }).await?;
    Ok(Json(json!({"agent_id": id})))
}

async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(paging): Query<OldPaging>,
) -> Result<Json<OldPage<Value>>, ApiError> {
    let listed = app.stores.agents.agents(paging.slice()?, cx.caller.as_deref()).await?;
    let data = listed.rows.into_iter().map(shown).collect();
    Ok(Json(OldPage { data, has_more: listed.has_more, url: "/v1/agents".into() }))
}

async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(agent(&app, &id, cx.caller.as_deref()).await?)))
}

async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match app.stores.agents.remove_agent(&id, cx.caller.as_deref()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown_agent(&id)),
    }
}

fn shown(agent: Agent) -> Value {
    json!({"agent_id": agent.id, "agent_config": agent.config, "created_at": iso(agent.created_at)})
}

async fn agent(app: &App, id: &str, owner: Option<&Principal>) -> Result<Agent, ApiError> {
    app.stores.agents.agent(id, owner).await?.ok_or_else(|| unknown_agent(id))
}

async fn session(app: &App, agent: &str, id: &str, owner: Option<&Principal>) -> Result<AgentSession, ApiError> {
    let found = app.stores.agents.agent_session(agent, id, owner).await?;
    found.ok_or_else(|| ApiError::invalid("session_id", format!("Invalid value: Session {id} not found")))
}

/// The routes exist only in 0.3, which answers 400 to ids it does not know.
fn unknown_agent(id: &str) -> ApiError {
    ApiError::invalid("agent_id", format!("Invalid value: Could not find agent info for {id}"))
}

/// Unix microseconds as 0.3 writes times: `2026-11-22T17:40:22.685418Z`.
fn iso(microseconds: i64) -> String {
    jiff::Timestamp::from_microsecond(microseconds).map(|time| format!("{time:.6}")).unwrap_or_default()
}
