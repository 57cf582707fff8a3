//! The models of every provider that answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::registry::ProviderEntry;
use ports::inference::{ModelKind, ServedModel};
use serde_json::json;
use wire::openai::models::{ModelList, ModelObject};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::Context;

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Json<ModelList> {
    let models = app.responder.registry.models(&cx).await;
    let created = app.responder.clock.unix_seconds();
    let data = models.iter().map(|(entry, model)| object(entry, model, created)).collect();
    Json(ModelList { object: "list".into(), data })
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<ModelObject>, ApiError> {
    let created = app.responder.clock.unix_seconds();
    let models = app.responder.registry.models(&cx).await;
    let mut found = models.iter().map(|(entry, model)| object(entry, model, created));
    let matching = found.find(|model| model.id == id || model.provider_resource_id == id);
    matching.map(Json).ok_or_else(|| ports::inference::InferenceError::NotFound(id).into())
}

fn object(entry: &ProviderEntry, model: &ServedModel, created: i64) -> ModelObject {
    let id = format!("{}/{}", entry.id, model.name);
    let kind = match model.kind {
        ModelKind::Llm => "llm",
        ModelKind::Embedding => "embedding",
    };
    let mut metadata = wire::JsonObject::new();
    if let Some(dimension) = model.embedding_dimension {
        metadata.insert("embedding_dimension".into(), json!(dimension));
    }
    if let Some(tokens) = model.context_tokens {
        metadata.insert("context_length".into(), json!(tokens));
    }
    let mut custom = metadata.clone();
    custom.insert("model_type".into(), json!(kind));
    custom.insert("provider_id".into(), json!(entry.id));
    custom.insert("provider_resource_id".into(), json!(model.name));
    ModelObject {
        identifier: id.clone(),
        id,
        object: "model".into(),
        created,
        owned_by: "llama_stack".into(),
        provider_id: entry.id.clone(),
        provider_resource_id: model.name.clone(),
        kind: "model".into(),
        model_type: kind.into(),
        metadata,
        custom_metadata: custom,
    }
}
