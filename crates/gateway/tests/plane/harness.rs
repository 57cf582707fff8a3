//! A control plane on a real socket, over real storage, with fakes for models and tool servers.

use std::collections::HashMap;
use std::sync::Arc;

use engine::registry::{ProviderEntry, Serves};
use engine::{Background, Limits, ModelTraits, Own, Registry, Responder};
use gateway::{Admission, App, Edge, Quota, Stores};
use ports::Ids;
use ports::access::{Policy, RoutePolicy};
use ports::auth::Authenticator;
use ports::context::{SystemClock, UuidIds};
use ports::tools::{Place, ToolServer};
use providers::mcp::{McpConfig, McpServers};
use providers::openai::{FmsOrchestrator, OpenAiCompatible, OpenAiConfig, OpenAiEmbeddings, RemoteRerank};
use providers::web_search::{Engine, RemoteWebSearch, WebSearchConfig};
use serde_json::{Value, json};
use testkit::mcp::FakeMcp;
use testkit::openai::FakeModel;

use crate::traffic;

pub struct Plane {
    base: String,
    pub http: reqwest::Client,
    pub model: FakeModel,
    pub vectors: FakeModel,
    _folder: Arc<tempfile::TempDir>,
}

/// How a plane is set up beside its defaults.
#[derive(Default)]
pub struct Setup {
    pub connectors: Vec<(String, String)>,
    /// Start on what an earlier plane has stored.
    pub folder: Option<Arc<tempfile::TempDir>>,
    pub mcp: Option<McpConfig>,
    pub authenticator: Option<Arc<dyn Authenticator>>,
    pub policy: Policy,
    pub routes: RoutePolicy,
    /// Requests a day, of somebody unknown and of somebody known.
    pub quota: Option<(u64, u64)>,
    /// Another database than SQLite in the folder.
    pub database: Option<String>,
    pub limits: Limits,
    /// A guardrails orchestrator.
    pub detectors: Option<String>,
    /// A SearXNG to search the web with.
    pub web: Option<String>,
}

impl Plane {
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with_tools(tools: &FakeMcp) -> Self {
        Self::with(Setup { connectors: vec![("claims".into(), tools.url())], ..Setup::default() }).await
    }

    pub async fn with(setup: Setup) -> Self {
        let folder = setup.folder.unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        let policy = Arc::new(setup.policy);
        let settings = storage::Settings { policy: policy.clone(), connections: None };
        let store = storage::Store::prepare(&setup.database.unwrap_or_else(|| sqlite(&folder)), settings).unwrap();
        store.bring_up().await.unwrap();
        let (model, vectors) = (FakeModel::start().await, FakeModel::start().await);
        let at = |url: String| OpenAiConfig { base_url: url, tries: 1, ..OpenAiConfig::default() };
        let entries = vec![
            ProviderEntry {
                id: "vllm".into(),
                kind: "remote::vllm".into(),
                serves: Serves::Chat(Arc::new(OpenAiCompatible::new(at(model.url()))), ModelTraits::default()),
                shown_config: json!({}),
            },
            ProviderEntry {
                id: "embed".into(),
                kind: "remote::vllm-embedding".into(),
                serves: Serves::Embeddings(Arc::new(OpenAiEmbeddings::new(at(vectors.url())))),
                shown_config: json!({}),
            },
            ProviderEntry {
                id: "rank".into(),
                kind: "remote::vllm-rerank".into(),
                serves: Serves::Rerank(Arc::new(RemoteRerank::new(at(vectors.url())))),
                shown_config: json!({}),
            },
        ];
        let connectors: HashMap<String, ToolServer> = setup
            .connectors
            .into_iter()
            .map(|(label, url)| {
                let place = Place::Http { url, headers: Default::default(), authorization: None };
                (label.clone(), ToolServer { label, place, configured: true })
            })
            .collect();
        let stores = Stores {
            batches: Arc::new(store.clone()),
            completions: Arc::new(store.clone()),
            agents: Arc::new(store.clone()),
            registrations: Arc::new(store.clone()),
            files: Arc::new(store.clone()),
            blobs: Arc::new(storage::DiskBlobs::new(folder.path().join("files"))),
            vectors: Arc::new(store.clone()),
            search: Arc::new(engine::vectors::EmbeddedSearch::new(Arc::new(store.clone()), Default::default())),
        };
        let registry =
            Arc::new(Registry::new(entries).with_policy(policy).with_registrations(stores.registrations.clone()));
        let web = setup.web.map(|url| {
            let config = WebSearchConfig { engine: Engine::Searxng, url: Some(url), api_key: None };
            Arc::new(RemoteWebSearch::new(config).unwrap()) as Arc<dyn ports::web::WebSearch>
        });
        let detectors =
            setup.detectors.map(|url| Arc::new(FmsOrchestrator::new(at(url))) as Arc<dyn ports::detectors::Detectors>);
        let own = Own::new(&registry, stores.kept(), Arc::new(SystemClock)).with_web(web).with_detectors(detectors);
        let responder = Arc::new(Responder {
            registry,
            servers: Arc::new(McpServers::new(setup.mcp.unwrap_or_default())),
            connectors,
            responses: Arc::new(store.clone()),
            conversations: Arc::new(store.clone()),
            prompts: Arc::new(store.clone()),
            own,
            background: Background::new(UuidIds.fresh("runner"), &setup.limits),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidIds),
            limits: setup.limits,
        });
        let edge = Edge {
            default_model: Some("vllm/fake-model".into()),
            max_file_bytes: 1 << 20,
            admission: Admission {
                authenticator: setup.authenticator,
                routes: setup.routes,
                quota: setup.quota.map(|(anonymous, known)| {
                    Quota::new(Arc::new(store.clone()), anonymous, known, std::time::Duration::from_secs(86_400))
                }),
            },
            ..Edge::default()
        };
        let app = App::new(responder, Arc::new(store.clone()), Arc::new(store), stores, edge);
        let service = gateway::service(app);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = host::Stop::default();
        tokio::spawn(async move {
            host::serve(vec![(service, listener)], stop, std::time::Duration::from_secs(1)).await.unwrap();
        });
        Self { base, http: reqwest::Client::new(), model, vectors, _folder: folder }
    }

    pub fn folder(&self) -> Arc<tempfile::TempDir> {
        self._folder.clone()
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

    /// The `data:` frames of a streamed answer.
    pub async fn stream(&self, path: &str, body: Value) -> Vec<Value> {
        frames(self.http.post(self.url(path)).json(&body)).await
    }

    /// A response that must succeed.
    pub async fn respond(&self, mut body: Value) -> Value {
        body["model"] = json!("vllm/fake-model");
        let (status, response) = self.post("/v1/responses", body).await;
        assert_eq!(status, 200, "{response}");
        response
    }

    /// The events of a streamed response that must begin.
    pub async fn streamed(&self, mut body: Value) -> Vec<Value> {
        body["model"] = json!("vllm/fake-model");
        body["stream"] = json!(true);
        self.stream("/v1/responses", body).await
    }

    /// The messages that the model was asked last.
    pub fn asked(&self) -> Vec<Value> {
        self.model.received().last().unwrap().body["messages"].as_array().unwrap().clone()
    }
}

/// What a plane on this folder keeps its state in.
pub async fn store(folder: &tempfile::TempDir) -> storage::Store {
    storage::Store::open(&sqlite(folder)).await.unwrap()
}

fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}", folder.path().join("g.db").display())
}

pub async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

/// The `data:` frames of a streamed answer that must begin.
pub async fn frames(request: reqwest::RequestBuilder) -> Vec<Value> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let frames = text.lines().filter_map(|line| line.strip_prefix("data: "));
    frames.map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

pub fn kinds(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect()
}

/// [`refusal`] without its message.
pub fn refused(answer: &(u16, Value)) -> (u16, &str) {
    let (status, param, _) = refusal(answer);
    (status, param)
}

/// Status, `error.param` and the message, which both dialects must find.
pub fn refusal(answer: &(u16, Value)) -> (u16, &str, &str) {
    assert!(answer.1["error"]["type"].is_string(), "{}", answer.1);
    let message = answer.1["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(answer.1["detail"], message, "{}", answer.1);
    (answer.0, answer.1["error"]["param"].as_str().unwrap_or_default(), message)
}
