//! Streamable HTTP, health and the debugging route.

use std::time::Duration;

use mcp_server::McpServerConfig;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{Fate, Server, call, initialize};

#[rstest]
#[case("/mcp")]
#[case("/mcp/")]
#[case("/sse")]
#[tokio::test]
async fn answers_in_json_without_a_session(#[case] path: &str) {
    let server = Server::start().await;
    let response = server.post(path, initialize(1).to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().get("mcp-session-id").is_none());
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    let (status, body) = server.rpc(path, call(2, "echo", json!({ "a": 1 }))).await;
    assert_eq!((status, body["result"]["content"][0]["text"].as_str()), (200, Some(r#"{"a":1}"#)));
}

#[rstest]
#[case::not_json("{nope", 400, -32700)]
#[case::too_deep(&"[".repeat(20_000), 400, -32700)]
#[case::huge_number(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e400}}"#, 400, -32700)]
#[case::batch(r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, 400, -32600)]
#[case::null_id(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, -32600)]
#[case::float_id(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, 400, -32600)]
#[case::no_version(r#"{"id":1,"method":"ping"}"#, 400, -32600)]
#[case::neither(r#"{"jsonrpc":"2.0","id":1}"#, 400, -32600)]
#[tokio::test]
async fn malformed_messages_are_told_so(#[case] body: &str, #[case] status: u16, #[case] code: i64) {
    let server = Server::start().await;
    let response = server.post("/mcp", body.to_owned()).send().await.unwrap();
    assert_eq!(response.status(), status);
    let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(answer["error"]["code"], code, "{answer}");
    assert_eq!(server.rpc("/mcp", call(1, "echo", json!({}))).await.0, 200);
}

#[tokio::test]
async fn methods_and_types_follow_the_rules() {
    let server = Server::start().await;
    let url = format!("{}/mcp", server.url);
    assert_eq!(server.http.get(&url).send().await.unwrap().status(), 405);
    assert_eq!(server.http.delete(&url).send().await.unwrap().status(), 204);
    let modern = server.http.delete(&url).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(modern.send().await.unwrap().status(), 405);
    let plain =
        server.http.post(&url).header("content-type", "text/plain").body(call(1, "wait", json!({})).to_string());
    assert_eq!(plain.send().await.unwrap().status(), 415);
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(server.rpc("/mcp", note).await.0, 202);
    let wanted = server.http.get(format!("{}/sse", server.url)).header("mcp-protocol-version", "2025-11-25");
    assert_eq!(wanted.send().await.unwrap().status(), 405);
}

#[rstest]
#[case("host", "evil.example", 403)]
#[case("origin", "http://evil.example", 403)]
#[case("origin", "null", 403)]
#[case("origin", "http://localhost:5173", 200)]
#[case("host", "ocr-server.claims.svc.cluster.local:8081", 200)]
#[tokio::test]
async fn strangers_are_kept_out(#[case] header: &str, #[case] value: &str, #[case] status: u16) {
    let allowed_hosts = vec!["ocr-server.claims.svc.cluster.local".to_owned()];
    let server = Server::with(McpServerConfig { allowed_hosts, ..Default::default() }).await;
    for path in ["/mcp", "/sse", "/tools/echo"] {
        let request = server.post(path, call(1, "echo", json!({})).to_string()).header(header, value);
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
    // A kubelet asks by pod address.
    let health = server.http.get(format!("{}/health", server.url)).header(header, value);
    assert_eq!(health.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn too_large_a_body_is_refused_with_the_id_it_had() {
    let server = Server::with(McpServerConfig { max_body_bytes: 10_000, ..Default::default() }).await;
    let body = call(77, "echo", json!({ "x": "y".repeat(50_000) }));
    let (status, answer) = server.rpc("/mcp", body).await;
    assert_eq!((status, &answer["id"]), (413, &json!(77)));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let server = Server::with(McpServerConfig { body_timeout_seconds: 1, ..Default::default() }).await;
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: 100\r\n\r\n{{"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tokio::time::timeout(Duration::from_secs(5), socket.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_client_that_goes_takes_its_call_along() {
    let mut server = Server::start().await;
    let calling = server.post("/mcp", call(1, "wait", json!({})).to_string()).send();
    tokio::select! {
        _ = calling => panic!("the call cannot end"),
        fate = server.fates.recv() => assert_eq!(fate, Some(Fate::Started)),
    }
    assert_eq!(server.fates.recv().await, Some(Fate::Dropped));
}

#[tokio::test]
async fn a_call_that_takes_too_long_or_panics_is_a_tool_error() {
    let server = Server::with(McpServerConfig { call_timeout_seconds: 1, ..Default::default() }).await;
    for (tool, part) in [("wait", "within 1 seconds"), ("panic", "internal error")] {
        let (status, body) = server.rpc("/mcp", call(1, tool, json!({}))).await;
        assert_eq!((status, &body["result"]["isError"]), (200, &json!(true)), "{body}");
        let text = body["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(part) && !text.contains("went wrong"), "{text}");
    }
}

#[tokio::test]
async fn the_run_of_a_claim_comes_with_the_call() {
    let server = Server::start().await;
    let request = server.post("/mcp", call(1, "run", json!({})).to_string()).header("X-Claim-Run", "run-7");
    let body: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(body["result"]["content"][0]["text"], "run-7");
    let request = server.post("/tools/run", "").header("X-Claim-Run", "run-8");
    let body: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(body, json!({ "success": true, "result": "run-8" }));
}

#[tokio::test]
async fn the_debugging_route_speaks_bare_json() {
    let server = Server::start().await;
    assert_eq!(
        server.rpc("/tools/echo", json!({ "a": [1] })).await,
        (200, json!({ "success": true, "result": { "a": [1] } }))
    );
    let (status, body) = server.rpc("/tools/nothing", json!({})).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("unknown_tool")));
    let (status, body) = server.rpc("/tools/panic", json!({})).await;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("tool_error")));
    assert_eq!(server.rpc("/tools/echo", json!([])).await.0, 400);
}

/// Without TCP_NODELAY one call takes 40 ms, whatever the machine.
#[tokio::test]
async fn a_call_does_not_wait_for_a_delayed_acknowledgement() {
    let server = Server::start().await;
    let mut times = Vec::new();
    for id in 0..50 {
        let started = std::time::Instant::now();
        server.rpc("/mcp", call(id, "echo", json!({}))).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    assert!(times[25] < Duration::from_millis(30), "median {:?}", times[25]);
}
