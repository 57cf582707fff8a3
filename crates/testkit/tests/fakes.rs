//! The fakes themselves, seen by an ordinary HTTP client.

use std::sync::Arc;

use futures::StreamExt;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use testkit::mcp::{FakeMcp, Reply, Transports};
use testkit::openai::{Answer, FakeModel, Fault};
use tokio::sync::Semaphore;

async fn ask(model: &FakeModel, stream: bool) -> Response {
    let body = json!({"model": "fake-model", "messages": [{"role": "user", "content": "hello"}], "stream": stream,
        "stream_options": {"include_usage": true}});
    Client::new().post(format!("{}/chat/completions", model.url())).json(&body).send().await.expect("an answer")
}

async fn events(model: &FakeModel) -> (Vec<String>, bool) {
    let mut body = ask(model, true).await.bytes_stream();
    let (mut text, mut whole) = (String::new(), true);
    while let Some(bytes) = body.next().await {
        match bytes {
            Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).expect("text")),
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    (text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect(), whole)
}

#[tokio::test]
async fn a_stream_carries_text_tool_calls_finish_usage_and_done() {
    let model = FakeModel::start().await;
    model.then(Answer::text("two words").and_tool("look", &json!({"claim_id": "DEV-0001"})));
    let (events, whole) = events(&model).await;
    assert!(whole);
    assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
    let chunks: Vec<Value> =
        events[..events.len() - 1].iter().map(|e| serde_json::from_str(e).expect("JSON")).collect();
    let text: String = chunks.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
    let arguments: String = chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!((text.as_str(), arguments.as_str()), ("two words", r#"{"claim_id":"DEV-0001"}"#));
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(chunks[chunks.len() - 1]["usage"]["total_tokens"], 18);
    assert_eq!((model.received().len(), model.cancels()), (1, 0));
}

#[tokio::test]
async fn faults_are_seen_where_they_were_ordered() {
    let model = FakeModel::start().await;
    model.then(Answer::text("a b c").fails(Fault::CutAfter(2)));
    let (seen, whole) = events(&model).await;
    assert!(!whole && seen.len() <= 2, "{seen:?}");

    model.then(Answer::text("a").fails(Fault::NoDone));
    let (seen, whole) = events(&model).await;
    assert!(whole && !seen.contains(&"[DONE]".to_owned()));

    model.then(Answer::text("a b").fails(Fault::Duplicate(1)));
    let (seen, _) = events(&model).await;
    assert_eq!(seen[1], seen[2]);

    model.then(Answer::text("a").fails(Fault::Garbage(1)));
    let (seen, _) = events(&model).await;
    assert!(serde_json::from_str::<Value>(&seen[1]).is_err());

    model.then(Answer::status(429).fails(Fault::Status { code: 429, retry_after: Some(2) }));
    let refused = ask(&model, true).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().expect("text")), (429, "2"));
    assert_eq!(ask(&model, false).await.status().as_u16(), 200, "the standing answer comes after the queue");
    assert_eq!(model.cancels(), 0, "none of these was the caller's doing");
}

#[tokio::test]
async fn a_dropped_stream_counts_as_a_cancel_and_a_gate_holds_chunks_back() {
    let model = FakeModel::start().await;
    let gate = Arc::new(Semaphore::new(1));
    model.then(Answer::text("a b").gated(&gate));
    let mut body = ask(&model, true).await.bytes_stream();
    body.next().await.expect("the first chunk").expect("bytes");
    drop(body);
    model.has_cancels(1).await;

    model.then(Answer::text("never").fails(Fault::Silent));
    let url = format!("{}/chat/completions", model.url());
    let waiting = tokio::spawn(Client::new().post(url).body("{}").send());
    model.has_received(2).await;
    waiting.abort();
    model.has_cancels(2).await;
}

#[tokio::test]
async fn embeddings_and_models_look_like_the_real_ones() {
    let model = FakeModel::start().await;
    model.serves(&["one", "two"]);
    let client = Client::new();
    let body = json!({"model": "e", "input": ["broken window", "Broken window"]});
    let sent = client.post(format!("{}/embeddings", model.url())).json(&body).send().await.expect("sent");
    let answer: Value = sent.json().await.expect("JSON");
    assert_eq!(answer["data"][0]["embedding"], answer["data"][1]["embedding"]);
    assert_eq!(answer["data"][1]["index"], 1);
    let models: Value =
        client.get(format!("{}/models", model.url())).send().await.expect("sent").json().await.expect("JSON");
    assert_eq!(models["data"][1]["id"], "two");
}

async fn rpc(url: &str, id: u64, method: &str, params: Value) -> reqwest::Result<Response> {
    let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    Client::new().post(url).json(&body).send().await
}

#[tokio::test]
async fn tools_are_listed_called_and_broken_over_streamable_http() {
    let mcp = FakeMcp::start().await;
    mcp.tool("look", json!({"type": "object"}), Reply::Structured(json!({"found": 3})));
    let call = json!({"name": "look", "arguments": {"id": 7}});
    let hello: Value = rpc(&mcp.url(), 1, "initialize", json!({"protocolVersion": "2025-06-18"}))
        .await
        .expect("sent")
        .json()
        .await
        .expect("JSON");
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18");
    let listed: Value = rpc(&mcp.url(), 2, "tools/list", json!({})).await.expect("sent").json().await.expect("JSON");
    assert_eq!(listed["result"]["tools"][0]["name"], "look");
    let called: Value = rpc(&mcp.url(), 3, "tools/call", call.clone()).await.expect("sent").json().await.expect("JSON");
    assert_eq!(called["result"]["structuredContent"]["found"], 3);
    assert_eq!(mcp.calls()[0].arguments["id"], 7);

    mcp.then("look", Reply::Failed("no such claim".into())).then("look", Reply::Status(503)).then("look", Reply::Cut);
    let failed: Value = rpc(&mcp.url(), 4, "tools/call", call.clone()).await.expect("sent").json().await.expect("JSON");
    assert_eq!(failed["result"]["isError"], true);
    assert_eq!(rpc(&mcp.url(), 5, "tools/call", call.clone()).await.expect("sent").status().as_u16(), 503);
    assert!(rpc(&mcp.url(), 6, "tools/call", call.clone()).await.expect("head").text().await.is_err());

    mcp.then("look", Reply::Hang);
    let url = mcp.url();
    let waiting = tokio::spawn(async move { rpc(&url, 7, "tools/call", call).await });
    mcp.has_calls(5).await;
    waiting.abort();
    mcp.has_cancels(1).await;

    mcp.requires("secret");
    assert_eq!(rpc(&mcp.url(), 8, "ping", json!({})).await.expect("sent").status().as_u16(), 401);
}

#[tokio::test]
async fn the_legacy_transport_answers_on_the_stream() {
    let mcp = FakeMcp::with(Transports::SseOnly).await;
    mcp.tool("look", json!({"type": "object"}), Reply::Text("here".into()));
    assert_eq!(rpc(&mcp.sse_url(), 1, "ping", json!({})).await.expect("sent").status().as_u16(), 405);
    let mut stream = Client::new().get(mcp.sse_url()).send().await.expect("open").bytes_stream();
    let mut text = String::new();
    let mut read = async |until: &str, text: &mut String| {
        while !text.contains(until) {
            let bytes = stream.next().await.expect("more").expect("bytes");
            text.push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    };
    read("\n\n", &mut text).await;
    let path = text.split("data: ").nth(1).and_then(|rest| rest.lines().next()).expect("an endpoint").to_owned();
    let url = format!("{}{path}", mcp.sse_url().trim_end_matches("/sse"));
    let call = json!({"name": "look", "arguments": {}});
    let accepted = rpc(&url, 2, "tools/call", call).await.expect("sent");
    assert_eq!(accepted.status().as_u16(), 202);
    read("here", &mut text).await;
    assert!(text.contains("event: message"), "{text}");
}
