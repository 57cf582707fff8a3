//! `/v1/tool-runtime/rag-tool`: documents put into a vector store, and passages found in several, in the words of 0.3.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::vectors::{chunking, lookup::Ask};
use ports::CallContext;
use ports::vectors::Chunk;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::llama::agents::Interleaved;
use wire::openai::vector_stores::{ChunkSizes, ChunkingStrategy, RankingOptions, SearchMode};

use crate::app::{App, dashed};
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_DOCUMENTS: usize = 256;
const MOST_STORES: usize = 16;
const CHUNK_TOKENS: u32 = 512;

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["documents"]))]
pub struct Insert {
    documents: Vec<Document>,
    #[serde(alias = "vector_store_id")]
    vector_db_id: String,
    #[serde(default)]
    chunk_size_in_tokens: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
struct Document {
    document_id: String,
    /// Text; an address is not fetched.
    content: Interleaved,
    #[serde(default)]
    metadata: JsonObject,
}

pub async fn insert(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Insert>,
) -> Result<Json<Value>, ApiError> {
    if request.documents.is_empty() || request.documents.len() > MOST_DOCUMENTS {
        return Err(ApiError::invalid("documents", format!("documents must hold 1 to {MOST_DOCUMENTS} documents")));
    }
    let size = request.chunk_size_in_tokens.unwrap_or(CHUNK_TOKENS);
    let strategy =
        ChunkingStrategy::Static { sizes: ChunkSizes { max_chunk_size_tokens: size, chunk_overlap_tokens: size / 4 } };
    let sizes = chunking::sizes(&strategy).map_err(|rule| ApiError::invalid("chunk_size_in_tokens", rule))?;
    let lookup = &app.responder.own.lookup;
    crate::vectors::to_change(&app, &request.vector_db_id, cx.caller.as_deref()).await?;
    let store = lookup.in_use(&request.vector_db_id, cx.caller.as_deref()).await?;
    let mut chunks = Vec::new();
    for (at, document) in request.documents.iter().enumerate() {
        let text = document.content.plain_text();
        if text.trim().is_empty() || text.starts_with("http://") || text.starts_with("https://") {
            let field = format!("documents[{at}].content");
            return Err(ApiError::invalid(&field, format!("{field} must be the document's text")));
        }
        let mut metadata = document.metadata.clone();
        metadata.insert("document_id".into(), json!(document.document_id));
        for (ordinal, piece) in (0_i64..).zip(chunking::pieces(&text, sizes)) {
            chunks.push(Chunk {
                id: dashed(&app.responder.ids.fresh("chunk")),
                file_id: String::new(),
                ordinal,
                text: piece.text.to_owned(),
                metadata: metadata.clone(),
                vector: Vec::new(),
            });
        }
    }
    let texts: Vec<String> = chunks.iter().map(|chunk| chunk.text.clone()).collect();
    for (chunk, vector) in chunks.iter_mut().zip(lookup.embed(&store, &texts, &cx).await?) {
        chunk.vector = vector;
    }
    crate::vectors::add(&app, &store, &chunks).await?;
    Ok(Json(Value::Null))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["content"]))]
pub struct Query {
    content: Interleaved,
    #[serde(alias = "vector_store_ids")]
    vector_db_ids: Vec<String>,
    #[serde(default)]
    query_config: Option<QueryConfig>,
}

#[derive(Default, Deserialize, JsonSchema)]
struct QueryConfig {
    #[serde(default)]
    max_chunks: Option<u32>,
    #[serde(default)]
    max_tokens_in_context: Option<usize>,
    #[serde(default)]
    mode: Option<SearchMode>,
}

pub async fn query(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Query>,
) -> Result<Json<Value>, ApiError> {
    let config = request.query_config.unwrap_or_default();
    Ok(Json(found(&app, request.content.plain_text(), &request.vector_db_ids, config, &cx).await?))
}

/// `knowledge_search` called as a tool.
pub async fn search(app: &App, kwargs: JsonObject, cx: &CallContext) -> Result<Value, ApiError> {
    let words = kwargs.get("query").and_then(Value::as_str).unwrap_or_default().to_owned();
    let stores = ["vector_db_ids", "vector_store_ids"].iter().find_map(|name| kwargs.get(*name)).cloned();
    let stores: Vec<String> = serde_json::from_value(stores.unwrap_or_default()).map_err(|_| {
        ApiError::invalid("kwargs.vector_db_ids", "kwargs.vector_db_ids must be a list of vector stores")
    })?;
    found(app, words, &stores, QueryConfig::default(), cx).await
}

async fn found(
    app: &App,
    words: String,
    stores: &[String],
    config: QueryConfig,
    cx: &CallContext,
) -> Result<Value, ApiError> {
    if stores.is_empty() || stores.len() > MOST_STORES {
        return Err(ApiError::invalid("vector_db_ids", format!("vector_db_ids must name 1 to {MOST_STORES} stores")));
    }
    let lookup = &app.responder.own.lookup;
    let limit = config.max_chunks.unwrap_or(5);
    let mut hits = Vec::new();
    for id in stores {
        let store = lookup.in_use(id, cx.caller.as_deref()).await?;
        let (mode, ranking) = (config.mode.unwrap_or(SearchMode::Vector), RankingOptions::default());
        hits.extend(lookup.find(&store, Ask { words: words.clone(), filter: None, limit, mode, ranking }, cx).await?);
    }
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits.truncate(limit as usize);
    // About four characters make a token.
    let mut room = config.max_tokens_in_context.unwrap_or(4_096) * 4;
    hits.retain(|hit| {
        let fits = hit.text.len() <= room;
        room = room.saturating_sub(hit.text.len());
        fits
    });
    let document = |hit: &ports::vectors::VectorHit| match hit.file_id.is_empty() {
        true => hit.attributes.get("document_id").cloned().unwrap_or_default(),
        false => json!(hit.file_id),
    };
    let documents: Vec<Value> = hits.iter().map(document).collect();
    let text = app.responder.own.words.of(&words, &hits);
    Ok(json!({
        "content": [{"type": "text", "text": text}],
        "metadata": {
            "document_ids": documents, "chunks": hits.iter().map(|hit| &hit.text).collect::<Vec<_>>(),
            "scores": hits.iter().map(|hit| hit.score).collect::<Vec<_>>(), "vector_db_ids": stores,
        },
    }))
}
