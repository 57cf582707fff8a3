//! A claims service on a real socket, and a control plane that plays a script and calls back as the tools do.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(dead_code, reason = "each test file uses a part")]

pub mod stack;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use claims::ClaimsConfig;
use claims::clock::Clock;
use reqwest::{Client, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

#[allow(unused_imports, reason = "each test file uses a part")]
pub use stack::{Act, FakeStack};

pub const TOKEN: &str = "service-token-of-the-test";

/// Time that does not pass by itself: pauses end at once, deadlines when the test says so.
#[derive(Default)]
pub struct TestClock {
    pub pauses: std::sync::Mutex<Vec<Duration>>,
    pub time_is_up: Notify,
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    async fn pause(&self, wait: Duration) {
        self.pauses.lock().unwrap().push(wait);
    }

    async fn deadline(&self, _limit: Duration) {
        self.time_is_up.notified().await;
    }
}

pub struct House {
    pub base: String,
    pub http: Client,
    pub stack: FakeStack,
    pub clock: Arc<TestClock>,
    pub folder: Arc<tempfile::TempDir>,
    config: ClaimsConfig,
    stop: host::Stop,
    served: JoinHandle<()>,
}

impl House {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ClaimsConfig)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let stack = FakeStack::start().await;
        let inbox = folder.path().join("inbox");
        std::fs::create_dir_all(&inbox).unwrap();
        std::fs::write(inbox.join("claim.pdf"), PDF).unwrap();
        let mut config = ClaimsConfig {
            data_dir: folder.path().join("data"),
            document_roots: vec![inbox],
            stack_url: stack.url.clone(),
            service_token: Some(SecretString::from(TOKEN)),
            connect_attempts: 3,
            // A claim whose control plane is dead goes to a person at once, but where a test asks for patience.
            retry_backoff_seconds: 0,
            ..ClaimsConfig::default()
        };
        change(&mut config);
        Self::open(config, stack, folder).await
    }

    async fn open(config: ClaimsConfig, stack: FakeStack, folder: Arc<tempfile::TempDir>) -> Self {
        let clock = Arc::new(TestClock::default());
        let service = claims::service_with(config.clone(), clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        stack.claims_at(&base);
        let stop = host::Stop::new();
        let serving = stop.clone();
        let served = tokio::spawn(async move {
            host::serve(vec![(service, listener)], serving, Duration::from_secs(5)).await.unwrap();
        });
        let http = Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().unwrap();
        Self { base, http, stack, clock, folder, config, stop, served }
    }

    /// Ends the process without a goodbye and starts another one on the same data.
    pub async fn crash_and_restart(self) -> Self {
        self.served.abort();
        let _ = self.served.await;
        Self::open(self.config, self.stack, self.folder).await
    }

    /// Ends it in good order and starts another one.
    pub async fn stop_and_restart(self) -> Self {
        self.stop.soft().cancel();
        self.served.await.unwrap();
        Self::open(self.config, self.stack, self.folder).await
    }

    pub fn inbox(&self) -> PathBuf {
        self.folder.path().join("inbox")
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.http.post(format!("{}{path}", self.base)).json(body).send().await.unwrap()
    }

    pub async fn internal(&self, path: &str) -> Response {
        self.http.get(format!("{}/internal/v1{path}", self.base)).bearer_auth(TOKEN).send().await.unwrap()
    }

    pub async fn internal_post(&self, path: &str, run: &str, body: &Value) -> Response {
        let request = self.http.post(format!("{}/internal/v1{path}", self.base)).bearer_auth(TOKEN);
        request.header("X-Claim-Run", run).json(body).send().await.unwrap()
    }

    /// Submits the sample document and gives the claim's id.
    pub async fn submit(&self) -> String {
        let body = json!({"user_id": "USR-1", "document_path": "claim.pdf", "received_date": "2026-05-12", "claim_type": "home"});
        let response = self.post("/api/v1/claims", &body).await;
        assert_eq!(response.status(), 201);
        response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Processes and waits for the end.
    pub async fn process(&self, id: &str) -> Value {
        let response =
            self.http.post(format!("{}/api/v1/claims/{id}/process?wait=30", self.base)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Follows the claim's events until a run ends, and looks whether the claim has this status.
    pub async fn wait_for(&self, id: &str, status: &str) {
        let mut stream = self.get(&format!("/api/v1/claims/{id}/events")).await;
        let mut text = String::new();
        while let Some(chunk) = stream.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            if text.contains("event: finished") {
                break;
            }
        }
        assert_eq!(self.get_json(&format!("/api/v1/claims/{id}")).await["status"], status, "{text}");
    }

    pub fn samples(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
    }

    pub fn config(&self) -> &ClaimsConfig {
        &self.config
    }
}

pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

pub fn approval(claim: &str) -> Value {
    json!({
        "success": true, "claim_id": claim, "decision": "approve", "payable_amount": "1430.50",
        "proposed_amount": "1430.50", "currency": "EUR", "confidence": 0.97,
        "reason_codes": ["COVERED", "DEDUCTIBLE_APPLIED"],
        "reasons": [{"code": "COVERED", "text_en": "The loss is covered.", "text_fr": "Le sinistre est garanti.", "clause": "2.1", "inputs": {}}],
        "contract_number": "AZ-1", "amount_steps": [{"code": "DEDUCTIBLE_APPLIED", "before": "1830.50", "after": "1430.50"}],
        "trace": [], "notes": [], "explanation_en": "Covered: 1430.50 EUR are due.",
        "explanation_fr": "Garanti : 1430.50 EUR sont dus.", "policy_version": "1.0",
    })
}

pub fn refusal(claim: &str) -> Value {
    let mut document = approval(claim);
    for (name, value) in [
        ("decision", json!("deny")),
        ("payable_amount", json!("0.00")),
        ("proposed_amount", Value::Null),
        ("reason_codes", json!(["WAITING_PERIOD"])),
        ("explanation_en", json!("Refused: the waiting period had not ended.")),
    ] {
        document[name] = value;
    }
    document
}
