//! An MCP server with scripted tools, over streamable HTTP at `/mcp` and legacy HTTP+SSE at `/sse`.
//!
//! It speaks the handshake versions (up to 2025-11-25) without sessions. Written by hand rather than with an SDK, so
//! that it can break the protocol wherever a test wants it broken.

mod http;
mod sse;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{Listening, eventually};

/// A running fake with the tools it was given.
pub struct FakeMcp {
    listening: Listening,
    state: Arc<Script>,
}

/// What one call of a tool does.
#[derive(Debug, Clone)]
pub enum Reply {
    Text(String),
    /// `structuredContent`, and the same as text.
    Structured(Value),
    /// A tool error, which the model may read.
    Failed(String),
    /// A JSON-RPC error, in place of a result.
    RpcError {
        code: i64,
        message: String,
    },
    /// An HTTP status without a JSON-RPC body. Over SSE the call is never answered.
    Status(u16),
    /// A body that is not JSON.
    Garbage,
    /// The answer to another request.
    WrongId,
    /// No answer; counted as a cancel when the caller goes.
    Hang,
    /// The connection is cut in the middle of the answer.
    Cut,
}

/// One `tools/call` as it arrived.
#[derive(Debug, Clone)]
pub struct Called {
    pub tool: String,
    pub arguments: Value,
    /// `_meta` of its parameters.
    pub meta: Value,
    /// Headers of the HTTP request that carried it.
    pub headers: HeaderMap,
}

#[derive(Clone)]
struct Tool {
    definition: Value,
    standing: Reply,
    queue: VecDeque<Reply>,
}

pub(crate) struct Script {
    tools: Mutex<BTreeMap<String, Tool>>,
    called: watch::Sender<Vec<Called>>,
    methods: watch::Sender<Vec<String>>,
    cancels: watch::Sender<usize>,
    token: Mutex<Option<String>>,
    streams: sse::Streams,
}

/// Which transports answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transports {
    Both,
    /// POST to any path but `/messages/` answers 405.
    SseOnly,
}

impl FakeMcp {
    pub async fn start() -> Self {
        Self::with(Transports::Both).await
    }

    pub async fn with(transports: Transports) -> Self {
        let state = Arc::new(Script {
            tools: Mutex::default(),
            called: watch::Sender::new(Vec::new()),
            methods: watch::Sender::new(Vec::new()),
            cancels: watch::Sender::new(0),
            token: Mutex::default(),
            streams: sse::Streams::default(),
        });
        let mut router = Router::new()
            .route("/sse", get(sse::open))
            .route("/messages/", post(sse::message))
            .route("/health", get(|| async { "{}" }));
        if transports == Transports::Both {
            router = router.route("/mcp", post(http::message).get(http::no_stream).delete(http::no_stream));
        }
        let router = router.with_state(state.clone());
        Self { listening: Listening::start(router).await, state }
    }

    /// The streamable HTTP endpoint.
    pub fn url(&self) -> String {
        format!("{}/mcp", self.listening.url())
    }

    /// The legacy endpoint.
    pub fn sse_url(&self) -> String {
        format!("{}/sse", self.listening.url())
    }

    /// Adds a tool whose calls get `reply`, unless another is queued with [`FakeMcp::then`].
    pub fn tool(&self, name: &str, input_schema: Value, reply: Reply) -> &Self {
        let definition = json!({"name": name, "description": format!("fake {name}"), "inputSchema": input_schema,
            "annotations": {"readOnlyHint": true}});
        self.define(definition, reply)
    }

    /// Adds a tool with the whole definition as `tools/list` shows it.
    pub fn define(&self, definition: Value, reply: Reply) -> &Self {
        let name = definition["name"].as_str().expect("a tool has a name").to_owned();
        lock(&self.state.tools).insert(name, Tool { definition, standing: reply, queue: VecDeque::new() });
        self
    }

    /// Queues a reply to one call of `tool`.
    pub fn then(&self, tool: &str, reply: Reply) -> &Self {
        lock(&self.state.tools).get_mut(tool).expect("a defined tool").queue.push_back(reply);
        self
    }

    /// Answers 401 to requests without this bearer token.
    pub fn requires(&self, token: &str) -> &Self {
        *lock(&self.state.token) = Some(token.into());
        self
    }

    pub fn calls(&self) -> Vec<Called> {
        self.state.called.borrow().clone()
    }

    /// Waits until `count` tool calls have arrived.
    pub async fn has_calls(&self, count: usize) {
        eventually(&self.state.called, "the tool call", |all| all.len() >= count).await;
    }

    /// Every JSON-RPC method received, in order.
    pub fn methods(&self) -> Vec<String> {
        self.state.methods.borrow().clone()
    }

    /// Waits until `count` calls have been abandoned or cancelled by a notification.
    pub async fn has_cancels(&self, count: usize) {
        eventually(&self.state.cancels, "the cancel", |&seen| seen >= count).await;
    }

    pub fn cancels(&self) -> usize {
        *self.state.cancels.borrow()
    }
}

/// What becomes of one JSON-RPC message.
pub(crate) enum Outcome {
    Answer(Value),
    /// A notification: nothing to answer.
    Accepted,
    Status(u16),
    Garbage,
    Hang,
    Cut(Value),
}

impl Script {
    fn allows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        match &*lock(&self.token) {
            None => true,
            Some(token) => given == Some(&format!("Bearer {token}")),
        }
    }

    fn handle(&self, message: &Value, headers: &HeaderMap) -> Outcome {
        let method = message["method"].as_str().unwrap_or_default();
        self.methods.send_modify(|all| all.push(method.to_owned()));
        let id = &message["id"];
        if id.is_null() {
            if method == "notifications/cancelled" {
                self.cancels.send_modify(|count| *count += 1);
            }
            return Outcome::Accepted;
        }
        match method {
            "initialize" => Outcome::Answer(result(id, initialized(&message["params"]["protocolVersion"]))),
            "ping" => Outcome::Answer(result(id, json!({}))),
            "tools/list" => {
                let tools: Vec<Value> = lock(&self.tools).values().map(|tool| tool.definition.clone()).collect();
                Outcome::Answer(result(id, json!({"tools": tools})))
            }
            "tools/call" => self.call(id, &message["params"], headers),
            _ => Outcome::Answer(error(id, -32601, "method not found")),
        }
    }

    fn call(&self, id: &Value, params: &Value, headers: &HeaderMap) -> Outcome {
        let name = params["name"].as_str().unwrap_or_default();
        let reply = lock(&self.tools).get_mut(name).map(|tool| tool.queue.pop_front().unwrap_or(tool.standing.clone()));
        let Some(reply) = reply else { return Outcome::Answer(error(id, -32602, "unknown tool")) };
        let (arguments, meta) = (params["arguments"].clone(), params["_meta"].clone());
        let called = Called { tool: name.into(), arguments, meta, headers: headers.clone() };
        self.called.send_modify(|all| all.push(called));
        let text = |text: &str| json!([{"type": "text", "text": text}]);
        match reply {
            Reply::Text(words) => Outcome::Answer(result(id, json!({"content": text(&words), "isError": false}))),
            Reply::Structured(value) => {
                let content = text(&value.to_string());
                Outcome::Answer(result(id, json!({"content": content, "structuredContent": value, "isError": false})))
            }
            Reply::Failed(words) => Outcome::Answer(result(id, json!({"content": text(&words), "isError": true}))),
            Reply::RpcError { code, message } => Outcome::Answer(error(id, code, &message)),
            Reply::WrongId => {
                Outcome::Answer(result(&json!("another"), json!({"content": text("?"), "isError": false})))
            }
            Reply::Status(code) => Outcome::Status(code),
            Reply::Garbage => Outcome::Garbage,
            Reply::Hang => Outcome::Hang,
            Reply::Cut => Outcome::Cut(result(id, json!({"content": text("half of this"), "isError": false}))),
        }
    }
}

/// Counts a call as cancelled when it is dropped unanswered.
pub(crate) struct Waiting(pub(crate) Arc<Script>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.cancels.send_modify(|count| *count += 1);
    }
}

fn initialized(asked: &Value) -> Value {
    let known = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
    let version = asked.as_str().filter(|version| known.contains(version)).unwrap_or("2025-11-25");
    json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "fake-mcp", "version": "1"}})
}

fn result(id: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
