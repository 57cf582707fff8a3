//! `POST /v1/messages`, for clients that speak Anthropic's dialect. Underneath it is a chat completion.

mod answered;
mod asked;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use wire::anthropic::MessagesRequest;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::sse;
use ports::inference::ChatCall;

/// Anthropic's clients look for the error one level deeper than OpenAI's.
pub struct Refused(ApiError);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let detail = answered::detail(&self.0);
        let mut response = self.0.into_response();
        let body = Json(json!({"type": "error", "error": detail})).into_response();
        *response.body_mut() = body.into_body();
        response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
        response
    }
}

pub async fn create(
    State(app): State<Arc<App>>,
    context: Result<Context, ApiError>,
    body: Result<Body<MessagesRequest>, ApiError>,
) -> Result<Response, Refused> {
    let (Context(cx), Body(asked)) = (context?, body?);
    let stream = asked.stream;
    let mut request = asked::chat_request(asked)?;
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let route = app.responder.registry.chat(&request.model, &cx).await.map_err(ApiError::from)?;
    request.model.clone_from(&route.model);
    let head = answered::head(app.responder.ids.fresh("msg"), route.full_id);
    let guard = cx.cancel.clone().drop_guard();
    if stream {
        let deltas = route.inference.chat(ChatCall::from(request), &cx).await.map_err(ApiError::from)?;
        // The permit and the guard live as long as the stream does.
        let events = answered::events(head, deltas, (running, guard));
        return Ok(sse::stream(events, |event| Some(event.name().to_owned())));
    }
    let folded = route.inference.complete(ChatCall::from(request), &cx).await.map_err(ApiError::from)?;
    Ok(Json(answered::message(head, folded)).into_response())
}
