//! `/v1/shields`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::safety::detectors::Params;
use engine::safety::shields::{KIND, Provider, Shield};
use ports::registrations::Registration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::inspect::DataList;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

#[derive(Deserialize, JsonSchema)]
pub struct Register {
    shield_id: String,
    #[serde(default)]
    provider_shield_id: Option<String>,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    params: Option<Value>,
}

pub async fn register(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Register>,
) -> Result<Json<Value>, ApiError> {
    let id = request.shield_id;
    if id.trim().is_empty() || id.len() > 256 {
        return Err(ApiError::invalid("shield_id", "shield_id must be a name of 1 to 256 characters"));
    }
    let named = request.provider_id.as_deref().unwrap_or("llama-guard");
    let provider = Provider::named(named).ok_or_else(|| {
        ApiError::invalid("provider_id", "provider_id must be pii, injection, llama-guard or trustyai_fms")
    })?;
    let resource = match (provider, request.provider_shield_id) {
        (Provider::LlamaGuard, None) => {
            return Err(ApiError::invalid("provider_shield_id", "provider_shield_id must name a chat model"));
        }
        (Provider::LlamaGuard, Some(model)) => model,
        (other, resource) => resource.unwrap_or_else(|| other.id().to_owned()),
    };
    if provider == Provider::Fms {
        Params::read(request.params.as_ref().unwrap_or(&Value::Null))?;
    }
    let shield = Shield { id: id.clone(), provider, resource, params: request.params.unwrap_or_else(|| json!({})) };
    let body = shield.shown();
    let created_at = app.responder.clock.now().as_microsecond();
    app.permit_new(KIND, &id, &cx)?;
    let registration = Registration { kind: KIND, id, body: body.clone(), created_at, owner: cx.caller };
    app.stores.registrations.register(&registration).await?;
    Ok(Json(body))
}

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<DataList<Value>>, ApiError> {
    let shields = app.responder.own.shields.all(cx.caller.as_deref()).await?;
    Ok(Json(DataList { data: shields.iter().map(Shield::shown).collect() }))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app.responder.own.shields.known(&id, cx.caller.as_deref()).await?.shown()))
}

/// 200 and `null`, as 0.7 answers.
pub async fn unregister(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    app.responder.own.shields.known(&id, owner).await?;
    match app.stores.registrations.unregister(KIND, &id, owner).await? {
        true => Ok(Json(Value::Null)),
        false => Err(ApiError::invalid("identifier", format!("'{id}' is built in"))),
    }
}
