//! Several tenants on one control plane: what one has made does not exist for another, whatever the route.

use std::sync::Arc;

use ports::access::Attributes;
use ports::auth::Authenticator;
use providers::auth::{NamedToken, Tokens};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::postgres::TempPostgres;

use crate::harness::{Plane, Setup};

/// In everything that ann makes; nobody else may ever read it.
const MARK: &str = "anns-own-words";

fn tokens() -> Option<Arc<dyn Authenticator>> {
    let named = |token: &str, team: &str| {
        let teams = Attributes::from([("teams".to_owned(), vec![team.to_owned()])]);
        NamedToken::of(SecretString::from(token), token, teams).unwrap()
    };
    Some(Arc::new(Tokens::new(&[named("ann", "red"), named("mate", "red"), named("bob", "blue")], None)))
}

struct Tenant<'a> {
    plane: &'a Plane,
    token: &'static str,
}

impl Tenant<'_> {
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, String) {
        let request = self.plane.http.request(method, self.plane.url(path)).bearer_auth(self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.ask(Method::GET, path, None).await
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        let (status, text) = self.ask(Method::POST, path, Some(&body)).await;
        assert!(status == 200 || status == 204, "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn upload(&self, purpose: &'static str, bytes: String) -> String {
        let part = Part::bytes(bytes.into_bytes()).file_name(format!("{MARK}.txt"));
        let form = Form::new().text("purpose", purpose).part("file", part);
        let request = self.plane.http.post(self.plane.url("/v1/files")).bearer_auth(self.token).multipart(form);
        let file: Value = request.send().await.unwrap().json().await.unwrap();
        id(&file, "id")
    }
}

fn id(made: &Value, field: &str) -> String {
    made[field].as_str().unwrap_or_else(|| panic!("no {field} in {made}")).to_owned()
}

/// What a tenant has made: how it is listed, read, and changed.
#[derive(Default)]
struct Made {
    lists: Vec<&'static str>,
    reads: Vec<String>,
    /// Requests that change, use or search it.
    changes: Vec<(Method, String, Value)>,
    deletes: Vec<String>,
}

/// One of everything.
async fn everything(ann: &Tenant<'_>) -> Made {
    let mut made = Made::default();
    words(ann, &mut made).await;
    kept(ann, &mut made).await;
    registered(ann, &mut made).await;
    agents(ann, &mut made).await;
    made
}

async fn words(ann: &Tenant<'_>, made: &mut Made) {
    let model = "vllm/fake-model";
    for background in [false, true] {
        let body = json!({"model": model, "input": MARK, "background": background});
        let response = id(&ann.make("/v1/responses", body).await, "id");
        made.reads.extend([format!("/v1/responses/{response}"), format!("/v1/responses/{response}/input_items")]);
        let next = json!({"model": model, "input": "go on", "previous_response_id": response});
        made.changes.push((Method::POST, "/v1/responses".into(), next));
        made.changes.push((Method::POST, format!("/v1/responses/{response}/cancel"), json!({})));
        made.deletes.push(format!("/v1/responses/{response}"));
    }
    let items = json!({"items": [{"type": "message", "role": "user", "content": MARK}], "metadata": {"a": MARK}});
    let conversation = id(&ann.make("/v1/conversations", items).await, "id");
    let path = format!("/v1/conversations/{conversation}");
    let (_, text) = ann.get(&format!("{path}/items")).await;
    let item = id(&serde_json::from_str::<Value>(&text).unwrap()["data"][0], "id");
    made.reads.extend([path.clone(), format!("{path}/items"), format!("{path}/items/{item}")]);
    made.changes.push((Method::POST, path.clone(), json!({"metadata": {}})));
    let item_body = json!({"items": [{"type": "message", "role": "user", "content": "x"}]});
    made.changes.push((Method::POST, format!("{path}/items"), item_body));
    let told = json!({"model": model, "input": "go on", "conversation": conversation});
    made.changes.push((Method::POST, "/v1/responses".into(), told));
    made.deletes.extend([format!("{path}/items/{item}"), path]);
    let chat = json!({"model": model, "messages": [{"role": "user", "content": MARK}]});
    let completion = id(&ann.make("/v1/chat/completions", chat).await, "id");
    let path = format!("/v1/chat/completions/{completion}");
    made.reads.extend([path.clone(), format!("{path}/messages")]);
    made.deletes.push(path);
    let prompt = id(&ann.make("/v1/prompts", json!({"prompt": MARK})).await, "prompt_id");
    let path = format!("/v1/prompts/{prompt}");
    made.reads.extend([path.clone(), format!("{path}/versions")]);
    made.changes.push((Method::PUT, path.clone(), json!({"prompt": "his", "version": 1})));
    made.changes.push((Method::PUT, format!("{path}/set-default-version"), json!({"version": 1})));
    let filled = json!({"model": model, "input": "x", "prompt": {"id": prompt}});
    made.changes.push((Method::POST, "/v1/responses".into(), filled));
    made.deletes.push(path);
    made.lists.extend(["/v1/responses", "/v1/chat/completions", "/v1/prompts"]);
}

async fn kept(ann: &Tenant<'_>, made: &mut Made) {
    let file = ann.upload("assistants", format!("{MARK} is what this file says")).await;
    let (_, text) = ann.get(&format!("/v1/files/{file}/content")).await;
    assert!(text.contains(MARK), "{text}");
    made.reads.extend([format!("/v1/files/{file}"), format!("/v1/files/{file}/content")]);
    let store = ann.make("/v1/vector_stores", json!({"name": MARK, "file_ids": [file]})).await;
    let path = format!("/v1/vector_stores/{}", id(&store, "id"));
    let batch = ann.make(&format!("{path}/file_batches"), json!({"file_ids": [file]})).await;
    let batch = format!("{path}/file_batches/{}", id(&batch, "id"));
    made.reads.extend([
        path.clone(),
        format!("{path}/files"),
        format!("{path}/files/{file}"),
        format!("{path}/files/{file}/content"),
        batch.clone(),
        format!("{batch}/files"),
    ]);
    let store = id(&store, "id");
    let insert = json!({"vector_store_id": store, "chunks": [{"content": "his", "metadata": {}}]});
    made.changes.extend([
        (Method::POST, path.clone(), json!({"name": "his"})),
        (Method::POST, format!("{path}/search"), json!({"query": MARK})),
        (Method::POST, format!("{path}/files"), json!({"file_id": file})),
        (Method::POST, format!("{path}/files/{file}"), json!({"attributes": {"a": "b"}})),
        (Method::POST, format!("{path}/file_batches"), json!({"file_ids": [file]})),
        (Method::POST, format!("{batch}/cancel"), json!({})),
        (Method::POST, "/v1/vector-io/insert".into(), insert),
        (Method::POST, "/v1/vector-io/query".into(), json!({"vector_store_id": store, "query": MARK})),
        (Method::POST, "/v1/vector_stores".into(), json!({"file_ids": [file]})),
    ]);
    let searching = json!({"model": "vllm/fake-model", "input": "x",
        "tools": [{"type": "file_search", "vector_store_ids": [store]}]});
    made.changes.push((Method::POST, "/v1/responses".into(), searching));
    let line = json!({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "vllm/fake-model", "messages": [{"role": "user", "content": MARK}]}});
    let input = ann.upload("batch", line.to_string()).await;
    let asked = json!({"input_file_id": input, "endpoint": "/v1/chat/completions", "completion_window": "24h"});
    let batch = format!("/v1/batches/{}", id(&ann.make("/v1/batches", asked).await, "id"));
    made.changes.push((Method::POST, format!("{batch}/cancel"), json!({})));
    made.reads.push(batch);
    made.deletes.extend([format!("{path}/files/{file}"), path, format!("/v1/files/{file}")]);
    made.lists.extend(["/v1/files", "/v1/vector_stores", "/v1/batches"]);
}

async fn registered(ann: &Tenant<'_>, made: &mut Made) {
    let shield = json!({"shield_id": MARK, "provider_id": "pii"});
    ann.make("/v1/shields", shield).await;
    let run = json!({"shield_id": MARK, "messages": [{"role": "user", "content": "x"}], "params": {}});
    made.changes.push((Method::POST, "/v1/safety/run-shield".into(), run));
    let group = json!({"toolgroup_id": format!("mcp::{MARK}"), "provider_id": "model-context-protocol",
        "mcp_endpoint": {"uri": "http://127.0.0.1:9/mcp"}});
    ann.make("/v1/toolgroups", group).await;
    let model = json!({"model_id": MARK, "provider_id": "vllm", "provider_model_id": format!("{MARK}-weights")});
    ann.make("/v1/models", model).await;
    let chat = json!({"model": MARK, "messages": [{"role": "user", "content": "x"}]});
    made.changes.push((Method::POST, "/v1/chat/completions".into(), chat));
    made.reads.extend([
        format!("/v1/shields/{MARK}"),
        format!("/v1/toolgroups/mcp::{MARK}"),
        format!("/v1beta/connectors/{MARK}"),
        format!("/v1/models/{MARK}"),
    ]);
    made.deletes.extend([
        format!("/v1/shields/{MARK}"),
        format!("/v1/toolgroups/mcp::{MARK}"),
        format!("/v1/models/{MARK}"),
    ]);
    made.lists.extend(["/v1/shields", "/v1/toolgroups", "/v1beta/connectors", "/v1/models"]);
}

async fn agents(ann: &Tenant<'_>, made: &mut Made) {
    let config = json!({"agent_config": {"model": "vllm/fake-model", "instructions": MARK}});
    let agent = format!("/v1/agents/{}", id(&ann.make("/v1/agents", config).await, "agent_id"));
    let session = ann.make(&format!("{agent}/session"), json!({"session_name": MARK})).await;
    let session = format!("{agent}/session/{}", id(&session, "session_id"));
    let words = json!({"messages": [{"role": "user", "content": MARK}], "stream": false});
    let turn = id(&ann.make(&format!("{session}/turn"), words).await, "turn_id");
    made.reads.extend([agent.clone(), format!("{agent}/sessions"), session.clone(), format!("{session}/turn/{turn}")]);
    let words = json!({"messages": [{"role": "user", "content": "x"}], "stream": false});
    made.changes.push((Method::POST, format!("{session}/turn"), words));
    made.changes.push((Method::POST, format!("{agent}/session"), json!({"session_name": "his"})));
    made.deletes.extend([session, agent]);
    made.lists.push("/v1/agents");
}

async fn tenants_are_apart(database: Option<String>) {
    let plane = Plane::with(Setup { authenticator: tokens(), database, ..Setup::default() }).await;
    let tenant = |token| Tenant { plane: &plane, token };
    let (ann, mate, bob) = (tenant("ann"), tenant("mate"), tenant("bob"));
    let made = everything(&ann).await;
    for path in &made.lists {
        let ((_, hers), (_, shared), (status, his)) = futures::join!(ann.get(path), mate.get(path), bob.get(path));
        assert_eq!(status, 200, "{path}: {his}");
        assert!(!his.contains(MARK), "{path} shows bob what is ann's: {his}");
        let rows = |text: &str| serde_json::from_str::<Value>(text).unwrap()["data"].as_array().unwrap().len();
        assert!(rows(&hers) > rows(&his), "{path}: {hers}");
        assert_eq!(rows(&hers), rows(&shared), "{path}: what a team has is one list");
    }
    for path in &made.reads {
        let ((mine, _), (shared, _), (status, his)) = futures::join!(ann.get(path), mate.get(path), bob.get(path));
        assert_eq!((mine, shared), (200, 200), "{path}");
        assert!(matches!(status, 400 | 404), "{path}: {status} {his}");
    }
    for (method, path, body) in &made.changes {
        let (status, his) = bob.ask(method.clone(), path, Some(body)).await;
        // A store is made even when a file cannot be had, as one that nobody has cannot: it stays empty.
        let empty = status == 200 && path == "/v1/vector_stores" && his.contains("\"completed\":0");
        assert!(empty || matches!(status, 400 | 404), "{method} {path} {body}: {status} {his}");
        assert!(!his.contains("his file") && !his.contains("is what this file says"), "{path}: {his}");
    }
    for path in &made.deletes {
        let (status, his) = bob.ask(Method::DELETE, path, None).await;
        assert!(matches!(status, 400 | 404), "DELETE {path}: {status} {his}");
    }
    for path in &made.reads {
        assert_eq!(ann.get(path).await.0, 200, "{path} is as it was");
    }
    let told = plane.model.received();
    let by_bob = told.iter().filter(|asked| asked.body.to_string().contains("go on"));
    assert_eq!(by_bob.count(), 0, "nothing of bob's reached a model with ann's words before it");
    for path in &made.deletes {
        let (status, _) = ann.ask(Method::DELETE, path, None).await;
        assert!(matches!(status, 200 | 204), "DELETE {path}: {status}");
    }
}

#[tokio::test]
async fn what_one_tenant_makes_does_not_exist_for_another() {
    tenants_are_apart(None).await;
}

#[tokio::test]
async fn nor_on_postgres() {
    let Some(postgres) = TempPostgres::or_skip("nor_on_postgres") else { return };
    tenants_are_apart(Some(postgres.url())).await;
}

#[tokio::test]
async fn one_chosen_session_id_is_a_session_for_each_tenant() {
    let plane = Plane::with(Setup { authenticator: tokens(), ..Setup::default() }).await;
    let turn = |words: &str| json!({"session_id": "claim-1", "messages": [{"role": "user", "content": words}]});
    for (token, words) in [("ann", MARK), ("bob", "something else")] {
        Tenant { plane: &plane, token }.make("/agents/turn/create", turn(words)).await;
    }
    let last = plane.model.received().last().unwrap().body.to_string();
    assert!(last.contains("something else") && !last.contains(MARK), "{last}");
    Tenant { plane: &plane, token: "ann" }.make("/agents/turn/create", turn("again")).await;
    let last = plane.model.received().last().unwrap().body.to_string();
    assert!(last.contains(MARK) && !last.contains("something else"), "{last}");
}

#[tokio::test]
async fn provider_data_stays_with_its_request() {
    let plane = Plane::with(Setup { authenticator: tokens(), ..Setup::default() }).await;
    let body = json!({"model": "vllm/fake-model", "input": "x"});
    let request = plane.http.post(plane.url("/v1/responses")).bearer_auth("ann").json(&body);
    let secret = json!({"vllm_api_token": "anns-secret"}).to_string();
    let answer = request.header("x-llamastack-provider-data", secret).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.text().await.unwrap().contains("anns-secret"));
    Tenant { plane: &plane, token: "bob" }.make("/v1/responses", body).await;
    let received = plane.model.received();
    let last = received.last().unwrap();
    assert!(!format!("{:?}", last.headers).contains("anns-secret") && !last.body.to_string().contains("anns-secret"));
}
