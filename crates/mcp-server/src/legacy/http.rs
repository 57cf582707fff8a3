//! The two HTTP exchanges of the legacy transport.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{OriginalUri, Request, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{SinkExt, StreamExt, channel::mpsc, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use rmcp::{
    ErrorData,
    model::{ClientJsonRpcMessage, ErrorCode, GetExtensions, JsonRpcMessage, ServerJsonRpcMessage},
};

use super::session::{Busy, EndOnDrop, Opened, Session};
use crate::{gate::Refusal, shell::Shell};

/// GET: opens a stream. Its first event names the path to post messages to.
pub(crate) async fn open_stream(
    State(shell): State<Shell>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response {
    // A streamable client asks here for its optional server stream; that it
    // does not have, and must not be given a legacy stream instead.
    if headers.contains_key("mcp-protocol-version") || headers.contains_key("mcp-session-id") {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
    }
    let Some(Opened { session, events, end }) = shell.sessions.open() else {
        let retry = [(header::RETRY_AFTER, "5")];
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "too many open streams").into_response();
    };
    let prefix = prefix(&shell.path_prefix, &headers, uri.path());
    let endpoint = format!("{prefix}/messages/?session_id={}", end.name);
    let first = Event::default().event("endpoint").data(endpoint);
    let keep_alive = KeepAlive::new().interval(shell.keep_alive).text("ping");
    // Owned by the stream: when the client goes, the session goes.
    let reader = Reader { events, session, shell, _end: end };
    let messages = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((event, reader))
    });
    let body = stream::once(async { first }).chain(messages).map(Ok::<_, Infallible>);
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    ([unbuffered], Sse::new(body).keep_alive(keep_alive)).into_response()
}

/// What the server has for one stream, event by event.
struct Reader {
    events: mpsc::Receiver<ServerJsonRpcMessage>,
    session: Arc<Session>,
    shell: Shell,
    _end: EndOnDrop,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let message = tokio::select! {
                // First, so that what was sent before the end still arrives.
                biased;
                message = self.events.next() => message?,
                () = self.session.ended() => return None,
            };
            self.session.taken(&message, self.shell.sessions.is_draining());
            match Event::default().event("message").json_data(&message) {
                Ok(event) => return Some(event),
                Err(error) => tracing::error!(%error, "a message could not be written"),
            }
        }
    }
}

/// The path in front of ours, as the client sees it: what a proxy in front
/// stripped, and what the router we are nested in has consumed.
fn prefix(configured: &str, headers: &HeaderMap, path: &str) -> String {
    let forwarded = headers.get("x-forwarded-prefix").and_then(|value| value.to_str().ok());
    let outer = match configured {
        "" => forwarded.filter(|prefix| is_plain_path(prefix)).unwrap_or_default(),
        configured => configured,
    };
    let nested = path.trim_end_matches('/').strip_suffix("/sse").unwrap_or_default();
    format!("{}{nested}", outer.trim_end_matches('/'))
}

/// A path on this origin and nothing else: `//host/` would be another origin.
fn is_plain_path(prefix: &str) -> bool {
    prefix.len() <= 256
        && prefix.starts_with('/')
        && !prefix.contains("//")
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte))
}

/// POST: one message for the stream named by `session_id`. 202 when taken.
pub(crate) async fn post_message(State(shell): State<Shell>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(name) = session_name(parts.uri.query()) else {
        let message = "session_id must be the 32 hex digits of the endpoint event";
        return Refusal::invalid(StatusCode::BAD_REQUEST, message).into_response();
    };
    let Some(session) = shell.sessions.find(name) else {
        let message = "no open stream has this session_id";
        return Refusal::invalid(StatusCode::NOT_FOUND, message).into_response();
    };
    let outcome = match shell.limits.message(&parts.headers, body).await {
        Ok(accepted) => {
            let id = accepted.request_id();
            let message = serde_json::from_value(accepted.value).map_err(|_| {
                let message = "the body is not a JSON-RPC message of MCP";
                Refusal::invalid(StatusCode::BAD_REQUEST, message).with_id(id)
            });
            match message {
                Ok(message) => deliver(&session, message, parts, &shell).await,
                Err(refusal) => Err(refusal),
            }
        }
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => (StatusCode::ACCEPTED, "Accepted").into_response(),
        Err(refusal) => {
            report_on_stream(&session, &refusal);
            refusal.into_response()
        }
    }
}

fn session_name(query: Option<&str>) -> Option<&str> {
    let name = query?.split('&').find_map(|pair| pair.strip_prefix("session_id="))?;
    let well_formed = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    well_formed.then_some(name)
}

async fn deliver(
    session: &Session,
    mut message: ClientJsonRpcMessage,
    parts: Parts,
    shell: &Shell,
) -> Result<(), Refusal> {
    session.admit(&message).map_err(|busy| match busy {
        // No id: an error with it would end the wait of the request that has it.
        Busy::SameId => Refusal::invalid(StatusCode::BAD_REQUEST, "this id is still in use"),
        Busy::TooMany => {
            let id = match &message {
                JsonRpcMessage::Request(request) => Some(request.id.clone()),
                _ => None,
            };
            let message = "too many requests of this stream are waiting";
            Refusal::invalid(StatusCode::TOO_MANY_REQUESTS, message).with_id(id)
        }
    })?;
    match &mut message {
        JsonRpcMessage::Request(request) => {
            request.request.extensions_mut().insert(parts);
        }
        JsonRpcMessage::Notification(note) => {
            note.notification.extensions_mut().insert(parts);
        }
        _ => {}
    }
    let mut inbox = session.inbox.clone();
    match tokio::time::timeout(shell.limits.time, inbox.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Refusal::invalid(StatusCode::NOT_FOUND, "the stream has ended")),
        Err(_) => Err(Refusal::invalid(StatusCode::SERVICE_UNAVAILABLE, "the stream is stuck")),
    }
}

/// Clients of this transport ignore the status of a POST and wait for the
/// stream: say there, too, that no answer will come.
fn report_on_stream(session: &Session, refusal: &Refusal) {
    let Some(id) = refusal.id.clone() else {
        return;
    };
    let error = ErrorData::new(ErrorCode(refusal.code), refusal.message.clone(), None);
    let mut outbox = session.outbox.clone();
    if outbox.try_send(ServerJsonRpcMessage::error(error, Some(id))).is_err() {
        tracing::debug!("an unread stream could not be told of a refused message");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", None, "/sse", "")]
    #[case("", None, "/ocr/sse/", "/ocr")]
    #[case("", Some("/apps/ocr/"), "/sse", "/apps/ocr")]
    #[case("/fixed", Some("/spoofed"), "/sse", "/fixed")]
    #[case("", Some("//evil.example"), "/sse", "")]
    #[case("", Some("/a\" onload"), "/sse", "")]
    fn the_endpoint_carries_the_outer_path(
        #[case] configured: &str,
        #[case] forwarded: Option<&'static str>,
        #[case] path: &str,
        #[case] expected: &str,
    ) {
        let mut headers = HeaderMap::new();
        if let Some(forwarded) = forwarded {
            headers.insert("x-forwarded-prefix", HeaderValue::from_static(forwarded));
        }
        assert_eq!(prefix(configured, &headers, path), expected);
    }

    #[rstest]
    #[case(Some("session_id=00112233445566778899aabbccddeeff"), true)]
    #[case(Some("x=1&session_id=00112233445566778899aabbccddeeff"), true)]
    #[case(Some("session_id=zzz"), false)]
    #[case(Some(""), false)]
    #[case(None, false)]
    fn session_names_are_32_hex_digits(#[case] query: Option<&str>, #[case] good: bool) {
        assert_eq!(session_name(query).is_some(), good);
    }
}
