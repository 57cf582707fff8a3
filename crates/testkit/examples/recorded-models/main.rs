//! A model server that plays what others recorded: the judge's part in `make conformance`.
//!
//!   recorded-models [--listen 127.0.0.1:0] [--dimension 384] [--pace MILLISECONDS] [--strict] [RECORDINGS…]
//!
//! Every `recordings/*.json` below the named folders is loaded; a request that matches a recorded one gets the recorded
//! answer (see `matching`). Any other gets an invented one (see `invented`), streamed at the pace, or 404 with `--strict`. `GET /stats` says how
//! many matched and shows the last that did not.

mod invented;
mod matching;
mod playing;
mod recordings;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::StreamExt;
use serde_json::{Value, json};

use playing::Played;
use recordings::Recordings;

/// Larger than any recorded request: pages of PDF as base64.
const MOST_BYTES: usize = 256 << 20;

struct Server {
    recordings: Recordings,
    dimension: usize,
    pace: Duration,
    strict: bool,
    asked: AtomicU64,
}

type Shared = State<Arc<Server>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut listen = "127.0.0.1:0".to_owned();
    let mut server = Server {
        recordings: Recordings::default(),
        dimension: 384,
        pace: Duration::ZERO,
        strict: false,
        asked: AtomicU64::new(0),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--listen" => listen = value()?,
            "--dimension" => server.dimension = value()?.parse()?,
            "--pace" => server.pace = Duration::from_millis(value()?.parse()?),
            "--strict" => server.strict = true,
            folder => server.recordings.load(&PathBuf::from(folder))?,
        }
    }
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    say(&format!("recorded-models http://{} {} recordings", listener.local_addr()?, server.recordings.len()))?;
    axum::serve(listener, router(server)).await?;
    Ok(())
}

/// The first line tells whoever started us where we listen.
fn say(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn router(server: Server) -> Router {
    Router::new()
        .route("/health", get(|| async { "{}" }))
        .route("/stats", get(stats))
        .route("/v1/models", get(models))
        .route("/v1/models/{*id}", get(model))
        .route("/v1/chat/completions", post(|state, body| generated(state, body, "chat")))
        .route("/v1/completions", post(|state, body| generated(state, body, "completion")))
        .route("/v1/embeddings", post(|state, body| generated(state, body, "embedding")))
        .route("/v1/moderations", post(moderations))
        .route("/search", post(search))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::new(server))
}

async fn generated(State(server): Shared, body: Bytes, kind: &str) -> Response {
    let number = server.asked.fetch_add(1, Ordering::Relaxed);
    let request: Value = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refusal(400, &format!("the body is not JSON: {error}")),
    };
    if let Some(played) = server.recordings.answer(kind, &request) {
        return render(played, Duration::ZERO);
    }
    if server.strict {
        return refusal(404, "no recording matches this request");
    }
    let invented = match kind {
        "chat" => invented::chat(&request, number, server.recordings.is_unsafe(&request)),
        "completion" => invented::completion(&request, number),
        _ => invented::embeddings(&request, server.dimension),
    };
    render(invented, server.pace)
}

fn render(played: Played, pace: Duration) -> Response {
    match played {
        Played::Whole(body) => axum::Json(body).into_response(),
        Played::Refused { status, message } => refusal(status, &message),
        Played::Streamed(chunks) => {
            let frames =
                chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n")).chain(["data: [DONE]\n\n".into()]);
            let frames = futures::stream::iter(frames).then(move |frame| async move {
                if !pace.is_zero() {
                    tokio::time::sleep(pace).await;
                }
                Ok::<_, std::convert::Infallible>(Bytes::from(frame))
            });
            ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)).into_response()
        }
    }
}

fn refusal(status: u16, message: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": status}});
    (code, axum::Json(body)).into_response()
}

async fn stats(State(server): Shared) -> Response {
    let mut stats = server.recordings.stats();
    stats["requests"] = server.asked.load(Ordering::Relaxed).into();
    axum::Json(stats).into_response()
}

async fn models(State(server): Shared) -> Response {
    let own = ["mock-llama", "mock-embed", "nomic-ai/nomic-embed-text-v1.5"].map(str::to_owned);
    let names = server.recordings.models().into_iter().chain(own).collect::<std::collections::BTreeSet<_>>();
    let data: Vec<Value> = names.iter().map(|name| described(name)).collect();
    axum::Json(json!({"object": "list", "data": data})).into_response()
}

async fn model(Path(id): Path<String>) -> Response {
    axum::Json(described(&id)).into_response()
}

fn described(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "vllm", "max_model_len": 131_072})
}

/// A web search in the shape of Tavily's.
async fn search(State(server): Shared, axum::Json(asked): axum::Json<Value>) -> Response {
    let words = asked["query"].as_str().unwrap_or_default();
    axum::Json(json!({"query": words, "results": server.recordings.search(words)})).into_response()
}

async fn moderations(body: String) -> Response {
    let flagged = body.contains("UNSAFE");
    let score = if flagged { 0.99 } else { 0.01 };
    let result =
        json!({"flagged": flagged, "categories": {"violence": flagged}, "category_scores": {"violence": score}});
    axum::Json(json!({"id": "modr-recorded", "model": "recorded", "results": [result]})).into_response()
}
