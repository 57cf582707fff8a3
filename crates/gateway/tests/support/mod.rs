//! A control plane on a real socket, over real storage, with a fake model.
#![allow(dead_code, clippy::unwrap_used)]

#[path = "../traffic/mod.rs"]
mod traffic;

use std::collections::HashMap;
use std::sync::Arc;

use engine::registry::{ProviderEntry, Serves};
use engine::{Background, Limits, ModelTraits, Own, Registry, Responder};
use gateway::{App, Edge, Stores};
use ports::Ids;
use ports::context::{SystemClock, UuidIds};
use providers::mcp::{McpConfig, McpServers};
use providers::openai::{OpenAiCompatible, OpenAiConfig};
use serde_json::{Value, json};
use storage::Store;
use testkit::openai::FakeModel;

pub struct Plane {
    base: String,
    pub http: reqwest::Client,
    pub model: FakeModel,
    pub store: Store,
    _folder: tempfile::TempDir,
}

impl Plane {
    pub async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        Self::over(folder, store, limits).await
    }

    /// Starts on what a store holds already.
    pub async fn over(folder: tempfile::TempDir, store: Store, limits: Limits) -> Self {
        let model = FakeModel::start().await;
        let config = OpenAiConfig { base_url: model.url(), tries: 1, ..OpenAiConfig::default() };
        let serves = Serves::Chat(Arc::new(OpenAiCompatible::new(config)), ModelTraits::default());
        let entry = ProviderEntry { id: "vllm".into(), kind: "remote::vllm".into(), serves, shown_config: json!({}) };
        let stores = Stores {
            batches: Arc::new(store.clone()),
            completions: Arc::new(store.clone()),
            agents: Arc::new(store.clone()),
            registrations: Arc::new(store.clone()),
            files: Arc::new(store.clone()),
            blobs: Arc::new(storage::DiskBlobs::new(folder.path().join("files"))),
            vectors: Arc::new(store.clone()),
            search: Arc::new(engine::vectors::ExactSearch::new(Arc::new(store.clone()), 512 << 20)),
        };
        let registry = Arc::new(Registry::new(vec![entry]).with_registrations(stores.registrations.clone()));
        let own = Own::new(&registry, stores.kept(), Arc::new(SystemClock));
        let responder = Arc::new(Responder {
            registry,
            servers: Arc::new(McpServers::new(McpConfig::default())),
            connectors: HashMap::new(),
            responses: Arc::new(store.clone()),
            conversations: Arc::new(store.clone()),
            prompts: Arc::new(store.clone()),
            own,
            background: Background::new(UuidIds.fresh("runner"), &limits),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidIds),
            limits,
        });
        let app = App::new(responder, Arc::new(store.clone()), Arc::new(store.clone()), stores, Edge::default());
        let service = gateway::service(app);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let grace = std::time::Duration::from_secs(1);
            host::serve(vec![(service, listener)], host::Stop::default(), grace).await.unwrap();
        });
        Self { base, http: reqwest::Client::new(), model, store, _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.exchange("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.exchange("POST", path, Some(body)).await
    }

    /// One exchange, held against the published document.
    async fn exchange(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method.parse().unwrap(), self.url(path));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let (status, answer) = answered(request).await;
        traffic::check(method, path, body.as_ref(), status, &answer);
        (status, answer)
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.exchange("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.exchange("DELETE", path, None).await
    }

    /// A response that must succeed.
    pub async fn respond(&self, mut body: Value) -> Value {
        body["model"] = json!("vllm/fake-model");
        let (status, response) = self.post("/v1/responses", body).await;
        assert_eq!(status, 200, "{response}");
        response
    }

    /// The events of a streamed response that must begin.
    pub async fn stream(&self, mut body: Value) -> Vec<Value> {
        body["model"] = json!("vllm/fake-model");
        body["stream"] = json!(true);
        frames(self.http.post(self.url("/v1/responses")).json(&body)).await
    }

    /// The messages that the model was asked last.
    pub fn asked(&self) -> Vec<Value> {
        self.model.received().last().unwrap().body["messages"].as_array().unwrap().clone()
    }
}

pub async fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(&format!("sqlite://{}", folder.path().join("g.db").display())).await.unwrap()
}

pub async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// The `data:` frames of a streamed answer.
pub async fn frames(request: reqwest::RequestBuilder) -> Vec<Value> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let frames = text.lines().filter_map(|line| line.strip_prefix("data: "));
    frames.map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

/// Status and `error.param`, once the body has the shape that both dialects read.
pub fn refusal((status, body): &(u16, Value)) -> (u16, &str) {
    let error = &body["error"];
    assert!(error["message"].is_string() && error["type"].is_string(), "{body}");
    assert_eq!(body["detail"], error["message"], "{body}");
    (*status, error["param"].as_str().unwrap_or_default())
}

pub fn kinds(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect()
}
