//! A small MCP server whose every answer a test decides.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode};
use ports::{
    CallContext,
    tools::{Place, ToolServer},
};
use providers::mcp::{McpConfig, McpServers};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One request the fake has seen.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn rpc(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }
}

type Answer = Arc<dyn Fn(&Seen) -> Option<Response> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Answer,
}

impl Fake {
    /// `answer` decides; where it gives `None` the fake is an honest stateless server with two tools.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Option<Response> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { url, seen: Arc::default(), answer: Arc::new(answer) };
        let router = Router::new().fallback(respond).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, method: &str) -> usize {
        self.seen().iter().filter(|seen| seen.rpc() == method).count()
    }

    pub(crate) fn server(&self) -> ToolServer {
        server(&format!("{}/mcp", self.url), Some("s3cret"))
    }
}

async fn respond(State(fake): State<Fake>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let seen = Seen { method: parts.method, path: parts.uri.path().to_owned(), headers: parts.headers, body };
    fake.seen.lock().unwrap().push(seen.clone());
    (fake.answer)(&seen).unwrap_or_else(|| honest(&seen))
}

pub(crate) fn result(seen: &Seen, result: Value) -> Response {
    axum::Json(json!({ "jsonrpc": "2.0", "id": seen.body["id"], "result": result })).into_response()
}

pub(crate) fn error(seen: &Seen, code: i32, message: &str) -> Response {
    let error = json!({ "code": code, "message": message });
    axum::Json(json!({ "jsonrpc": "2.0", "id": seen.body["id"], "error": error })).into_response()
}

pub(crate) fn sse(text: impl Into<String>) -> Response {
    ([(http::header::CONTENT_TYPE, "text/event-stream")], Body::from(text.into())).into_response()
}

pub(crate) fn tool(name: &str) -> Value {
    json!({ "name": name, "description": "a tool", "inputSchema": { "type": "object" } })
}

fn honest(seen: &Seen) -> Response {
    match seen.rpc() {
        _ if seen.method != Method::POST => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        "initialize" => result(
            seen,
            json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                "serverInfo": { "name": "fake", "version": "1" } }),
        ),
        "tools/list" => {
            let mut look = tool("look");
            look["annotations"] = json!({ "readOnlyHint": true });
            result(seen, json!({ "tools": [look, tool("act")] }))
        }
        "tools/call" => {
            let text = json!({ "type": "text", "text": seen.body["params"]["arguments"].to_string() });
            result(seen, json!({ "content": [text] }))
        }
        method if method.starts_with("notifications/") => StatusCode::ACCEPTED.into_response(),
        _ => error(seen, -32601, "no such method"),
    }
}

pub(crate) fn server(url: &str, token: Option<&str>) -> ToolServer {
    let authorization = token.map(str::to_owned);
    let place = Place::Http { url: url.to_owned(), headers: BTreeMap::new(), authorization };
    ToolServer { label: "fake".into(), place, configured: true }
}

pub(crate) fn quick() -> McpConfig {
    McpConfig {
        connect_timeout_seconds: 1,
        initialize_timeout_seconds: 1,
        list_timeout_seconds: 1,
        call_timeout_seconds: 1,
        max_answer_bytes: 64 * 1024,
        max_tools: 20,
        ..McpConfig::default()
    }
}

pub(crate) fn servers() -> McpServers {
    McpServers::new(quick())
}

pub(crate) fn context() -> CallContext {
    CallContext::new("test", Duration::from_secs(10))
}
