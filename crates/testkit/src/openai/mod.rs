//! An OpenAI-compatible model server that says what the test tells it to, and fails how the test tells it to.

mod answer;
mod reply;
mod vectors;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::watch;

pub use answer::{Answer, Fault, ToolCall};
pub use vectors::hash_vector;

use crate::{Listening, eventually};

/// Length of the vectors it answers with.
pub const DIMENSION: usize = 768;

/// A running fake. Answers are given in the order they were queued with [`FakeModel::then`]; when the queue is empty it
/// gives the standing answer, which is the text "ok" until [`FakeModel::always`] sets another, or thinks of one where
/// [`FakeModel::thinks`] has given it a mind.
pub struct FakeModel {
    listening: Listening,
    state: Arc<Told>,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Finds an answer to the body of a chat request.
type Mind = Arc<dyn Fn(&Value) -> Answer + Send + Sync>;

struct Told {
    queue: Mutex<VecDeque<Answer>>,
    standing: Mutex<Answer>,
    mind: Mutex<Option<Mind>>,
    received: watch::Sender<Vec<Received>>,
    cancels: watch::Sender<usize>,
    models: Mutex<Vec<String>>,
}

impl FakeModel {
    pub async fn start() -> Self {
        let state = Arc::new(Told {
            queue: Mutex::default(),
            standing: Mutex::new(Answer::text("ok")),
            mind: Mutex::default(),
            received: watch::Sender::new(Vec::new()),
            cancels: watch::Sender::new(0),
            models: Mutex::new(vec!["fake-model".into()]),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/completions", post(completions))
            .route("/v1/embeddings", post(embeddings))
            .route("/v1/rerank", post(rerank))
            .route("/v1/models", get(models))
            .route("/health", get(|| async { "{}" }))
            .with_state(state.clone());
        Self { listening: Listening::start(router).await, state }
    }

    /// The base URL an OpenAI client wants: ends in `/v1`.
    pub fn url(&self) -> String {
        format!("{}/v1", self.listening.url())
    }

    /// Queues an answer to one request, chat or embeddings.
    pub fn then(&self, answer: Answer) -> &Self {
        lock(&self.state.queue).push_back(answer);
        self
    }

    /// Drops the answers that are still queued.
    pub fn forget(&self) -> &Self {
        lock(&self.state.queue).clear();
        self
    }

    /// The answer to every request for which none is queued.
    pub fn always(&self, answer: Answer) -> &Self {
        *lock(&self.state.standing) = answer;
        self
    }

    /// Answers by what it is told, where no answer is queued.
    pub fn thinks(&self, mind: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> &Self {
        *lock(&self.state.mind) = Some(Arc::new(mind));
        self
    }

    pub fn serves(&self, models: &[&str]) -> &Self {
        *lock(&self.state.models) = models.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// All requests so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.borrow().clone()
    }

    /// Waits until `count` requests have arrived.
    pub async fn has_received(&self, count: usize) {
        eventually(&self.state.received, "the request", |all| all.len() >= count).await;
    }

    /// Answers that the caller abandoned before they were complete.
    pub fn cancels(&self) -> usize {
        *self.state.cancels.borrow()
    }

    /// Waits until `count` answers have been abandoned.
    pub async fn has_cancels(&self, count: usize) {
        eventually(&self.state.cancels, "the cancel", |&seen| seen >= count).await;
    }
}

impl Told {
    fn note(&self, path: &str, headers: HeaderMap, body: Value) {
        self.received.send_modify(|all| all.push(Received { path: path.into(), headers, body }));
    }

    fn next(&self) -> Answer {
        lock(&self.queue).pop_front().unwrap_or_else(|| lock(&self.standing).clone())
    }

    fn answer_to(&self, body: &Value) -> Answer {
        let queued = lock(&self.queue).pop_front();
        let mind = lock(&self.mind).clone();
        queued.or_else(|| mind.map(|mind| mind(body))).unwrap_or_else(|| lock(&self.standing).clone())
    }
}

/// Counts an answer as abandoned unless it was completed.
pub(crate) struct Abandoned {
    cancels: Option<watch::Sender<usize>>,
}

impl Abandoned {
    fn new(told: &Told) -> Self {
        Self { cancels: Some(told.cancels.clone()) }
    }

    pub(crate) fn complete(&mut self) {
        self.cancels = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(cancels) = &self.cancels {
            cancels.send_modify(|count| *count += 1);
        }
    }
}

async fn chat(State(told): State<Arc<Told>>, headers: HeaderMap, body: String) -> Response {
    generated(&told, "/v1/chat/completions", headers, &body).await
}

async fn completions(State(told): State<Arc<Told>>, headers: HeaderMap, body: String) -> Response {
    generated(&told, "/v1/completions", headers, &body).await
}

async fn generated(told: &Arc<Told>, path: &str, headers: HeaderMap, body: &str) -> Response {
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    told.note(path, headers, body.clone());
    let mut abandoned = Abandoned::new(told);
    let answer = told.answer_to(&body);
    if let Some(response) = reply::instead(&answer, &mut abandoned).await {
        return response;
    }
    match body["stream"].as_bool() {
        Some(true) => reply::stream(answer, &body, abandoned),
        _ => reply::whole(&answer, &body, abandoned),
    }
}

/// Scores by shared words.
async fn rerank(State(told): State<Arc<Told>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    told.note("/v1/rerank", headers, body.clone());
    let query = hash_vector(body["query"].as_str().unwrap_or_default(), DIMENSION);
    let texts = body["documents"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let score = |text| -> f32 { hash_vector(text, DIMENSION).iter().zip(&query).map(|(a, b)| a * b).sum() };
    let rows = texts.enumerate().map(|(index, text)| json!({"index": index, "relevance_score": score(text)}));
    axum::Json(json!({"results": rows.collect::<Vec<_>>()})).into_response()
}

async fn embeddings(State(told): State<Arc<Told>>, headers: HeaderMap, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    told.note("/v1/embeddings", headers, body.clone());
    let mut abandoned = Abandoned::new(&told);
    if let Some(response) = reply::instead(&told.next(), &mut abandoned).await {
        return response;
    }
    abandoned.complete();
    let texts: Vec<&str> = match &body["input"] {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": hash_vector(text, DIMENSION)}))
        .collect();
    let usage = json!({"prompt_tokens": words, "total_tokens": words});
    axum::Json(json!({"object": "list", "data": data, "model": body["model"], "usage": usage})).into_response()
}

async fn models(State(told): State<Arc<Told>>) -> Response {
    let data: Vec<Value> = lock(&told.models)
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": 1, "owned_by": "testkit", "max_model_len": 8192}))
        .collect();
    axum::Json(json!({"object": "list", "data": data})).into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
