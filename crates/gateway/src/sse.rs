//! Server-sent events: one JSON text an event, comments to keep the line open.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde::Serialize;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `items` as a stream of `data:` frames. With `name`, each frame also carries an `event:` line.
pub fn stream<T, S>(items: S, name: fn(&T) -> Option<String>) -> Response
where
    T: Serialize + Send + 'static,
    S: Stream<Item = T> + Send + 'static,
{
    raw(items.map(move |item| {
        let event = Event::default().data(serde_json::to_string(&item).unwrap_or_default());
        match name(&item) {
            Some(name) => event.event(name),
            None => event,
        }
    }))
}

pub fn raw<S>(events: S) -> Response
where
    S: Stream<Item = Event> + Send + 'static,
{
    let sse = Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
