//! Sessions of an agent.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use ports::agents::AgentSession;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::agents::{CreateAgentSession, LegacyTurn, OldPage};

use super::{OldPaging, agent, iso, session};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(agent_id): Path<String>,
    Body(request): Body<CreateAgentSession>,
) -> Result<Json<Value>, ApiError> {
    agent(&app, &agent_id, cx.caller.as_deref()).await?;
    let session = AgentSession {
        id: app.fresh_uuid(),
        agent_id,
        name: request.session_name,
        started_at: app.responder.clock.now().as_microsecond(),
        last_response_id: None,
        owner: cx.caller,
    };
    app.stores.agents.put_agent_session(&session).await?;
    Ok(Json(json!({"session_id": session.id})))
}

/// Sessions without their turns, which can be many: each session gives its own.
pub async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(agent_id): Path<String>,
    Query(paging): Query<OldPaging>,
) -> Result<Json<OldPage<Value>>, ApiError> {
    let owner = cx.caller.as_deref();
    agent(&app, &agent_id, owner).await?;
    let listed = app.stores.agents.agent_sessions(&agent_id, paging.slice()?, owner).await?;
    let data = listed.rows.iter().map(|session| shown(session, Vec::new())).collect();
    Ok(Json(OldPage { data, has_more: listed.has_more, url: format!("/v1/agents/{agent_id}/sessions") }))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((agent_id, session_id)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    let session = session(&app, &agent_id, &session_id, owner).await?;
    let wanted = turn_ids(&query);
    let turns = app.stores.agents.turns(&session_id, owner).await?;
    let turns = turns.into_iter().map(|stored| stored.turn);
    let turns = turns.filter(|turn| wanted.is_empty() || wanted.contains(&turn.turn_id.as_str())).collect();
    Ok(Json(shown(&session, turns)))
}

/// `turn_ids=a&turn_ids=b`, `turn_ids[]=a` or `turn_ids=a,b`: each client generation has its own way.
fn turn_ids(query: &[(String, String)]) -> Vec<&str> {
    let named = query.iter().filter(|(name, _)| name == "turn_ids" || name == "turn_ids[]");
    named.flat_map(|(_, value)| value.split(',')).filter(|id| !id.is_empty()).collect()
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((agent_id, session_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let owner = cx.caller.as_deref();
    session(&app, &agent_id, &session_id, owner).await?;
    app.stores.agents.remove_agent_session(&agent_id, &session_id, owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(session: &AgentSession, turns: Vec<LegacyTurn>) -> Value {
    json!({
        "session_id": session.id, "session_name": session.name, "turns": turns,
        "started_at": iso(session.started_at),
    })
}

/// Path of a turn below its session.
#[derive(Deserialize)]
pub struct TurnPath {
    pub agent_id: String,
    pub session_id: String,
    pub turn_id: String,
}

/// Path of a step below its turn.
#[derive(Deserialize)]
pub struct StepPath {
    pub agent_id: String,
    pub session_id: String,
    pub turn_id: String,
    pub step_id: String,
}
