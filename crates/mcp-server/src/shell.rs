//! Routes of an MCP server.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use futures::future::BoxFuture;
use host::{Allowed, Readiness, Service};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rmcp::{
    ServerHandler,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService,
        streamable_http_server::session::{SessionManager, local::LocalSessionManager, never::NeverSessionManager},
    },
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    McpServerConfig,
    bounded::{Bounded, CallLimits},
    debug_call,
    gate::{BodyLimits, Refusal},
    legacy::{self, Life, Open, Sessions},
};

/// One request through rmcp's streamable HTTP service.
pub(crate) type Exchange = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) exchange: Exchange,
    pub(crate) sessions: Sessions,
    pub(crate) limits: BodyLimits,
    pub(crate) keep_alive: Duration,
    pub(crate) path_prefix: Arc<str>,
    has_sessions: bool,
}

/// Puts a tool server on the wire.
///
/// `handler` is called once for every request, or once for a legacy stream: it
/// must be cheap, so keep models and pools in an `Arc` it clones. A call whose
/// client has gone is dropped at its next await. The service is ready when
/// `ready` says so, and until the host tells it to stop.
pub fn service<H, F>(name: &'static str, handler: F, config: McpServerConfig, ready: Arc<dyn Readiness>) -> Service
where
    F: Fn() -> H + Send + Sync + Clone + 'static,
    H: ServerHandler,
{
    let calls = CallLimits::new(&config);
    let shell = Shell {
        exchange: exchange(handler.clone(), calls.clone(), &config),
        sessions: Sessions::new(open(handler, calls), config.max_sse_sessions, config.max_calls_per_session),
        limits: BodyLimits::from(&config),
        keep_alive: config.keep_alive(),
        path_prefix: config.path_prefix.as_str().into(),
        has_sessions: config.sessions,
    };
    let allowed = Allowed { hosts: config.allowed_hosts, origins: config.allowed_origins };
    let stopping = CancellationToken::new();
    let health = Health { name, ready: ready.clone(), stopping: stopping.clone() };
    let sessions = shell.sessions.clone();
    let router = host::guard(routes(shell), &allowed).merge(health_routes(health));
    Service::new(name, router).with_readiness(ready).with_task(async move |stop| {
        stop.cancelled().await;
        stopping.cancel();
        sessions.drain();
    })
}

fn routes(shell: Shell) -> Router {
    Router::new()
        .route("/mcp", any(streamable))
        .route("/mcp/", any(streamable))
        .route("/sse", get(legacy::open_stream).fallback(streamable))
        .route("/sse/", get(legacy::open_stream).fallback(streamable))
        .route("/messages", post(legacy::post_message))
        .route("/messages/", post(legacy::post_message))
        .route("/tools/{tool}", post(debug_call::call))
        .with_state(shell)
}

fn exchange<H, F>(handler: F, calls: CallLimits, config: &McpServerConfig) -> Exchange
where
    F: Fn() -> H + Send + Sync + 'static,
    H: ServerHandler,
{
    // By default no sessions: a restart loses nothing, and a dropped connection
    // cancels its call. Host and Origin are judged by our own guard, on every route alike.
    let settings = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(config.sessions)
        .with_json_response(true)
        .with_sse_keep_alive(Some(config.keep_alive()))
        .with_sse_retry(None)
        .with_max_request_body_bytes(config.max_body_bytes)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let factory = move || Ok(Bounded::sharing(handler(), calls.clone()));
    if config.sessions {
        let sessions = Arc::new(LocalSessionManager::default());
        boxed(StreamableHttpService::new(factory, sessions, settings))
    } else {
        let sessions = Arc::new(NeverSessionManager::default());
        boxed(StreamableHttpService::new(factory, sessions, settings))
    }
}

fn boxed<H: ServerHandler, M: SessionManager>(service: StreamableHttpService<H, M>) -> Exchange {
    Arc::new(move |request| {
        let service = service.clone();
        Box::pin(async move { service.handle(request).await.map(Body::new) })
    })
}

fn open<H, F>(handler: F, calls: CallLimits) -> Open
where
    F: Fn() -> H + Send + Sync + 'static,
    H: ServerHandler,
{
    Arc::new(move |outbox, incoming, Life { stop, ended }| {
        let handler = Bounded::sharing(handler(), calls.clone());
        // Not awaited: it ends with `stop`, which ends with the stream.
        tokio::spawn(async move {
            let _ended = ended.drop_guard();
            match rmcp::service::serve_server_with_ct(handler, (outbox, incoming), stop).await {
                Ok(running) => {
                    let _ = running.waiting().await;
                }
                Err(error) => tracing::debug!(%error, "legacy stream ended in its handshake"),
            }
        });
    })
}

/// The streamable HTTP endpoint. Without sessions: POST only, but DELETE is answered kindly.
async fn streamable(State(shell): State<Shell>, request: Request) -> Response {
    match *request.method() {
        Method::POST => match post_streamable(&shell, request).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        },
        Method::GET | Method::DELETE if shell.has_sessions => {
            let mut response = (shell.exchange)(request).await;
            // rmcp says 202 to a DELETE, which the Python client reports as a failure.
            if response.status() == StatusCode::ACCEPTED {
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            response
        }
        // There is no session to end; older clients log an error unless told it is gone.
        Method::DELETE if !is_modern(request.headers()) => StatusCode::NO_CONTENT.into_response(),
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response(),
    }
}

async fn post_streamable(shell: &Shell, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let accepted = shell.limits.message(&parts.headers, body).await?;
    let id = accepted.request_id();
    let response = (shell.exchange)(Request::from_parts(parts, Body::from(accepted.bytes))).await;
    // The type was judged before; what remains is JSON that is not a message.
    if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        let message = "the body is not a JSON-RPC message of MCP";
        return Err(Refusal::invalid(StatusCode::BAD_REQUEST, message).with_id(id));
    }
    Ok(response)
}

fn is_modern(headers: &HeaderMap) -> bool {
    headers
        .get("mcp-protocol-version")
        .and_then(|version| version.to_str().ok())
        .is_some_and(|version| version >= "2026-07-28")
}

#[derive(Clone)]
struct Health {
    name: &'static str,
    ready: Arc<dyn Readiness>,
    stopping: CancellationToken,
}

/// Outside the Host rules: a kubelet asks by pod address.
fn health_routes(health: Health) -> Router {
    Router::new()
        .route("/health", get(readiness))
        .route("/health/ready", get(readiness))
        .route("/health/live", get(liveness))
        .with_state(health)
}

async fn liveness(State(health): State<Health>) -> Response {
    uncached(StatusCode::OK, json!({ "status": "ok", "service": health.name }))
}

async fn readiness(State(health): State<Health>) -> Response {
    let reason = if health.stopping.is_cancelled() {
        Some("stopping".to_owned())
    } else {
        health.ready.ready().await.err().map(|not_ready| not_ready.reason)
    };
    match reason {
        None => uncached(StatusCode::OK, json!({ "status": "ok", "service": health.name })),
        Some(reason) => {
            let body = json!({ "status": "not_ready", "service": health.name, "reason": reason });
            uncached(StatusCode::SERVICE_UNAVAILABLE, body)
        }
    }
}

fn uncached(status: StatusCode, body: serde_json::Value) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, no_store, Json(body)).into_response()
}
