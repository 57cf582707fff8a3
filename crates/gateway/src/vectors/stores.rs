//! The stores themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use ports::access::kind;
use ports::vectors::{FileCounts, Metric, VectorStore};
use serde_json::{Value, json};
use wire::openai::vector_stores::{ChunkingStrategy, CreateVectorStore, ExpiresAfter};

use super::embed::{self, Wanted};
use super::{PROVIDER, Paging, expired, known, to_change};
use crate::app::{App, dashed};
use crate::errors::ApiError;
use crate::extract::{Body, Context};

/// Files given when a store is made.
const MOST_FILES: usize = 100;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CreateVectorStore>,
) -> Result<Json<Value>, ApiError> {
    let days = request.expires_after.as_ref().map(days).transpose()?;
    let chunking = request.chunking_strategy.unwrap_or(ChunkingStrategy::Auto);
    super::attach::check_chunking(&chunking)?;
    let file_ids = request.file_ids.unwrap_or_default();
    if file_ids.len() > MOST_FILES {
        return Err(ApiError::invalid("file_ids", format!("file_ids may hold {MOST_FILES} files")));
    }
    let (embedding_model, dimension) = embed::model(&app, request.embedding_model, &cx).await?;
    let now = app.responder.clock.unix_seconds();
    let store = VectorStore {
        id: format!("vs_{}", dashed(&app.responder.ids.fresh("vs"))),
        name: request.name,
        created_at: now,
        last_active_at: now,
        expires_after_days: days,
        metadata: request.metadata.unwrap_or_default(),
        embedding_model,
        dimension: request.embedding_dimension.unwrap_or(dimension),
        metric: metric(request.extra.get("distance_metric"))?,
        owner: cx.caller.clone(),
    };
    app.permit_new(kind::VECTOR_STORE, &store.id, &cx)?;
    app.stores.vectors.put_vector_store(&store).await?;
    for file_id in file_ids {
        let wanted = Wanted { file_id, attributes: Default::default(), chunking: chunking.clone(), batch_id: None };
        let attached = embed::begin(&app, &store, wanted, &cx).await?;
        embed::finish(&app, &store, attached, &cx).await?;
    }
    Ok(Json(shown(&app, &known(&app, &store.id, cx.caller.as_deref()).await?).await?))
}

fn days(expires: &ExpiresAfter) -> Result<u32, ApiError> {
    if expires.anchor != "last_active_at" {
        return Err(ApiError::invalid("expires_after.anchor", "expires_after.anchor must be last_active_at"));
    }
    if !(1..=365).contains(&expires.days) {
        return Err(ApiError::invalid("expires_after.days", "expires_after.days must be between 1 and 365"));
    }
    Ok(expires.days)
}

/// As the vector providers of Llama Stack spell it in their configuration.
fn metric(named: Option<&Value>) -> Result<Metric, ApiError> {
    let name = named.filter(|value| !value.is_null()).map(|value| value.as_str().unwrap_or_default().to_lowercase());
    match name.as_deref() {
        None | Some("cosine") => Ok(Metric::Cosine),
        Some("dot" | "inner_product") => Ok(Metric::Dot),
        Some("l2") => Ok(Metric::L2),
        Some(_) => Err(ApiError::invalid("distance_metric", "distance_metric must be cosine, dot or l2")),
    }
}

pub fn counts(counts: FileCounts) -> Value {
    let FileCounts { in_progress, completed, cancelled, failed, .. } = counts;
    json!({
        "completed": completed, "cancelled": cancelled, "failed": failed, "in_progress": in_progress,
        "total": completed + cancelled + failed + in_progress,
    })
}

async fn shown(app: &App, store: &VectorStore) -> Result<Value, ApiError> {
    let files = app.stores.vectors.file_counts(&store.id, None).await?;
    let mut metadata = store.metadata.clone();
    let own = [
        ("provider_id", json!(PROVIDER)),
        ("provider_vector_store_id", json!(store.id)),
        ("embedding_model", json!(store.embedding_model)),
        ("embedding_dimension", json!(store.dimension.to_string())),
        ("distance_metric", json!(store.metric.name())),
    ];
    let plan = app.responder.own.lookup.search.plan(&store.id);
    let plan = plan.map(|plan| ("search_index", json!(if plan.building { "exact, building" } else { plan.kind })));
    for (key, value) in own.into_iter().chain(plan) {
        metadata.entry(key).or_insert(value);
    }
    let status = match (expired(app, store), files.in_progress) {
        (true, _) => "expired",
        (false, 0) => "completed",
        (false, _) => "in_progress",
    };
    Ok(json!({
        "id": store.id, "object": "vector_store", "created_at": store.created_at, "name": store.name,
        "usage_bytes": files.usage_bytes, "file_counts": counts(files), "status": status,
        "expires_after": store.expires_after_days.map(|days| json!({"anchor": "last_active_at", "days": days})),
        "expires_at": store.expires_at(), "last_active_at": store.last_active_at, "metadata": metadata,
    }))
}

pub async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    let listed = app.stores.vectors.vector_stores(&paging.page()?, cx.caller.as_deref()).await?;
    let mut data = Vec::with_capacity(listed.rows.len());
    for store in &listed.rows {
        data.push(shown(&app, store).await?);
    }
    let id_of = |store: Option<&VectorStore>| store.map(|store| store.id.clone());
    let (first_id, last_id) = (id_of(listed.rows.first()), id_of(listed.rows.last()));
    Ok(Json(json!({"object": "list", "data": data, "first_id": first_id, "last_id": last_id,
        "has_more": listed.has_more})))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&app, &known(&app, &id, cx.caller.as_deref()).await?).await?))
}

pub async fn change(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<CreateVectorStore>,
) -> Result<Json<Value>, ApiError> {
    let mut store = to_change(&app, &id, cx.caller.as_deref()).await?;
    if let Some(expires) = &request.expires_after {
        store.expires_after_days = Some(days(expires)?);
    }
    store.name = request.name.or(store.name);
    store.metadata = request.metadata.unwrap_or(store.metadata);
    store.last_active_at = app.responder.clock.unix_seconds();
    app.stores.vectors.put_vector_store(&store).await?;
    Ok(Json(shown(&app, &store).await?))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    if app.stores.vectors.remove_vector_store(&id, owner).await? {
        app.responder.own.lookup.search.forget(&id).await;
    }
    Ok(Json(json!({"id": id, "object": "vector_store.deleted", "deleted": true})))
}
