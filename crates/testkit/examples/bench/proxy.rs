//! The least a control plane can do: read the body as JSON, ask the model server, hand its answer on.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::Value;

use crate::Arguments;

struct Proxy {
    http: reqwest::Client,
    upstream: String,
    /// Read and write the answer as JSON too.
    both_ways: bool,
}

pub fn router(arguments: &Arguments) -> Result<Router, String> {
    let http = reqwest::Client::builder().tcp_nodelay(true).build().map_err(|error| error.to_string())?;
    let upstream = arguments.needed("upstream")?.to_owned();
    let state = Arc::new(Proxy { http, upstream, both_ways: arguments.text("both-ways").is_some() });
    Ok(Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/health", get(|| async { "{}" }))
        .with_state(state))
}

async fn chat(State(proxy): State<Arc<Proxy>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let url = format!("{}/v1/chat/completions", proxy.upstream);
    let Ok(answer) = proxy.http.post(url).json(&request).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.unwrap_or(header::HeaderValue::from_static("application/json"));
    let body = match (proxy.both_ways, request["stream"] == true) {
        (false, _) => Body::from_stream(answer.bytes_stream()),
        (true, true) => Body::from_stream(answer.bytes_stream().map(|bytes| bytes.map(rewritten))),
        (true, false) => match answer.json::<Value>().await {
            Ok(value) => Body::from(value.to_string()),
            Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
        },
    };
    let headers: [(HeaderName, _); 1] = [(header::CONTENT_TYPE, kind)];
    (status, headers, body).into_response()
}

/// Each event read and written again. Our own model server writes whole events.
fn rewritten(bytes: Bytes) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let data = line.strip_prefix(b"data: ").unwrap_or(line);
        out.extend_from_slice(b"data: ");
        match serde_json::from_slice::<Value>(data) {
            Ok(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Err(_) => out.extend_from_slice(data),
        }
        out.extend_from_slice(b"\n\n");
    }
    out.into()
}
