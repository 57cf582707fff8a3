//! `/v1/responses`: create (plain and streamed), get, list, input items, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use engine::respond::last_response;
use futures::StreamExt;
use ports::responses::{Page, StoredResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::openai::events::ResponseEvent;
use wire::openai::items::Item;
use wire::openai::responses::{ResponseObject, ResponseRequest};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::sse;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<ResponseRequest>,
) -> Result<Response, ApiError> {
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let streamed = request.stream == Some(true);
    let started = app.responder.start(request, cx).await?;
    if streamed {
        let events = started.events.map(move |event| {
            let _held = &running;
            event
        });
        return Ok(sse::stream(events, event_name));
    }
    let response = finished(started.events).await?;
    Ok(Json(response).into_response())
}

/// Waits for the end and gives the whole object.
pub async fn finished(
    mut events: futures::stream::BoxStream<'static, ResponseEvent>,
) -> Result<ResponseObject, ApiError> {
    let mut last = None;
    while let Some(event) = events.next().await {
        last = last_response(event).or(last);
    }
    last.ok_or_else(|| ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the response has no end"))
}

/// OpenAI sends the event's type in an `event:` line too; Llama Stack's clients ignore it.
fn event_name(event: &ResponseEvent) -> Option<String> {
    let value = serde_json::to_value(&event.kind).ok()?;
    value.get("type").and_then(Value::as_str).map(str::to_owned)
}

pub async fn get(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<ResponseObject>, ApiError> {
    Ok(Json(stored(&app, &id, cx.caller.as_deref()).await?.response))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !app.responses.remove(&id, cx.caller.as_deref()).await? {
        return Err(unknown(&id));
    }
    Ok(Json(json!({"id": id, "object": "response", "deleted": true})))
}

pub async fn input_items(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<ItemList>, ApiError> {
    let stored = stored(&app, &id, cx.caller.as_deref()).await?;
    let mut data = stored.history;
    data.extend(stored.input);
    Ok(Json(ItemList { object: "list", data, has_more: false }))
}

#[derive(Serialize)]
pub struct ItemList {
    object: &'static str,
    data: Vec<Item>,
    has_more: bool,
}

#[derive(Deserialize)]
pub struct Paging {
    after: Option<String>,
    limit: Option<u32>,
    order: Option<Order>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

#[derive(Serialize)]
pub struct ResponsePage {
    object: &'static str,
    data: Vec<ListedResponse>,
    first_id: String,
    last_id: String,
    has_more: bool,
}

#[derive(Serialize)]
struct ListedResponse {
    #[serde(flatten)]
    response: ResponseObject,
    input: Vec<Item>,
}

pub async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(paging): Query<Paging>,
) -> Result<Json<ResponsePage>, ApiError> {
    let limit = paging.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("limit", "limit must be between 1 and 100"));
    }
    let page = Page { after: paging.after, limit, ascending: paging.order == Some(Order::Asc) };
    let listed = app.responses.list(&page, cx.caller.as_deref()).await?;
    let data: Vec<ListedResponse> = listed
        .rows
        .into_iter()
        .map(|stored: StoredResponse| ListedResponse { response: stored.response, input: stored.input })
        .collect();
    let id_of = |row: Option<&ListedResponse>| row.map(|row| row.response.id.clone()).unwrap_or_default();
    let (first_id, last_id) = (id_of(data.first()), id_of(data.last()));
    Ok(Json(ResponsePage { object: "list", data, first_id, last_id, has_more: listed.has_more }))
}

async fn stored(app: &App, id: &str, owner: Option<&str>) -> Result<StoredResponse, ApiError> {
    app.responses.get(id, owner).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!(
        "Response '{id}' not found. Use 'client.responses.list()' to list available Responses."
    ))
}
