//! The models of every provider that answers, and those that callers have registered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::registered::{self, KIND, RegisteredModel};
use ports::CallContext;
use ports::inference::{InferenceError, ModelKind, ServedModel};
use ports::registrations::Registration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use wire::JsonObject;
use wire::openai::models::{ModelList, ModelObject};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const LONGEST_NAME: usize = 256;

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<ModelList>, ApiError> {
    Ok(Json(ModelList { object: "list".into(), data: all(&app, &cx).await? }))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<ModelObject>, ApiError> {
    let known = registered::known(app.stores.registrations.as_ref(), &id, cx.caller.as_deref()).await?;
    let id = known.map_or(id, |model| model.identifier());
    let mut found = all(&app, &cx).await?.into_iter();
    let matching = found.find(|model| model.id == id || model.provider_resource_id == id);
    matching.map(Json).ok_or_else(|| InferenceError::NotFound(id).into())
}

#[derive(Deserialize, JsonSchema)]
pub struct Register {
    model_id: String,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    provider_model_id: Option<String>,
    #[serde(default)]
    model_type: Option<String>,
    #[serde(default)]
    metadata: Option<JsonObject>,
}

/// Gives a model of a provider another name, or names one that its provider does not list. Registering the same name
/// again replaces what it stood for.
pub async fn register(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Register>,
) -> Result<Json<ModelObject>, ApiError> {
    let kind = ModelKind::named(request.model_type.as_deref().unwrap_or("llm"))
        .ok_or_else(|| ApiError::invalid("model_type", "model_type must be llm, embedding or rerank"))?;
    let named = |field: &str, name: &str| match name.trim().is_empty() || name.len() > LONGEST_NAME {
        true => Err(ApiError::invalid(field, format!("{field} must be a name of 1 to {LONGEST_NAME} bytes"))),
        false => Ok(name.to_owned()),
    };
    let alias = named("model_id", &request.model_id)?;
    let resource = named("provider_model_id", request.provider_model_id.as_deref().unwrap_or(&alias))?;
    let provider_id = provider(&app, request.provider_id, kind)?;
    let metadata = request.metadata.unwrap_or_default();
    let model = RegisteredModel { alias, provider_id, resource, kind, metadata };
    let registration = Registration {
        kind: KIND,
        id: model.alias.clone(),
        body: model.body(),
        created_at: app.responder.clock.now().as_microsecond(),
        owner: cx.caller.clone(),
    };
    app.permit_new(KIND, &model.identifier(), &cx)?;
    app.stores.registrations.register(&registration).await?;
    Ok(Json(shown(&model, app.responder.clock.unix_seconds())))
}

/// The provider named, or the only one of its kind.
fn provider(app: &App, named: Option<String>, kind: ModelKind) -> Result<String, ApiError> {
    let serving: Vec<&str> = app.responder.registry.serving(kind).map(|entry| entry.id.as_str()).collect();
    let refuse = |what: &str| {
        let message = format!("{what}; the providers of such models are: {}", serving.join(", "));
        ApiError::invalid("provider_id", message)
    };
    match (named, serving.as_slice()) {
        (Some(id), _) if serving.contains(&id.as_str()) => Ok(id),
        (Some(id), _) => Err(refuse(&format!("Provider `{id}` not found"))),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(refuse("provider_id must name a provider")),
    }
}

pub async fn unregister(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let (store, owner) = (app.stores.registrations.as_ref(), cx.caller.as_deref());
    if let Some(model) = registered::known(store, &id, owner).await? {
        store.unregister(KIND, &model.alias, owner).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    match all(&app, &cx).await?.iter().any(|model| model.id == id) {
        true => Err(ApiError::invalid("model_id", format!("'{id}' is listed by its provider, not registered"))),
        false => Err(InferenceError::NotFound(id).into()),
    }
}

async fn all(app: &App, cx: &CallContext) -> Result<Vec<ModelObject>, ApiError> {
    let served = app.responder.registry.models(cx).await;
    let created = app.responder.clock.unix_seconds();
    let mut models: Vec<ModelObject> =
        served.iter().map(|(entry, model)| object(&entry.id, model, JsonObject::new(), created)).collect();
    for model in registered::all(app.stores.registrations.as_ref(), cx.caller.as_deref()).await? {
        let id = model.identifier();
        if !models.iter().any(|known| known.id == id) && app.responder.registry.opens(&id, cx) {
            models.push(shown(&model, created));
        }
    }
    Ok(models)
}

fn shown(model: &RegisteredModel, created: i64) -> ModelObject {
    let served =
        ServedModel { name: model.resource.clone(), kind: model.kind, context_tokens: None, embedding_dimension: None };
    object(&model.provider_id, &served, model.metadata.clone(), created)
}

fn object(provider_id: &str, model: &ServedModel, mut metadata: JsonObject, created: i64) -> ModelObject {
    let id = format!("{provider_id}/{}", model.name);
    let kind = model.kind.name();
    if let Some(dimension) = model.embedding_dimension {
        metadata.insert("embedding_dimension".into(), json!(dimension));
    }
    if let Some(tokens) = model.context_tokens {
        metadata.insert("context_length".into(), json!(tokens));
    }
    let mut custom = metadata.clone();
    custom.insert("model_type".into(), json!(kind));
    custom.insert("provider_id".into(), json!(provider_id));
    custom.insert("provider_resource_id".into(), json!(model.name));
    ModelObject {
        identifier: id.clone(),
        id,
        object: "model".into(),
        created,
        owned_by: "llama_stack".into(),
        provider_id: provider_id.into(),
        provider_resource_id: model.name.clone(),
        kind: "model".into(),
        model_type: kind.into(),
        metadata,
        custom_metadata: custom,
    }
}
