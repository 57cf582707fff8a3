//! Shields, `run-shield` and moderations.

mod moderations;
mod shields;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::safety::{Violation, guard, injection, pii};
use ports::CallContext;
use ports::inference::ChatCall;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::openai::chat::{ChatMessage, ChatRequest};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use shields::{Provider, Shield};

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

#[derive(Deserialize)]
struct RunShield {
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
    judge(app, &shields::known(app, shield_id, cx.caller.as_deref()).await?, messages, cx).await
}

async fn judge(
    app: &App,
    shield: &Shield,
    messages: &[ChatMessage],
    cx: &CallContext,
) -> Result<Option<Violation>, ApiError> {
    let Some(last) = messages.last() else {
        return Err(ApiError::invalid("messages", "messages must hold at least one message"));
    };
    match shield.provider {
        Provider::Pii => Ok(pii::check(&last.plain_text())),
        Provider::Injection => Ok(injection::check(&last.plain_text())),
        Provider::LlamaGuard => {
            let route = app.responder.registry.chat(&shield.resource, cx).await?;
            let request = ChatRequest {
                model: route.model,
                messages: vec![guard::prompt(messages)],
                temperature: Some(0.0),
                max_tokens: Some(64),
                ..ChatRequest::default()
            };
            let answer = route.inference.complete(ChatCall::from(request), cx).await?;
            guard::verdict(&answer.text).map_err(|error| ApiError::invalid("shield_id", error))
        }
    }
}
