//! Search in one store.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::vectors::lookup::Ask;
use ports::vectors::VectorHit;
use serde_json::{Value, json};
use wire::openai::vector_stores::{SearchVectorStore, SearchWords};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

pub async fn search(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<SearchVectorStore>,
) -> Result<Json<Value>, ApiError> {
    if request.rewrite_query == Some(true) {
        let message = "Query rewriting is not available: this server searches for the words it is given";
        return Err(ApiError::invalid("rewrite_query", message));
    }
    let lookup = &app.responder.own.lookup;
    let store = lookup.in_use(&id, cx.caller.as_deref()).await?;
    let queries = match request.query {
        SearchWords::One(query) => vec![query],
        SearchWords::Many(queries) => queries,
    };
    let ask = Ask {
        words: queries.join(" "),
        filter: request.filters,
        limit: request.max_num_results.unwrap_or(10),
        mode: request.search_mode.unwrap_or_default(),
        ranking: request.ranking_options.unwrap_or_default(),
    };
    let hits = lookup.find(&store, ask, &cx).await?;
    let data: Vec<Value> = hits.iter().map(shown).collect();
    Ok(Json(json!({
        "object": "vector_store.search_results.page", "search_query": queries, "data": data, "has_more": false,
        "next_page": null,
    })))
}

fn shown(hit: &VectorHit) -> Value {
    let mut attributes = hit.attributes.clone();
    attributes.entry("filename").or_insert_with(|| json!(hit.filename));
    attributes.entry("file_id").or_insert_with(|| json!(hit.file_id));
    attributes.entry("chunk_id").or_insert_with(|| json!(hit.chunk_id));
    json!({
        "file_id": hit.file_id, "filename": hit.filename, "score": hit.score, "attributes": attributes,
        "content": [{"type": "text", "text": hit.text, "embedding": null, "chunk_metadata": null, "metadata": null}],
    })
}
