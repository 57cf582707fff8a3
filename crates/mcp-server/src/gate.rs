//! The door for bodies: content type, size, time and JSON are judged here, once
//! for every transport, before rmcp sees a byte.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, StatusCode, header};
use rmcp::model::RequestId;
use serde_json::{Value, json};

use crate::{McpServerConfig, request_id::RequestIdScanner};

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
/// Longest request id a client may choose.
const MAX_ID_BYTES: usize = 1024;
/// An oversized body is read on, without being kept, up to this many times the
/// limit: so that the id can be found and the client reads our answer instead
/// of a reset connection.
const DRAIN_FACTOR: usize = 16;

/// A body that is not let in. Its answer is a JSON-RPC error.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: i32,
    pub(crate) message: String,
    /// Where the refused request's id could be read.
    pub(crate) id: Option<RequestId>,
}

impl Refusal {
    pub(crate) fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: INVALID_REQUEST, message: message.into(), id: None }
    }

    pub(crate) fn with_id(mut self, id: Option<RequestId>) -> Self {
        self.id = id;
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let id = self.id.map_or(Value::Null, RequestId::into_json_value);
        let error = json!({ "code": self.code, "message": self.message });
        let body = json!({ "jsonrpc": "2.0", "id": id, "error": error });
        (self.status, axum::Json(body)).into_response()
    }
}

/// A JSON body and the bytes it came from.
pub(crate) struct Accepted {
    pub(crate) bytes: Bytes,
    pub(crate) value: Value,
}

impl Accepted {
    pub(crate) fn request_id(&self) -> Option<RequestId> {
        let id = self.value.get("id")?;
        serde_json::from_value(id.clone()).ok()
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

impl From<&McpServerConfig> for BodyLimits {
    fn from(config: &McpServerConfig) -> Self {
        Self { bytes: config.max_body_bytes, time: config.body_timeout() }
    }
}

impl BodyLimits {
    /// Reads one JSON-RPC message.
    pub(crate) async fn message(&self, headers: &HeaderMap, body: Body) -> Result<Accepted, Refusal> {
        let accepted = self.json(headers, body).await?;
        check_message(&accepted.value).map_err(|refusal| refusal.with_id(accepted.request_id()))?;
        Ok(accepted)
    }

    /// Reads any JSON body; an empty one reads as an empty object.
    pub(crate) async fn json(&self, headers: &HeaderMap, body: Body) -> Result<Accepted, Refusal> {
        if !is_json(headers) {
            return Err(Refusal::invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json"));
        }
        let reading = tokio::time::timeout(self.time, self.read(body)).await;
        let bytes = reading.map_err(|_| {
            let seconds = self.time.as_secs();
            Refusal::invalid(
                StatusCode::REQUEST_TIMEOUT,
                format!("the request body did not arrive within {seconds} seconds"),
            )
        })??;
        let value = if bytes.trim_ascii().is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            serde_json::from_slice(&bytes).map_err(|error| Refusal {
                status: StatusCode::BAD_REQUEST,
                code: PARSE_ERROR,
                message: format!(
                    "the body is not JSON: {} at line {} column {}",
                    category(&error),
                    error.line(),
                    error.column()
                ),
                id: None,
            })?
        };
        Ok(Accepted { bytes, value })
    }

    async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        let mut kept = BytesMut::new();
        let mut seen = 0usize;
        let mut oversized: Option<RequestIdScanner> = None;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::invalid(StatusCode::BAD_REQUEST, "the request body broke off"))?;
            seen = seen.saturating_add(chunk.len());
            if let Some(scanner) = &mut oversized {
                scanner.feed(&chunk);
            } else if seen > self.bytes {
                let mut scanner = RequestIdScanner::default();
                scanner.feed(&kept);
                scanner.feed(&chunk);
                kept = BytesMut::new();
                oversized = Some(scanner);
            } else {
                kept.extend_from_slice(&chunk);
            }
            if seen > self.bytes.saturating_mul(DRAIN_FACTOR) {
                break;
            }
        }
        match oversized {
            None => Ok(kept.freeze()),
            Some(scanner) => Err(Refusal::invalid(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the request body is larger than {} bytes", self.bytes),
            )
            .with_id(scanner.id())),
        }
    }
}

/// A simple cross-site form post cannot carry this type: it would need a preflight.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "a syntax error, a number out of range or too deep nesting",
    }
}

fn check_message(value: &Value) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::invalid(StatusCode::BAD_REQUEST, message));
    let message = match value {
        Value::Object(message) => message,
        Value::Array(_) => return refuse("batches are not supported: send one message"),
        _ => return refuse("a JSON-RPC message must be an object"),
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse("jsonrpc must be \"2.0\"");
    }
    match message.get("id") {
        None => Ok(()),
        Some(Value::String(id)) if id.len() <= MAX_ID_BYTES => Ok(()),
        Some(Value::Number(id)) if id.is_i64() => Ok(()),
        Some(_) => refuse("id must be an integer or a string of at most 1024 bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(value: Value) -> bool {
        check_message(&value).is_err()
    }

    #[test]
    fn ids_are_integers_or_short_strings() {
        let with_id = |id: Value| json!({"jsonrpc": "2.0", "method": "ping", "id": id});
        assert!(!refused(with_id(json!(7))));
        assert!(!refused(with_id(json!("seven"))));
        for id in [json!(null), json!(1.5), json!({}), json!(u64::MAX), json!("x".repeat(2000))] {
            assert!(refused(with_id(id)));
        }
    }

    #[test]
    fn batches_and_scalars_are_refused() {
        assert!(refused(json!([])));
        assert!(refused(json!("ping")));
        assert!(refused(json!({"method": "ping"})));
        assert!(!refused(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})));
    }

    #[test]
    fn only_json_counts_as_json() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().expect("header"))]);
        assert!(is_json(&headers("application/json")));
        assert!(is_json(&headers("Application/JSON; charset=utf-8")));
        assert!(!is_json(&headers("text/plain")));
        assert!(!is_json(&headers("application/json-seq")));
        assert!(!is_json(&HeaderMap::new()));
    }
}
