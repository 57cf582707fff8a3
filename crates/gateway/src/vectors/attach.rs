//! Files in a store. Attaching is done when it is answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use ports::access::Principal;
use ports::responses::Listed;
use ports::vectors::{AttachStatus, Attached, AttachedFilter};
use serde::Deserialize;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::vector_stores::{AttachFile, ChunkingStrategy};

use super::embed::{self, Wanted};
use super::{Paging, check_attributes, in_use, known, to_change};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::paging::Asked;

pub fn check_chunking(chunking: &ChunkingStrategy) -> Result<(), ApiError> {
    let checked = engine::vectors::chunking::sizes(chunking);
    checked.map_err(|rule| ApiError::invalid("chunking_strategy", format!("chunking_strategy: {rule}")))?;
    match chunking {
        ChunkingStrategy::Contextual { contextual } => super::contextual::check(contextual),
        _ => Ok(()),
    }
}

pub fn shown(file: &Attached) -> Value {
    let sizes = engine::vectors::chunking::sizes(&file.chunking).unwrap_or(engine::vectors::chunking::AUTO);
    let chunking = match &file.chunking {
        ChunkingStrategy::Contextual { contextual } => json!({"type": "contextual", "contextual": contextual}),
        _ => json!({"type": "static", "static": sizes}),
    };
    json!({
        "id": file.file_id, "object": "vector_store.file", "attributes": file.attributes,
        "chunking_strategy": chunking, "created_at": file.created_at,
        "last_error": file.last_error, "status": file.status, "usage_bytes": file.usage_bytes,
        "vector_store_id": file.store_id,
    })
}

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<AttachFile>,
) -> Result<Json<Value>, ApiError> {
    let _running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    to_change(&app, &id, cx.caller.as_deref()).await?;
    let store = in_use(&app, &id, cx.caller.as_deref()).await?;
    let wanted = wanted(request, None)?;
    crate::files::known(&app, &wanted.file_id, cx.caller.as_deref()).await?;
    if app.stores.vectors.attached(&id, &wanted.file_id).await?.is_some() {
        // Attaching again begins anew, so that no chunk stays of the first time.
        app.stores.vectors.detach(&id, &wanted.file_id).await?;
    }
    let attached = embed::begin(&app, &store, wanted, &cx).await?;
    Ok(Json(shown(&embed::finish(&app, &store, attached, &cx).await?)))
}

pub fn wanted(request: AttachFile, batch_id: Option<String>) -> Result<Wanted, ApiError> {
    let attributes = request.attributes.unwrap_or_default();
    check_attributes(&attributes)?;
    let chunking = request.chunking_strategy.unwrap_or(ChunkingStrategy::Auto);
    check_chunking(&chunking)?;
    Ok(Wanted { file_id: request.file_id, attributes, chunking, batch_id })
}

pub fn status_filter(name: Option<&str>) -> Result<Option<AttachStatus>, ApiError> {
    let status = name.map(|name| serde_json::from_value(json!(name))).transpose();
    status.map_err(|_| ApiError::invalid("filter", "filter must be in_progress, completed, failed or cancelled"))
}

pub fn page_of(listed: &Listed<Attached>) -> Value {
    let id_of = |file: Option<&Attached>| file.map(|file| file.file_id.clone());
    json!({
        "object": "list", "data": listed.rows.iter().map(shown).collect::<Vec<_>>(),
        "first_id": id_of(listed.rows.first()), "last_id": id_of(listed.rows.last()), "has_more": listed.has_more,
    })
}

pub async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    known(&app, &id, cx.caller.as_deref()).await?;
    let filter = AttachedFilter { batch: None, status: status_filter(paging.filter.as_deref())? };
    Ok(Json(page_of(&app.stores.vectors.all_attached(&id, &paging.page()?, &filter).await?)))
}

async fn attached(app: &App, id: &str, file_id: &str, owner: Option<&Principal>) -> Result<Attached, ApiError> {
    known(app, id, owner).await?;
    let found = app.stores.vectors.attached(id, file_id).await?;
    found.ok_or_else(|| ApiError::not_found(format!("File '{file_id}' not found in vector store '{id}'.")))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, file_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&attached(&app, &id, &file_id, cx.caller.as_deref()).await?)))
}

#[derive(Deserialize)]
pub struct NewAttributes {
    attributes: JsonObject,
}

pub async fn change(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, file_id)): Path<(String, String)>,
    Body(request): Body<NewAttributes>,
) -> Result<Json<Value>, ApiError> {
    check_attributes(&request.attributes)?;
    to_change(&app, &id, cx.caller.as_deref()).await?;
    let mut file = attached(&app, &id, &file_id, cx.caller.as_deref()).await?;
    file.attributes = request.attributes;
    app.stores.vectors.put_attached(&file).await?;
    app.stores.vectors.rewritten(&id, &file_id).await?;
    Ok(Json(shown(&file)))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, file_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    to_change(&app, &id, cx.caller.as_deref()).await?;
    attached(&app, &id, &file_id, cx.caller.as_deref()).await?;
    app.stores.vectors.detach(&id, &file_id).await?;
    Ok(Json(json!({"id": file_id, "object": "vector_store.file.deleted", "deleted": true})))
}

#[derive(Deserialize)]
pub struct Parts {
    #[serde(default)]
    include_embeddings: bool,
    #[serde(default)]
    include_metadata: bool,
}

/// The union of both generations: `content` is 0.3's, `data` 0.7's.
pub async fn content(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, file_id)): Path<(String, String)>,
    Asked(parts): Asked<Parts>,
) -> Result<Json<Value>, ApiError> {
    let file = attached(&app, &id, &file_id, cx.caller.as_deref()).await?;
    let chunks = app.stores.vectors.chunks_of(&id, &file_id).await?;
    let data: Vec<Value> = chunks
        .iter()
        .map(|chunk| {
            let about = json!({"chunk_id": chunk.id, "document_id": file_id});
            json!({
                "type": "text", "text": chunk.text,
                "embedding": parts.include_embeddings.then_some(&chunk.vector),
                "chunk_metadata": parts.include_metadata.then_some(about),
                "metadata": parts.include_metadata.then_some(&chunk.metadata),
            })
        })
        .collect();
    Ok(Json(json!({
        "object": "vector_store.file_content.page", "data": data, "has_more": false, "next_page": null,
        "file_id": file_id, "filename": file.filename, "attributes": file.attributes, "content": data,
    })))
}
