//! Batches of files, attached in the background one after another.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use ports::CallContext;
use ports::access::Principal;
use ports::vectors::{AttachStatus, Attached, AttachedFilter, FileBatch, VectorStore};
use serde_json::{Value, json};
use wire::openai::vector_stores::{AttachBatch, AttachFile};

use super::attach::{page_of, status_filter, wanted};
use super::stores::counts;
use super::{Paging, embed, in_use, known, to_change};
use crate::app::{App, dashed};
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_FILES: usize = 500;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<AttachBatch>,
) -> Result<Json<Value>, ApiError> {
    to_change(&app, &id, cx.caller.as_deref()).await?;
    let store = in_use(&app, &id, cx.caller.as_deref()).await?;
    let named = request.file_ids.unwrap_or_default().into_iter().map(|file_id| AttachFile {
        file_id,
        attributes: request.attributes.clone(),
        chunking_strategy: request.chunking_strategy.clone(),
    });
    let files: Vec<AttachFile> = named.chain(request.files.unwrap_or_default()).collect();
    if files.is_empty() || files.len() > MOST_FILES {
        return Err(ApiError::invalid("file_ids", format!("file_ids must hold 1 to {MOST_FILES} files")));
    }
    let batch = FileBatch {
        id: format!("batch_{}", dashed(&app.responder.ids.fresh("batch"))),
        store_id: id.clone(),
        created_at: app.responder.clock.unix_seconds(),
        cancelled: false,
    };
    let all_wanted =
        files.into_iter().map(|file| wanted(file, Some(batch.id.clone()))).collect::<Result<Vec<_>, _>>()?;
    app.stores.vectors.begin_batch(&batch, &app.crew.lease(&app)).await?;
    let mut begun = Vec::with_capacity(all_wanted.len());
    for wanted in all_wanted {
        app.stores.vectors.detach(&id, &wanted.file_id).await?;
        begun.push(embed::begin(&app, &store, wanted, &cx).await?);
    }
    let answer = shown(&app, &batch).await?;
    // The caller's connection may close: the work has a context of its own.
    let mut background = app.context(cx.provider_data.clone());
    background.caller = cx.caller;
    tokio::spawn(work(app, store, batch, begun, background));
    Ok(Json(answer))
}

pub async fn work(app: Arc<App>, store: VectorStore, batch: FileBatch, files: Vec<Attached>, asked: CallContext) {
    for mut file in files {
        let now = app.stores.vectors.batch(&batch.store_id, &batch.id).await;
        let outcome = match now {
            Ok(Some(FileBatch { cancelled: false, .. })) => {
                // Each file has the whole time limit.
                let mut cx = app.context(asked.provider_data.clone());
                cx.caller.clone_from(&asked.caller);
                embed::finish(&app, &store, file, &cx).await.map(drop)
            }
            Ok(Some(_)) => {
                file.status = AttachStatus::Cancelled;
                app.stores.vectors.put_attached(&file).await.map_err(ApiError::from)
            }
            // The store is gone, and the batch with it.
            Ok(None) => return,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            tracing::warn!(batch = %batch.id, message = %error.message, "file of a batch not attached");
        }
    }
}

async fn shown(app: &App, batch: &FileBatch) -> Result<Value, ApiError> {
    let files = app.stores.vectors.file_counts(&batch.store_id, Some(&batch.id)).await?;
    let status = match (batch.cancelled, files.in_progress, files.completed) {
        (true, ..) => "cancelled",
        (false, 1.., _) => "in_progress",
        (false, 0, 0) => "failed",
        _ => "completed",
    };
    Ok(json!({
        "id": batch.id, "object": "vector_store.file_batch", "created_at": batch.created_at,
        "vector_store_id": batch.store_id, "status": status, "file_counts": counts(files),
    }))
}

async fn batch(app: &App, id: &str, batch_id: &str, owner: Option<&Principal>) -> Result<FileBatch, ApiError> {
    known(app, id, owner).await?;
    let found = app.stores.vectors.batch(id, batch_id).await?;
    // As for an unknown store, Llama Stack says 400.
    found.ok_or_else(|| {
        ApiError::invalid("batch_id", format!("File batch '{batch_id}' not found in vector store '{id}'."))
    })
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, batch_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&app, &batch(&app, &id, &batch_id, cx.caller.as_deref()).await?).await?))
}

pub async fn cancel(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, batch_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    to_change(&app, &id, cx.caller.as_deref()).await?;
    let mut found = batch(&app, &id, &batch_id, cx.caller.as_deref()).await?;
    let files = app.stores.vectors.file_counts(&id, Some(&batch_id)).await?;
    if files.in_progress == 0 {
        return Err(ApiError::invalid("batch_id", format!("File batch '{batch_id}' is over and cannot be cancelled")));
    }
    found.cancelled = true;
    app.stores.vectors.put_batch(&found).await?;
    Ok(Json(shown(&app, &found).await?))
}

pub async fn files(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, batch_id)): Path<(String, String)>,
    Query(paging): Query<Paging>,
) -> Result<Json<Value>, ApiError> {
    batch(&app, &id, &batch_id, cx.caller.as_deref()).await?;
    let filter = AttachedFilter { batch: Some(batch_id), status: status_filter(paging.filter.as_deref())? };
    Ok(Json(page_of(&app.stores.vectors.all_attached(&id, &paging.page()?, &filter).await?)))
}
