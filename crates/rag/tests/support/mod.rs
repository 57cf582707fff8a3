//! Fakes of the two servers that retrieval speaks to, and a caller of its tools.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use host::Stop;
use rag::RagConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub fn samples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

pub fn rows(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(samples().join(name)).expect("a sample file");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// An address where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// A control plane whose vectors count words, so that texts that share words are near.
#[derive(Default)]
pub struct Plane {
    embedded: Mutex<Vec<String>>,
    pub requests: AtomicUsize,
    pub down: AtomicBool,
    refused_model: Mutex<String>,
    url: std::sync::OnceLock<String>,
}

impl Plane {
    pub async fn start() -> Arc<Self> {
        let plane = Arc::new(Self::default());
        let router = Router::new().route("/v1/embeddings", post(embeddings)).with_state(plane.clone());
        plane.url.set(serve(router).await).expect("set once");
        plane
    }

    pub fn url(&self) -> &str {
        self.url.get().expect("started")
    }

    /// This model is not served until another is named.
    pub fn refuse_model(&self, name: &str) {
        *self.refused_model.lock().expect("no panic") = name.to_owned();
    }

    pub fn embedded(&self) -> Vec<String> {
        self.embedded.lock().expect("no panic").clone()
    }
}

async fn embeddings(State(plane): State<Arc<Plane>>, Json(request): Json<Value>) -> Response {
    plane.requests.fetch_add(1, Ordering::Relaxed);
    let refused = request["model"] == plane.refused_model.lock().expect("no panic").as_str();
    if refused || plane.down.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, r#"{"detail":"no model"}"#).into_response();
    }
    let texts: Vec<String> = serde_json::from_value(request["input"].clone()).expect("texts");
    let rows: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    plane.embedded.lock().expect("no panic").extend(texts);
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    Json(json!({"object": "list", "data": rows, "model": request["model"], "usage": usage})).into_response()
}

fn vector(text: &str) -> Vec<f32> {
    let mut counts = vec![0.01_f32; 256];
    for word in text.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 3) {
        let place = word.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
        counts[place % 256] += 1.0;
    }
    counts
}

/// A claims service with the sample records and claims put in by a test.
#[derive(Default)]
pub struct Claims {
    pub intakes: Mutex<HashMap<String, Value>>,
    pub documents: Mutex<HashMap<String, Value>>,
    pub posted: Mutex<Vec<Value>>,
    pub stale: AtomicBool,
    pub url: std::sync::OnceLock<String>,
}

pub const TOKEN: &str = "service-secret";

impl Claims {
    pub async fn start() -> Arc<Self> {
        let claims = Arc::new(Self::default());
        let router = Router::new()
            .route("/internal/v1/claims/{id}", get(intake))
            .route("/internal/v1/claims/{id}/evidence", get(evidence).post(record))
            .route("/internal/v1/reference/users/{id}", get(user))
            .route("/internal/v1/reference/history", get(history))
            .route("/internal/v1/reference/history/lookup", get(look_up))
            .with_state(claims.clone());
        claims.url.set(serve(router).await).expect("set once");
        claims
    }

    pub fn submit(&self, intake: Value, document: Option<Value>) {
        let id = intake["claim_id"].as_str().expect("an id").to_owned();
        if let Some(document) = document {
            self.documents.lock().expect("no panic").insert(id.clone(), document);
        }
        self.intakes.lock().expect("no panic").insert(id, intake);
    }

    pub fn posted(&self) -> Vec<Value> {
        self.posted.lock().expect("no panic").clone()
    }
}

type Shared = State<Arc<Claims>>;

fn refused(headers: &HeaderMap) -> bool {
    headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&format!("Bearer {TOKEN}"))
}

async fn intake(State(claims): Shared, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if refused(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match claims.intakes.lock().expect("no panic").get(&id) {
        Some(intake) => Json(intake.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn evidence(State(claims): Shared, Path(id): Path<String>) -> Response {
    let documents = claims.documents.lock().expect("no panic");
    let found: Vec<Value> = documents
        .get(&id)
        .map(|payload| json!({"evidence_id": "ev-doc", "kind": "document", "tool": "ocr_document", "payload": payload}))
        .into_iter()
        .collect();
    Json(json!({"claim_id": id, "run_id": "run-1", "evidence": found})).into_response()
}

async fn record(
    State(claims): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Response {
    if claims.stale.load(Ordering::Relaxed) {
        return (StatusCode::CONFLICT, Json(json!({"error": {"code": "stale_run", "message": "over"}})))
            .into_response();
    }
    body["claim_id"] = json!(id);
    body["run"] = json!(headers.get("x-claim-run").and_then(|run| run.to_str().ok()));
    let mut posted = claims.posted.lock().expect("no panic");
    posted.push(body);
    (StatusCode::CREATED, Json(json!({"evidence_id": format!("ev-{}", posted.len()), "sha256": "00"}))).into_response()
}

async fn user(Path(id): Path<String>) -> Response {
    let Some(mut user) = rows("reference/users.jsonl").into_iter().find(|user| user["user_id"] == id.as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let owned =
        |name: &str| -> Vec<Value> { rows(name).into_iter().filter(|row| row["user_id"] == id.as_str()).collect() };
    user["contracts"] = json!(owned("reference/contracts.jsonl"));
    user["past_claims"] = json!(owned("reference/claims_history.jsonl"));
    Json(user).into_response()
}

async fn history(headers: HeaderMap) -> Response {
    if headers.get("if-none-match").is_some_and(|tag| tag == "\"1\"") {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let text = std::fs::read_to_string(samples().join("reference/claims_history.jsonl")).expect("a sample file");
    ([("etag", "\"1\""), ("content-type", "application/jsonl")], text).into_response()
}

async fn look_up(Query(query): Query<HashMap<String, String>>) -> Response {
    let matches = |row: &Value| query.iter().all(|(name, value)| row[name.as_str()] == value.as_str());
    let found: Vec<Value> = rows("reference/claims_history.jsonl").into_iter().filter(matches).collect();
    Json(json!({"records": found})).into_response()
}

/// A running retrieval server. Stopped and waited for by [`Rag::stop`], stopped by dropping it.
pub struct Rag {
    url: String,
    http: reqwest::Client,
    stop: Stop,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Rag {
    fn drop(&mut self) {
        self.stop.soft().cancel();
        self.stop.hard().cancel();
    }
}

impl Rag {
    pub async fn start(config: RagConfig) -> Self {
        let service = rag::service(config).expect("a service");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = Stop::new();
        let stopping = stop.clone();
        let served = tokio::spawn(async move {
            host::serve(vec![(service, listener)], stopping, Duration::from_secs(1)).await.expect("served");
        });
        Self { url, http: reqwest::Client::new(), stop, served: Some(served) }
    }

    pub async fn stop(mut self) {
        self.stop.soft().cancel();
        self.stop.hard().cancel();
        if let Some(served) = self.served.take() {
            served.await.expect("ended");
        }
    }

    pub async fn rpc(&self, method: &str, params: Value, run: Option<&str>) -> Value {
        let mut request = self
            .http
            .post(format!("{}/mcp", self.url))
            .header("accept", "application/json, text/event-stream")
            .json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
        if let Some(run) = run {
            request = request.header("x-claim-run", run);
        }
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// The structured result; the text must say the same.
    pub async fn call_in(&self, run: Option<&str>, tool: &str, arguments: Value) -> Value {
        let result = self.rpc("tools/call", json!({"name": tool, "arguments": arguments}), run).await;
        assert_ne!(result["isError"], json!(true), "{result}");
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().expect("text")).expect("JSON");
        assert_eq!(text, result["structuredContent"]);
        text
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.call_in(None, tool, arguments).await
    }

    /// The error of a call that fails.
    pub async fn refusal(&self, run: Option<&str>, tool: &str, arguments: Value) -> Value {
        let result = self.rpc("tools/call", json!({"name": tool, "arguments": arguments}), run).await;
        assert_eq!(result["isError"], json!(true), "{result}");
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().expect("text")).expect("JSON");
        assert_eq!(text["success"], json!(false));
        text["error"].clone()
    }

    /// Asks for health until it is as wanted. Each question is a round trip, so this does not spin.
    pub async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let asked = async {
            loop {
                let health = self.call("rag_health_check", json!({})).await;
                if wanted(&health) {
                    return health;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), asked).await.expect("in time")
    }
}

pub fn alone(stack_url: &str) -> RagConfig {
    RagConfig {
        reference_dir: Some(samples().join("reference")),
        stack_url: stack_url.to_owned(),
        ..RagConfig::default()
    }
}

pub fn with_claims(claims: &Claims, stack_url: &str) -> RagConfig {
    let url = claims.url.get().expect("started").clone();
    let evidence = serde_json::from_value(json!({"url": url, "token": TOKEN})).expect("settings");
    RagConfig { claims: Some(evidence), ..alone(stack_url) }
}

pub fn texts(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
}
