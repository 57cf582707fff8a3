//! Search in one store.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ports::CallContext;
use ports::vectors::{Fusion, VectorHit, VectorQuery, VectorStore};
use serde_json::{Value, json};
use wire::openai::vector_stores::{Filter, RankingOptions, SearchMode, SearchVectorStore, SearchWords};

use super::{embed, in_use};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_RESULTS: u32 = 50;
const LONGEST_QUERY: usize = 32_768;

pub async fn search(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<SearchVectorStore>,
) -> Result<Json<Value>, ApiError> {
    let store = in_use(&app, &id, cx.caller.as_deref()).await?;
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
    let hits = find(&app, &store, ask, &cx).await?;
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

/// A question to a store, as the caller put it.
pub struct Ask {
    pub words: String,
    pub filter: Option<Filter>,
    pub limit: u32,
    pub mode: SearchMode,
    pub ranking: RankingOptions,
}

pub async fn find(app: &App, store: &VectorStore, ask: Ask, cx: &CallContext) -> Result<Vec<VectorHit>, ApiError> {
    if ask.words.trim().is_empty() || ask.words.len() > LONGEST_QUERY {
        return Err(ApiError::invalid("query", format!("query must be a text of 1 to {LONGEST_QUERY} bytes")));
    }
    if !(1..=MOST_RESULTS).contains(&ask.limit) {
        return Err(ApiError::invalid(
            "max_num_results",
            format!("max_num_results must be between 1 and {MOST_RESULTS}"),
        ));
    }
    if let Some(filter) = &ask.filter {
        engine::vectors::filter::check(filter)
            .map_err(|rule| ApiError::invalid("filters", format!("filters: {rule}")))?;
    }
    let fusion = fusion(&ask.ranking)?;
    let vector = match ask.mode {
        SearchMode::Keyword => Vec::new(),
        _ => embed::embed(app, store, vec![ask.words.clone()], cx).await?.pop().unwrap_or_default(),
    };
    let query = VectorQuery {
        vector,
        words: ask.words,
        mode: ask.mode,
        filter: ask.filter,
        limit: ask.limit as usize,
        threshold: ask.ranking.score_threshold.filter(|&least| least != 0.0).unwrap_or(f32::MIN),
        fusion,
    };
    Ok(app.stores.search.search(store, &query).await?)
}

fn fusion(ranking: &RankingOptions) -> Result<Fusion, ApiError> {
    let share = ranking.weights.as_ref().and_then(|weights| {
        let of = |name: &str| weights.get(name).and_then(Value::as_f64).unwrap_or(0.0).max(0.0);
        let (vector, words) = (of("vector"), of("keyword"));
        (vector + words > 0.0).then(|| (vector / (vector + words)) as f32)
    });
    let share = share.or(ranking.alpha);
    if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(ApiError::invalid("ranking_options.alpha", "ranking_options.alpha must be between 0 and 1"));
    }
    let impact = ranking.impact_factor.unwrap_or(60.0);
    if impact.is_nan() || impact <= 0.0 {
        return Err(ApiError::invalid(
            "ranking_options.impact_factor",
            "ranking_options.impact_factor must be above 0",
        ));
    }
    match ranking.ranker.as_deref() {
        Some("weighted") => Ok(Fusion::Weighted { vector: share.unwrap_or(0.5) }),
        Some("rrf") => Ok(Fusion::ReciprocalRank { impact }),
        None | Some("auto" | "none" | "default" | "default-2024-11-15" | "default_2024_08_21") => {
            Ok(share.map_or(Fusion::ReciprocalRank { impact }, |vector| Fusion::Weighted { vector }))
        }
        Some(_) => {
            Err(ApiError::invalid("ranking_options.ranker", "ranking_options.ranker must be auto, rrf or weighted"))
        }
    }
}
