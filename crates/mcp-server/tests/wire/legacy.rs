//! The legacy stream and its POST address.

use mcp_server::McpServerConfig;
use serde_json::{Value, json};

use crate::server::{Fate, Server, call, initialize};

/// An open stream, read event by event.
struct Stream {
    response: reqwest::Response,
    buffer: String,
    endpoint: String,
}

impl Stream {
    async fn open(server: &Server) -> Self {
        let response = server.http.get(format!("{}/sse", server.url)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        let mut stream = Self { response, buffer: String::new(), endpoint: String::new() };
        let (name, data) = stream.next().await.unwrap();
        assert_eq!(name, "endpoint");
        stream.endpoint = data;
        stream
    }

    async fn initialized(server: &Server) -> Self {
        let mut stream = Self::open(server).await;
        assert_eq!(server.rpc(&stream.endpoint, initialize(0)).await.0, 202);
        assert_eq!(stream.message().await["result"]["protocolVersion"], "2024-11-05");
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(server.rpc(&stream.endpoint, note).await.0, 202);
        stream
    }

    async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block = self.buffer[..end].to_owned();
                self.buffer.drain(..end + 2);
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
                };
                if !field("data:").is_empty() {
                    return Some((field("event:"), field("data:")));
                }
                continue;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn message(&mut self) -> Value {
        let (name, data) = self.next().await.unwrap();
        assert_eq!(name, "message");
        serde_json::from_str(&data).unwrap()
    }
}

#[tokio::test]
async fn answers_come_on_the_stream_they_were_asked_on() {
    let server = Server::start().await;
    let mut first = Stream::initialized(&server).await;
    let mut second = Stream::initialized(&server).await;
    assert_ne!(first.endpoint, second.endpoint);
    assert!(first.endpoint.starts_with("/messages/?session_id="));
    let request = server.post(&second.endpoint, call(5, "run", json!({})).to_string()).header("X-Claim-Run", "run-2");
    let accepted = request.send().await.unwrap();
    assert_eq!((accepted.status().as_u16(), accepted.text().await.unwrap().as_str()), (202, "Accepted"));
    server.rpc(&first.endpoint, call(5, "echo", json!({ "n": 1 }))).await;
    assert_eq!(second.message().await["result"]["content"][0]["text"], "run-2");
    assert_eq!(first.message().await["result"]["content"][0]["text"], r#"{"n":1}"#);
}

#[tokio::test]
async fn a_refused_message_is_reported_on_the_stream_as_well() {
    let server = Server::with(McpServerConfig { max_body_bytes: 10_000, ..Default::default() }).await;
    let mut stream = Stream::initialized(&server).await;
    // As the Python SDK writes it: the id comes last.
    let big = "y".repeat(100_000);
    let body = format!(
        r#"{{"method":"tools/call","params":{{"name":"echo","arguments":{{"x":"{big}"}}}},"jsonrpc":"2.0","id":9}}"#
    );
    let response = server.post(&stream.endpoint, body).send().await.unwrap();
    assert_eq!(response.status(), 413);
    let told = stream.message().await;
    assert_eq!((&told["id"], told["error"]["message"].as_str().unwrap().contains("10000 bytes")), (&json!(9), true));
    server.rpc(&stream.endpoint, call(10, "echo", json!({}))).await;
    assert_eq!(stream.message().await["id"], 10);
}

#[tokio::test]
async fn a_closed_stream_ends_its_calls_and_its_name() {
    let mut server = Server::start().await;
    let stream = Stream::initialized(&server).await;
    let endpoint = stream.endpoint.clone();
    server.rpc(&endpoint, call(1, "wait", json!({}))).await;
    assert_eq!(server.fates.recv().await, Some(Fate::Started));
    drop(stream);
    assert_eq!(server.fates.recv().await, Some(Fate::Dropped));
    assert_eq!(server.rpc(&endpoint, call(2, "echo", json!({}))).await.0, 404);
}

#[tokio::test]
async fn a_cancelled_call_stops_and_is_not_answered() {
    let mut server = Server::start().await;
    let mut stream = Stream::initialized(&server).await;
    server.rpc(&stream.endpoint, call(1, "wait", json!({}))).await;
    assert_eq!(server.fates.recv().await, Some(Fate::Started));
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    assert_eq!(server.rpc(&stream.endpoint, cancel).await.0, 202);
    assert_eq!(server.fates.recv().await, Some(Fate::Dropped));
    server.rpc(&stream.endpoint, call(2, "echo", json!({}))).await;
    assert_eq!(stream.message().await["id"], 2);
}

#[tokio::test]
async fn names_are_not_guessed_and_streams_are_capped() {
    let server = Server::with(McpServerConfig { max_sse_sessions: 1, ..Default::default() }).await;
    let _stream = Stream::open(&server).await;
    let more = server.http.get(format!("{}/sse", server.url)).send().await.unwrap();
    assert_eq!((more.status().as_u16(), more.headers().contains_key("retry-after")), (503, true));
    for (query, status) in [("", 400), ("?session_id=zzz", 400), ("?session_id=00000000000000000000000000000000", 404)]
    {
        assert_eq!(server.rpc(&format!("/messages/{query}"), initialize(1)).await.0, status, "{query}");
    }
}

#[tokio::test]
async fn the_endpoint_is_named_as_the_proxy_shows_it() {
    let server = Server::start().await;
    let request = server.http.get(format!("{}/sse", server.url)).header("x-forwarded-prefix", "/apps/ocr");
    let mut response = request.send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: endpoint\ndata: /apps/ocr/messages/?session_id="), "{first:?}");
}

#[tokio::test]
async fn a_stopping_server_ends_idle_streams() {
    let server = Server::start().await;
    let mut stream = Stream::initialized(&server).await;
    server.stop.soft().cancel();
    assert_eq!(stream.next().await, None);
}
