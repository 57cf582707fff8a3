//! `/v1/vector-io`: chunks put in and found without files.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::vectors::lookup::Ask;
use ports::vectors::Chunk;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::llama::agents::Interleaved;
use wire::openai::vector_stores::{Filter, RankingOptions, SearchMode};

use super::{add, in_use, to_change};
use crate::app::{App, dashed};
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_CHUNKS: usize = 4_096;

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["chunks"]))]
pub struct Insert {
    #[serde(alias = "vector_db_id")]
    vector_store_id: String,
    chunks: Vec<Given>,
}

#[derive(Deserialize, JsonSchema)]
struct Given {
    content: Interleaved,
    #[serde(default)]
    metadata: Option<JsonObject>,
    #[serde(default)]
    embedding: Option<Vec<f32>>,
    #[serde(default, alias = "stored_chunk_id")]
    chunk_id: Option<String>,
}

pub async fn insert(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Insert>,
) -> Result<Json<Value>, ApiError> {
    to_change(&app, &request.vector_store_id, cx.caller.as_deref()).await?;
    let store = in_use(&app, &request.vector_store_id, cx.caller.as_deref()).await?;
    if request.chunks.is_empty() || request.chunks.len() > MOST_CHUNKS {
        return Err(ApiError::invalid("chunks", format!("chunks must hold 1 to {MOST_CHUNKS} chunks")));
    }
    let bare = request.chunks.iter().filter(|chunk| chunk.embedding.is_none());
    let texts: Vec<String> = bare.map(|chunk| chunk.content.plain_text()).collect();
    let embedded =
        if texts.is_empty() { Vec::new() } else { app.responder.own.lookup.embed(&store, &texts, &cx).await? };
    let mut embedded = embedded.into_iter();
    let mut chunks = Vec::with_capacity(request.chunks.len());
    for (at, given) in request.chunks.into_iter().enumerate() {
        let vector = given.embedding.or_else(|| embedded.next()).unwrap_or_default();
        if vector.is_empty() || store.dimension != 0 && vector.len() != store.dimension as usize {
            let field = format!("chunks[{at}].embedding");
            let rule = format!("{field} has {} numbers; the store holds vectors of {}", vector.len(), store.dimension);
            return Err(ApiError::invalid(&field, rule));
        }
        chunks.push(Chunk {
            id: given.chunk_id.unwrap_or_else(|| dashed(&app.responder.ids.fresh("chunk"))),
            file_id: String::new(),
            ordinal: at as i64,
            text: given.content.plain_text(),
            metadata: given.metadata.unwrap_or_default(),
            vector,
        });
    }
    add(&app, &store, &chunks).await?;
    Ok(Json(Value::Null))
}

#[derive(Deserialize, JsonSchema)]
pub struct Find {
    vector_db_id: Option<String>,
    vector_store_id: Option<String>,
    query: Interleaved,
    #[serde(default)]
    params: Option<Params>,
}

#[derive(Default, Deserialize, JsonSchema)]
struct Params {
    #[serde(default, alias = "max_num_results")]
    max_chunks: Option<u32>,
    #[serde(default)]
    score_threshold: Option<f32>,
    #[serde(default, alias = "search_mode")]
    mode: Option<SearchMode>,
    #[serde(default)]
    ranker: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    filters: Option<Filter>,
}

pub async fn query(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Find>,
) -> Result<Json<Value>, ApiError> {
    let id = request.vector_store_id.or(request.vector_db_id);
    let id = id.ok_or_else(|| ApiError::invalid("vector_store_id", "vector_store_id must name a vector store"))?;
    let store = in_use(&app, &id, cx.caller.as_deref()).await?;
    let params = request.params.unwrap_or_default();
    let ranking = RankingOptions {
        ranker: params.ranker,
        model: params.model,
        score_threshold: params.score_threshold,
        ..RankingOptions::default()
    };
    let ask = Ask {
        words: request.query.plain_text(),
        filter: params.filters,
        limit: params.max_chunks.unwrap_or(3),
        mode: params.mode.unwrap_or_default(),
        ranking,
    };
    let hits = app.responder.own.lookup.find(&store, ask, &cx).await?;
    let found: Vec<String> = hits.iter().map(|hit| hit.chunk_id.clone()).collect();
    let vectors = app.stores.vectors.vectors_of(&store.id, &found).await?;
    let chunks: Vec<Value> = hits
        .iter()
        .map(|hit| {
            let mut metadata = hit.attributes.clone();
            if !hit.file_id.is_empty() {
                metadata.entry("filename").or_insert_with(|| json!(hit.filename));
                metadata.entry("document_id").or_insert_with(|| json!(hit.file_id));
            }
            let about = json!({
                "chunk_id": hit.chunk_id, "document_id": metadata.get("document_id"), "source": metadata.get("source"),
                "chunk_embedding_model": store.embedding_model, "chunk_embedding_dimension": store.dimension,
            });
            json!({
                "content": hit.text, "chunk_id": hit.chunk_id, "metadata": metadata, "chunk_metadata": about,
                "embedding": vectors.get(&hit.chunk_id), "embedding_model": store.embedding_model, "embedding_dimension": store.dimension,
            })
        })
        .collect();
    let scores: Vec<f32> = hits.iter().map(|hit| hit.score).collect();
    Ok(Json(json!({"chunks": chunks, "scores": scores})))
}
