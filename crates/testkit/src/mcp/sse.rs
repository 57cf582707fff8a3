//! Legacy HTTP+SSE: one GET stream, messages posted beside it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Outcome, Script, lock};

#[derive(Default)]
pub(super) struct Streams {
    next: AtomicU64,
    open: Mutex<HashMap<String, mpsc::UnboundedSender<Line>>>,
}

enum Line {
    Message(Value),
    Garbage,
    Cut,
}

/// Forgets the session when its stream ends.
struct Session {
    id: String,
    script: Arc<Script>,
}

impl Drop for Session {
    fn drop(&mut self) {
        lock(&self.script.streams.open).remove(&self.id);
    }
}

pub(super) async fn open(State(script): State<Arc<Script>>, headers: HeaderMap) -> Response {
    if !script.allows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let id = format!("{:032x}", script.streams.next.fetch_add(1, Ordering::Relaxed) + 1);
    let (to_stream, mut lines) = mpsc::unbounded_channel();
    lock(&script.streams.open).insert(id.clone(), to_stream);
    let session = Session { id, script };
    let events = async_stream::stream! {
        let endpoint = format!("/messages/?session_id={}", session.id);
        yield Ok::<_, Infallible>(Event::default().event("endpoint").data(endpoint));
        while let Some(line) = lines.recv().await {
            match line {
                Line::Message(message) => yield Ok(Event::default().event("message").data(message.to_string())),
                Line::Garbage => yield Ok(Event::default().event("message").data("{\"jsonrpc\":")),
                Line::Cut => return,
            }
        }
    };
    Sse::new(events).into_response()
}

pub(super) async fn message(
    State(script): State<Arc<Script>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(id) = query.get("session_id") else { return StatusCode::BAD_REQUEST.into_response() };
    let stream = lock(&script.streams.open).get(id).cloned();
    let Some(stream) = stream else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(message) = serde_json::from_str::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let line = match script.handle(&message, &headers) {
        Outcome::Answer(answer) => Some(Line::Message(answer)),
        Outcome::Garbage => Some(Line::Garbage),
        Outcome::Cut(_) => Some(Line::Cut),
        Outcome::Status(code) => return StatusCode::from_u16(code).expect("a valid status").into_response(),
        Outcome::Accepted | Outcome::Hang => None,
    };
    if let Some(line) = line {
        // A caller that has just gone leaves nobody to tell.
        let _ = stream.send(line);
    }
    (StatusCode::ACCEPTED, "Accepted").into_response()
}
