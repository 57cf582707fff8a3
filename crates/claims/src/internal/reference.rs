//! Reference data for the tools.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{ApiError, ApiQuery, App, shown};
use crate::store::{PastClaimKeys, StoreError};

const PAGE: i64 = 500;
const MAX_LOOKUP: i64 = 5_000;
const MAX_ARTICLES: i64 = 20_000;

/// The user's document with `contracts` and `past_claims`.
pub async fn user(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let user = app.reference.user(&id).await?;
    user.map(Json).ok_or_else(|| ApiError::not_found(format!("user {} not found", shown(&id))))
}

/// Every past decided claim as JSON Lines, by claim number, with an `ETag` over all of them.
pub async fn history(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let etag = format!("\"{}\"", app.reference.history_mark().await?);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    // Pages, so that a long history is never in memory as a whole.
    let lines = stream::try_unfold((app, String::new()), |(app, after)| async move {
        let page = app.reference.history_page(&after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok::<_, StoreError>(None) };
        let last = last.clone();
        let text: String = page.into_iter().flat_map(|(_, body)| [body, "\n".to_owned()]).collect();
        Ok(Some((Bytes::from(text), (app, last))))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), (header::ETAG, etag)];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// Every user with `contracts` as JSON Lines, by user id: for an index that covers all of them.
pub async fn policyholders(State(app): State<App>) -> Response {
    let lines = stream::try_unfold((app, String::new()), |(app, after)| async move {
        let page = app.reference.policyholders_page(&after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok::<_, StoreError>(None) };
        let last = last.clone();
        let text: String = page.into_iter().flat_map(|(_, body)| [body, "\n".to_owned()]).collect();
        Ok(Some((Bytes::from(text), (app, last))))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// Every article of the knowledge base as JSON Lines.
pub async fn articles(State(app): State<App>) -> Result<Response, ApiError> {
    let articles = app.reference.articles(MAX_ARTICLES).await?;
    let text: String = articles.into_iter().flat_map(|body| [body, "\n".to_owned()]).collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupQuery {
    user_id: Option<String>,
    contract_number: Option<String>,
    invoice_number: Option<String>,
    provider_name: Option<String>,
}

/// Past claims that have every given key, latest incident first, at most 5000.
pub async fn lookup(State(app): State<App>, ApiQuery(query): ApiQuery<LookupQuery>) -> Result<Response, ApiError> {
    let given = |text: Option<String>| text.filter(|text| text.chars().any(char::is_alphanumeric));
    let keys = PastClaimKeys {
        user_id: given(query.user_id),
        contract_number: given(query.contract_number),
        invoice_number: given(query.invoice_number),
        provider_name: given(query.provider_name),
    };
    let all = [&keys.user_id, &keys.contract_number, &keys.invoice_number, &keys.provider_name];
    if all.iter().all(|key| key.is_none()) {
        let rule = "needs user_id, contract_number, invoice_number or provider_name";
        return Err(ApiError::invalid("query", rule));
    }
    let records = app.reference.history_lookup(&keys, MAX_LOOKUP).await?;
    let body = format!("{{\"records\":[{}],\"total\":{}}}", records.join(","), records.len());
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

pub async fn parameters(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    let found = app.reference.parameters().await?;
    Ok(Json(json!({
        "fx_rates": found.fx_rates,
        "provider_watchlist": found.provider_watchlist,
        "public_holidays": found.public_holidays,
    })))
}
