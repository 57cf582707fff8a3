//! `POST /v1alpha/inference/rerank`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::agents::Interleaved;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_ITEMS: usize = 1_024;

pub const ROUTES: &[(&str, &str)] = &[("POST", "/inference/rerank")];

#[derive(Deserialize, JsonSchema)]
pub struct Question {
    model: String,
    query: Interleaved,
    items: Vec<Interleaved>,
    #[serde(default)]
    max_num_results: Option<usize>,
}

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(question): Body<Question>,
) -> Result<Json<Value>, ApiError> {
    if question.items.is_empty() || question.items.len() > MOST_ITEMS {
        return Err(ApiError::invalid("items", format!("items must hold 1 to {MOST_ITEMS} texts")));
    }
    if question.max_num_results == Some(0) {
        return Err(ApiError::invalid("max_num_results", "max_num_results must be at least 1"));
    }
    let texts: Vec<String> = question.items.iter().map(Interleaved::plain_text).collect();
    if let Some(at) = texts.iter().position(String::is_empty) {
        let field = format!("items[{at}]");
        return Err(ApiError::invalid(&field, format!("{field} must be a text: images are not ranked")));
    }
    let query = question.query.plain_text();
    if query.is_empty() {
        return Err(ApiError::invalid("query", "query must be a text"));
    }
    let _running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let route = app.responder.registry.rerank(&question.model, &cx).await?;
    let mut ranked = route.rerank.rerank(&route.model, &query, &texts, &cx).await?;
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    ranked.truncate(question.max_num_results.unwrap_or(usize::MAX));
    let data: Vec<Value> = ranked.iter().map(|row| json!({"index": row.index, "relevance_score": row.score})).collect();
    Ok(Json(json!({"data": data})))
}
