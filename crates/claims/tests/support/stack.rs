//! The scripted control plane.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::TOKEN;

/// One act of a response.
#[derive(Clone)]
pub enum Act {
    /// A tool that finds this and posts it as evidence of this kind.
    Find(&'static str, &'static str, Value),
    /// The decision tool with this document and digest; `{claim}` in it becomes the claim's id.
    Decide(Value, &'static str),
    /// A tool that fails.
    ToolError(&'static str, &'static str),
    /// A tool server that cannot be listed.
    NoTools(&'static str),
    Say(&'static str),
    Fail(&'static str),
    Incomplete(&'static str),
    /// The connection is cut here.
    Cut,
    /// Tells the test that this point is reached, then is silent for ever.
    Hang(Arc<Notify>),
}

#[derive(Default)]
struct Stage {
    claims: Mutex<String>,
    /// One script for each coming response; the last one is played again.
    scripts: Mutex<VecDeque<Vec<Act>>>,
    /// Status to answer instead, for each coming request.
    refusals: Mutex<VecDeque<u16>>,
    requests: Mutex<Vec<Value>>,
    callbacks: Mutex<Vec<(String, u16)>>,
}

#[derive(Clone)]
pub struct FakeStack {
    pub url: String,
    stage: Arc<Stage>,
}

impl FakeStack {
    pub async fn start() -> Self {
        let stage = Arc::new(Stage::default());
        let router = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/responses", post(respond))
            .with_state(stage.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, stage }
    }

    pub fn claims_at(&self, base: &str) {
        *self.stage.claims.lock().unwrap() = base.to_owned();
    }

    pub fn play(&self, script: Vec<Act>) {
        self.stage.scripts.lock().unwrap().push_back(script);
    }

    /// Forgets what was to be played, and plays this from now on.
    pub fn only(&self, script: Vec<Act>) {
        let mut scripts = self.stage.scripts.lock().unwrap();
        scripts.clear();
        scripts.push_back(script);
    }

    pub fn refuse(&self, status: u16) {
        self.stage.refusals.lock().unwrap().push_back(status);
    }

    pub fn requests(&self) -> Vec<Value> {
        self.stage.requests.lock().unwrap().clone()
    }

    /// Paths and statuses of the tools' calls back to the claims service.
    pub fn callbacks(&self) -> Vec<(String, u16)> {
        self.stage.callbacks.lock().unwrap().clone()
    }
}

async fn models() -> Json<Value> {
    Json(json!({"data": [
        {"identifier": "emb", "provider_id": "p", "provider_resource_id": "emb", "type": "model", "model_type": "embedding", "metadata": {}},
        {"identifier": "p/small", "provider_id": "p", "provider_resource_id": "small", "type": "model", "model_type": "llm", "metadata": {}},
    ]}))
}

async fn respond(State(stage): State<Arc<Stage>>, Json(request): Json<Value>) -> Response {
    stage.requests.lock().unwrap().push(request.clone());
    if let Some(status) = stage.refusals.lock().unwrap().pop_front() {
        let body = Json(json!({"detail": "no model server"}));
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let script = {
        let mut scripts = stage.scripts.lock().unwrap();
        if scripts.len() > 1 { scripts.pop_front() } else { scripts.front().cloned() }.unwrap_or_default()
    };
    let (frames, body) = unbounded::<Result<Bytes, std::io::Error>>();
    tokio::spawn(async move { Player { stage, request, frames, index: 0 }.play(script).await });
    let body = axum::body::Body::from_stream(body.map(Ok::<_, Infallible>).map(|frame| frame.unwrap()));
    ([("content-type", "text/event-stream; charset=utf-8")], body).into_response()
}

struct Player {
    stage: Arc<Stage>,
    request: Value,
    frames: UnboundedSender<Result<Bytes, std::io::Error>>,
    index: usize,
}

impl Player {
    async fn play(mut self, script: Vec<Act>) {
        self.send(json!({"type": "response.created", "response": self.response("in_progress", Value::Null)}));
        for act in script {
            match act {
                Act::Find(tool, kind, payload) => self.find(tool, kind, payload).await,
                Act::Decide(document, digest) => self.decide(document, digest).await,
                Act::ToolError(tool, error) => self.call(tool, None, Some(error)),
                Act::NoTools(label) => self.item(json!({"type": "mcp_list_tools", "id": "mcpl_1", "server_label": label, "tools": [], "error": "connection refused"})),
                Act::Say(text) => self.say(text),
                Act::Fail(message) => {
                    let error = json!({"code": "server_error", "message": message});
                    return self.send(json!({"type": "response.failed", "response": self.response("failed", error)}));
                }
                Act::Incomplete(reason) => {
                    let mut response = self.response("incomplete", Value::Null);
                    response["incomplete_details"] = json!({"reason": reason});
                    return self.send(json!({"type": "response.incomplete", "response": response}));
                }
                Act::Cut => return,
                Act::Hang(reached) => {
                    reached.notify_one();
                    // Until the other side hangs up.
                    while !self.frames.is_closed() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    return;
                }
            }
        }
        self.send(json!({"type": "response.completed", "response": self.response("completed", Value::Null)}));
    }

    /// As 0.3 writes it: half of the fields are absent.
    fn response(&self, status: &str, error: Value) -> Value {
        json!({"id": "resp_1", "object": "response", "created_at": 1, "model": "p/small", "status": status, "output": [], "error": error})
    }

    fn send(&self, event: Value) {
        let _ = self.frames.unbounded_send(Ok(Bytes::from(format!("data: {event}\n\n"))));
    }

    fn item(&mut self, item: Value) {
        self.send(json!({"type": "response.output_item.done", "response_id": "resp_1", "output_index": self.index, "item": item}));
        self.index += 1;
    }

    fn say(&mut self, text: &str) {
        let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
        self.item(json!({"type": "message", "id": format!("msg_{}", self.index), "role": "assistant", "status": "completed", "content": content}));
    }

    async fn find(&mut self, tool: &str, kind: &str, payload: Value) {
        let body = json!({"kind": kind, "tool": tool, "payload": payload, "confidence": 0.9});
        let (_, receipt) = self.post("evidence", &body).await;
        let mut output = payload;
        output["evidence_id"] = receipt["evidence_id"].clone();
        self.call(tool, Some(output.to_string()), None);
    }

    async fn decide(&mut self, document: Value, digest: &str) {
        let text = document.to_string().replace("{claim}", &self.claim());
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document["evidence_sha256"] = json!(digest);
        self.post("decision", &document).await;
        self.call("make_final_decision", Some(document.to_string()), None);
    }

    fn call(&mut self, tool: &str, output: Option<String>, error: Option<&str>) {
        let id = format!("mcp_{}", self.index);
        let label = self.tools().iter().find(|entry| entry["allowed_tools"].to_string().contains(tool)).unwrap()["server_label"].clone();
        let mut item = json!({"type": "mcp_call", "id": id, "name": tool, "server_label": label, "arguments": "", "output": null, "error": null});
        self.send(json!({"type": "response.output_item.added", "response_id": "resp_1", "output_index": self.index, "item": item}));
        item["arguments"] = json!(json!({"claim_id": self.claim()}).to_string());
        item["output"] = json!(output);
        item["error"] = json!(error);
        self.item(item);
    }

    fn tools(&self) -> Vec<Value> {
        self.request["tools"].as_array().unwrap().clone()
    }

    /// What a model would read in the user's message.
    fn claim(&self) -> String {
        let text = self.request["input"][0]["content"][0]["text"].as_str().unwrap();
        text.lines().find_map(|line| line.strip_prefix("claim_id: ")).unwrap().to_owned()
    }

    async fn post(&self, what: &str, body: &Value) -> (u16, Value) {
        let run = self.tools()[0]["headers"]["X-Claim-Run"].as_str().unwrap().to_owned();
        let bases = self.stage.claims.lock().unwrap().clone();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        // Replicas stand in one line: any of them will do, and none may be up.
        for base in bases.split_whitespace() {
            let url = format!("{base}/internal/v1/claims/{}/{what}", self.claim());
            let request = client.post(url).bearer_auth(TOKEN).header("X-Claim-Run", &run).json(body);
            let Ok(answer) = request.send().await else { continue };
            let status = answer.status().as_u16();
            self.stage.callbacks.lock().unwrap().push((what.to_owned(), status));
            return (status, answer.json().await.unwrap_or_default());
        }
        (0, Value::Null)
    }
}

/// The four tools in order, then these last acts.
pub fn four_tools(decision: Value, last: Vec<Act>) -> Vec<Act> {
    let mut script = vec![
        Act::Find(
            "ocr_document",
            "document",
            json!({"success": true, "document": {"readable": true, "injection": false}}),
        ),
        Act::Say("The document is read; next the policyholder."),
        Act::Find(
            "retrieve_user_info",
            "policyholder",
            json!({"success": true, "contracts": [{"contract_number": "AZ-1"}]}),
        ),
        Act::Find(
            "retrieve_similar_claims",
            "similar_claims",
            json!({"success": true, "similar_claims": [{"claim_number": "HST-1"}]}),
        ),
        Act::Decide(decision, "aa11"),
    ];
    script.extend(last);
    script
}
