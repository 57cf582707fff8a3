//! Texts to vectors with a store's model, and a file into a store.

use axum::http::StatusCode;
use engine::vectors::chunking;
use futures::StreamExt;
use ports::CallContext;
use ports::inference::ModelKind;
use ports::vectors::{AttachError, AttachStatus, Attached, Chunk, VectorStore};
use wire::openai::vector_stores::ChunkingStrategy;

use super::contextual;
use crate::app::{App, dashed};
use crate::errors::ApiError;

/// Largest file that is read for its text.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// The model of a new store and the length of its vectors, 0 when it cannot be known now.
pub async fn model(app: &App, named: Option<String>, cx: &CallContext) -> Result<(String, u32), ApiError> {
    let listed = app.responder.registry.models(cx).await;
    let mut embedding = listed.iter().filter(|(_, model)| model.kind == ModelKind::Embedding);
    let name = match named {
        Some(name) => app.responder.registry.embeddings(&name, cx).await?.full_id,
        None if app.edge.default_embedding_model.is_some() => {
            let name = app.edge.default_embedding_model.as_deref().unwrap_or_default();
            app.responder.registry.embeddings(name, cx).await?.full_id
        }
        None => {
            let first = embedding.clone().next().map(|(entry, model)| format!("{}/{}", entry.id, model.name));
            first
                .ok_or_else(|| ApiError::invalid("embedding_model", "embedding_model: no embedding model is served"))?
        }
    };
    let found = embedding.find(|(entry, model)| format!("{}/{}", entry.id, model.name) == name);
    Ok((name, found.and_then(|(_, model)| model.embedding_dimension).unwrap_or(0)))
}

/// A file that is to be in a store, before its text is read.
pub struct Wanted {
    pub file_id: String,
    pub attributes: wire::JsonObject,
    pub chunking: ChunkingStrategy,
    pub batch_id: Option<String>,
}

/// The record of `wanted`, still in progress; failed already when there is no such file, so that the other files of the
/// same request are taken.
pub async fn begin(app: &App, store: &VectorStore, wanted: Wanted, cx: &CallContext) -> Result<Attached, ApiError> {
    let file = match crate::files::known(app, &wanted.file_id, cx.caller.as_deref()).await {
        Ok(file) => Some(file),
        Err(error) if error.status == StatusCode::NOT_FOUND => None,
        Err(error) => return Err(error),
    };
    let missing =
        || AttachError { code: "invalid_file".into(), message: format!("File '{}' not found.", wanted.file_id) };
    let attached = Attached {
        store_id: store.id.clone(),
        status: if file.is_some() { AttachStatus::InProgress } else { AttachStatus::Failed },
        last_error: file.is_none().then(missing),
        file_id: wanted.file_id,
        filename: file.map(|file| file.filename).unwrap_or_default(),
        attributes: wanted.attributes,
        chunking: wanted.chunking,
        created_at: app.responder.clock.unix_seconds(),
        usage_bytes: 0,
        batch_id: wanted.batch_id,
    };
    app.stores.vectors.put_attached(&attached).await?;
    Ok(attached)
}

/// Reads, cuts, embeds and keeps the file. What goes wrong is part of the record, not an error of the request.
pub async fn finish(
    app: &App,
    store: &VectorStore,
    mut attached: Attached,
    cx: &CallContext,
) -> Result<Attached, ApiError> {
    if attached.status != AttachStatus::InProgress {
        return Ok(attached);
    }
    match fill(app, store, &attached, cx).await {
        Ok(bytes) => {
            attached.status = AttachStatus::Completed;
            attached.usage_bytes = bytes;
        }
        Err(error) => {
            attached.status = AttachStatus::Failed;
            attached.last_error = Some(error);
        }
    }
    app.stores.vectors.put_attached(&attached).await?;
    Ok(attached)
}

async fn fill(app: &App, store: &VectorStore, attached: &Attached, cx: &CallContext) -> Result<u64, AttachError> {
    let failed = |error: ApiError| AttachError { code: "server_error".into(), message: error.message };
    let sizes =
        chunking::sizes(&attached.chunking).map_err(|message| AttachError { code: "invalid_file".into(), message })?;
    let bytes = content(app, &attached.file_id).await.map_err(failed)?;
    let read = app.responder.own.texts.of(&attached.filename, &bytes).await;
    let text = read.map_err(|why| AttachError { code: why.code.into(), message: why.message })?;
    let mut texts: Vec<String> = chunking::pieces(&text, sizes).iter().map(|piece| piece.text.to_owned()).collect();
    if let ChunkingStrategy::Contextual { contextual } = &attached.chunking {
        texts = contextual::situated(app, contextual, &text, texts, cx).await.map_err(failed)?;
    }
    let vectors = app.responder.own.lookup.embed(store, &texts, cx).await.map_err(|error| failed(error.into()))?;
    let mut bytes = 0;
    let chunks: Vec<Chunk> = texts
        .into_iter()
        .zip(vectors)
        .zip(0_i64..)
        .map(|((text, vector), ordinal)| {
            bytes += text.len() as u64;
            let id = dashed(&app.responder.ids.fresh("chunk"));
            let metadata = wire::JsonObject::new();
            Chunk { id, file_id: attached.file_id.clone(), ordinal, text, metadata, vector }
        })
        .collect();
    add(app, store, &chunks).await.map_err(failed)?;
    Ok(bytes)
}

/// Puts chunks into the store. A model that does not tell the length of its vectors shows it with the first of them.
pub async fn add(app: &App, store: &VectorStore, chunks: &[Chunk]) -> Result<(), ApiError> {
    if let Some(other) =
        chunks.iter().find(|chunk| store.dimension != 0 && chunk.vector.len() != store.dimension as usize)
    {
        let (length, held) = (other.vector.len(), store.dimension);
        let message = format!("the model gives vectors of {length}, the store holds {held}");
        return Err(ApiError::invalid("vector_store_id", message));
    }
    app.stores.vectors.add_chunks(&store.id, chunks).await?;
    if let (0, Some(first)) = (store.dimension, chunks.first()) {
        let known = VectorStore { dimension: first.vector.len() as u32, ..store.clone() };
        app.stores.vectors.put_vector_store(&known).await?;
    }
    Ok(())
}

async fn content(app: &App, file_id: &str) -> Result<Vec<u8>, ApiError> {
    let gone = || ApiError::not_found(format!("the bytes of '{file_id}' are gone"));
    let mut stream = app.stores.blobs.read(file_id).await?.ok_or_else(gone)?;
    let mut content = Vec::new();
    while let Some(bytes) = stream.next().await {
        content.extend_from_slice(&bytes.map_err(|_| gone())?);
        if content.len() > MOST_TEXT {
            return Err(ApiError::invalid("file_id", format!("a file of more than {MOST_TEXT} bytes is not indexed")));
        }
    }
    Ok(content)
}
