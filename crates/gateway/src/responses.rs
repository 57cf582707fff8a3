//! `/v1/responses`: create (plain, streamed, in the background), get, follow, list, input items, cancel, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::respond::last_response;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::openai::compaction::{CompactRequest, Compacted};
use wire::openai::conversations::ListPage;
use wire::openai::events::ResponseEvent;
use wire::openai::items::Item;
use wire::openai::responses::{ResponseObject, ResponseRequest};

use ports::CallContext;
use ports::access::Principal;
use ports::responses::StoredResponse;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::follow;
use crate::paging::{Asked, Paging, cut};
use crate::sse;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<ResponseRequest>,
) -> Result<Response, ApiError> {
    let streamed = request.stream == Some(true);
    if request.extra.get("background") == Some(&Value::Bool(true)) {
        let (response, live) = app.responder.enqueue(request, cx).await?;
        if !streamed {
            return Ok(Json(response).into_response());
        }
        let events = live.follow(None).map_err(|gap| ApiError::invalid("stream", gap.to_string()))?;
        return Ok(sse::stream(events, event_name));
    }
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    if streamed {
        let events = app.responder.start(request, cx).await?.events.map(move |event| {
            let _held = &running;
            event
        });
        return Ok(sse::stream(events, event_name));
    }
    Ok(Json(app.responder.answer(request, cx).await?).into_response())
}

/// Waits for the end and gives the whole object.
pub async fn finished(mut events: BoxStream<'static, ResponseEvent>) -> Result<ResponseObject, ApiError> {
    let mut last = None;
    while let Some(event) = events.next().await {
        last = last_response(event).or(last);
    }
    last.ok_or_else(|| ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the response has no end"))
}

/// OpenAI sends the event's type in an `event:` line too; Llama Stack's clients ignore it.
fn event_name(event: &ResponseEvent) -> Option<String> {
    Some(event.kind.name()).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// A conversation in fewer items, to go on from.
pub async fn compact(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CompactRequest>,
) -> Result<Json<Compacted>, ApiError> {
    let _running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    Ok(Json(app.responder.compact(request, &cx).await?))
}

#[derive(Deserialize)]
pub struct Following {
    stream: Option<bool>,
    starting_after: Option<u64>,
}

pub async fn get(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Asked(following): Asked<Following>,
) -> Result<Response, ApiError> {
    let stored = stored(&app, &id, cx.caller.as_deref()).await?;
    if following.stream != Some(true) {
        if following.starting_after.is_some() {
            return Err(ApiError::invalid("starting_after", "starting_after goes with stream=true"));
        }
        return Ok(Json(stored.response).into_response());
    }
    let events = follow::events(app, stored, following.starting_after, cx)?;
    Ok(sse::stream(events, event_name))
}

pub async fn cancel(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<ResponseObject>, ApiError> {
    Ok(Json(app.responder.cancel(&id, cx.caller.as_deref()).await?))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !app.responder.remove(&id, cx.caller.as_deref()).await? {
        return Err(unknown(&id));
    }
    Ok(Json(json!({"id": id, "object": "response", "deleted": true})))
}

pub async fn input_items(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<ListPage<Item>>, ApiError> {
    let page = paging.page(20)?;
    let stored = stored(&app, &id, cx.caller.as_deref()).await?;
    let mut items = app.responder.before(&stored).await?;
    items.extend(stored.input);
    let id_of = |item: &Item| item.id().map(str::to_owned);
    let (data, has_more) = cut(items, &page, id_of)
        .ok_or_else(|| ApiError::invalid("after", "after and before must name input items of this response"))?;
    Ok(Json(ListPage::new(data, has_more, |item| id_of(item).unwrap_or_default())))
}

#[derive(Serialize)]
pub struct ListedResponse {
    #[serde(flatten)]
    response: ResponseObject,
    input: Vec<Item>,
}

pub async fn list(app: &App, cx: &CallContext, paging: Paging) -> Result<Json<ListPage<ListedResponse>>, ApiError> {
    let page = paging.page(50)?;
    let listed = app.responses.list(&page, paging.model.as_deref(), cx.caller.as_deref()).await?;
    let rows = listed.rows.into_iter();
    let data = rows.map(|stored| ListedResponse { response: stored.response, input: stored.input }).collect();
    Ok(Json(ListPage::new(data, listed.has_more, |row: &ListedResponse| row.response.id.clone())))
}

async fn stored(app: &App, id: &str, owner: Option<&Principal>) -> Result<StoredResponse, ApiError> {
    app.responses.get(id, owner).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!(
        "Response '{id}' not found. Use 'client.responses.list()' to list available Responses."
    ))
}
