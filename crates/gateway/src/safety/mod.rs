//! Shields, `run-shield` and moderations.

pub mod moderations;
pub mod shields;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::safety::Violation;
use ports::CallContext;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::openai::chat::ChatMessage;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

/// Routes below `/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/shields", post(shields::register).get(shields::list))
        .route("/shields/{*identifier}", get(shields::one).delete(shields::unregister))
        .route("/safety/run-shield", post(run_shield))
        .route("/moderations", post(moderations::create))
}

pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/shields"),
    ("GET", "/shields"),
    ("GET", "/shields/{*identifier}"),
    ("DELETE", "/shields/{*identifier}"),
    ("POST", "/safety/run-shield"),
    ("POST", "/moderations"),
];

#[derive(Deserialize, JsonSchema)]
pub struct RunShield {
    shield_id: String,
    messages: Vec<ChatMessage>,
}

async fn run_shield(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<RunShield>,
) -> Result<Json<Value>, ApiError> {
    let violation = run(&app, &request.shield_id, &request.messages, &cx).await?;
    Ok(Json(json!({"violation": violation.as_ref().map(shown)})))
}

/// As 0.3 and 0.7 show it; the level is always `error`, the one that stops a turn.
pub fn shown(violation: &Violation) -> Value {
    json!({
        "violation_level": "error", "user_message": violation.user_message, "metadata": violation.metadata,
    })
}

/// What the shield says of the last of `messages`.
pub async fn run(
    app: &App,
    shield_id: &str,
    messages: &[ChatMessage],
    cx: &CallContext,
) -> Result<Option<Violation>, ApiError> {
    let shields = &app.responder.own.shields;
    let shield = shields.known(shield_id, cx.caller.as_deref()).await?;
    Ok(shields.judge(&shield, messages, cx).await?)
}
