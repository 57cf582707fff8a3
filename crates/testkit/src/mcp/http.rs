//! Streamable HTTP, stateless, with JSON answers.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::{Outcome, Script, Waiting};
use crate::listening::flushed;

pub(super) async fn message(State(script): State<Arc<Script>>, headers: HeaderMap, body: String) -> Response {
    if !script.allows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(message) = serde_json::from_str::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    match script.handle(&message, &headers) {
        Outcome::Answer(answer) => axum::Json(answer).into_response(),
        Outcome::Accepted => StatusCode::ACCEPTED.into_response(),
        Outcome::Status(code) => StatusCode::from_u16(code).expect("a valid status").into_response(),
        Outcome::Garbage => ([(header::CONTENT_TYPE, "application/json")], "{\"jsonrpc\":").into_response(),
        Outcome::Hang => {
            let _waiting = Waiting(script);
            std::future::pending().await
        }
        Outcome::Cut(answer) => {
            let text = answer.to_string();
            let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
            let body = async_stream::stream! {
                yield Ok(half);
                flushed().await;
                yield Err(std::io::Error::other("told to cut"));
            };
            ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
        }
    }
}

pub(super) async fn no_stream() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}
