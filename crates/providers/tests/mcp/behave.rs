//! What holds with servers that mean well.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, channel::mpsc};
use http::{Method, StatusCode};
use ports::tools::{ToolError, ToolServers};
use serde_json::{Value, json};
use wire::JsonObject;

use crate::fake::{Fake, Seen, context, error, result, server, servers, tool};

fn arguments(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn lists_and_calls_over_streamable_http_in_one_session() {
    let fake = Fake::start(|_| None).await;
    let servers = servers();
    let source = servers.open(&fake.server(), &context()).await.unwrap();
    let names: Vec<_> = source.list(&context()).await.unwrap().into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["look", "act"]);
    source.list(&context()).await.unwrap();
    for n in 0..3 {
        let output = source.call("look", arguments(json!({ "n": n })), &context()).await.unwrap();
        assert_eq!(output.text, json!({ "n": n }).to_string());
    }
    servers.open(&fake.server(), &context()).await.unwrap();
    assert_eq!((fake.count("initialize"), fake.count("tools/list"), fake.count("tools/call")), (1, 1, 3));
    let bearer = |seen: &Seen| seen.headers.get("authorization").is_some_and(|value| value == "Bearer s3cret");
    assert!(fake.seen().iter().all(bearer));
}

#[tokio::test]
async fn an_unauthorized_server_is_asked_once() {
    let fake = Fake::start(|_| Some(StatusCode::UNAUTHORIZED.into_response())).await;
    let error = servers().open(&fake.server(), &context()).await.err().unwrap();
    assert!(matches!(error, ToolError::Unauthorized { ref server } if server == "fake"), "{error}");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_challenge_counts_as_unauthorized_too() {
    let challenge = [(http::header::WWW_AUTHENTICATE, "Bearer")];
    let fake = Fake::start(move |_| Some((StatusCode::UNAUTHORIZED, challenge.clone()).into_response())).await;
    let error = servers().open(&fake.server(), &context()).await.err().unwrap();
    assert!(matches!(error, ToolError::Unauthorized { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_answers_nothing_to_what_it_does_not_know_is_shaken_hands_with() {
    let fake = Fake::start(|seen| (seen.rpc() == "server/discover").then(|| result(seen, json!({})))).await;
    let source = servers().open(&fake.server(), &context()).await.unwrap();
    assert_eq!(source.list(&context()).await.unwrap().len(), 2);
    assert_eq!(fake.count("initialize"), 1);
}

#[tokio::test]
async fn a_tool_that_fails_is_an_answer() {
    let fake = Fake::start(|seen| {
        let content = json!([{ "type": "text", "text": "amount: must be positive" }]);
        (seen.rpc() == "tools/call").then(|| result(seen, json!({ "content": content, "isError": true })))
    })
    .await;
    let source = servers().open(&fake.server(), &context()).await.unwrap();
    let output = source.call("act", JsonObject::new(), &context()).await.unwrap();
    assert!(output.failed);
    assert_eq!(output.text, "amount: must be positive");
}

#[tokio::test]
async fn refused_arguments_and_unknown_tools_are_told_apart() {
    let fake = Fake::start(|seen| (seen.rpc() == "tools/call").then(|| error(seen, -32602, "bad params"))).await;
    let source = servers().open(&fake.server(), &context()).await.unwrap();
    let output = source.call("act", JsonObject::new(), &context()).await.unwrap();
    assert!(output.failed && output.text.contains("bad params"));
    let error = source.call("nothing", JsonObject::new(), &context()).await.unwrap_err();
    assert!(matches!(error, ToolError::NotFound { ref name, .. } if name == "nothing"), "{error}");
}

/// A connection that breaks in mid-call: `look` may be done twice, `act` may not.
#[tokio::test]
async fn only_idempotent_calls_are_repeated() {
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = broken.clone();
    let fake =
        Fake::start(move |seen| (seen.rpc() == "tools/call" && breaks.swap(false, Ordering::SeqCst)).then(cut_off))
            .await;
    let source = servers().open(&fake.server(), &context()).await.unwrap();
    source.list(&context()).await.unwrap();
    assert!(source.call("look", JsonObject::new(), &context()).await.is_ok());
    assert_eq!(fake.count("tools/call"), 2);
    broken.store(true, Ordering::SeqCst);
    let error = source.call("act", JsonObject::new(), &context()).await.unwrap_err();
    assert!(matches!(error, ToolError::Unreachable { ref phase, .. } if phase.starts_with("call")), "{error}");
    assert_eq!(fake.count("tools/call"), 3);
}

/// Headers of an answer whose body never comes whole.
fn cut_off() -> Response {
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"{\"json")), Err(std::io::Error::other("cut"))]);
    ([(http::header::CONTENT_TYPE, "application/json")], Body::from_stream(broken)).into_response()
}

/// Legacy HTTP+SSE as the Python SDK serves it: POST to the stream's address is 405.
async fn legacy_fake(opened: Arc<AtomicUsize>) -> Fake {
    let stream: Arc<Mutex<Option<mpsc::UnboundedSender<String>>>> = Arc::default();
    Fake::start(move |seen| {
        if seen.path == "/sse" {
            if seen.method == Method::POST {
                return Some(StatusCode::METHOD_NOT_ALLOWED.into_response());
            }
            opened.fetch_add(1, Ordering::SeqCst);
            let (sender, receiver) = mpsc::unbounded();
            sender
                .unbounded_send("event: endpoint\r\ndata: /messages/?session_id=7\r\n\r\n: ping\r\n\r\n".into())
                .unwrap();
            *stream.lock().unwrap() = Some(sender);
            let body = Body::from_stream(receiver.map(Ok::<_, std::io::Error>));
            return Some(([(http::header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response());
        }
        if seen.body.get("id").is_some() {
            let result = match seen.rpc() {
                "initialize" => json!({ "protocolVersion": "2024-11-05", "capabilities": {},
                    "serverInfo": { "name": "old", "version": "1" } }),
                "tools/list" => json!({ "tools": [tool("old_tool")] }),
                _ => json!({ "content": [{ "type": "text", "text": "old answer" }] }),
            };
            let answer = json!({ "jsonrpc": "2.0", "id": seen.body["id"], "result": result });
            let event = format!("event: message\ndata: {answer}\n\n");
            stream.lock().unwrap().as_ref().unwrap().unbounded_send(event).ok();
        }
        Some((StatusCode::ACCEPTED, "Accepted").into_response())
    })
    .await
}

#[tokio::test]
async fn falls_back_to_legacy_sse_and_remembers_it() {
    let opened = Arc::new(AtomicUsize::new(0));
    let fake = legacy_fake(opened.clone()).await;
    let servers = servers();
    let url = format!("{}/sse", fake.url);
    let source = servers.open(&server(&url, None), &context()).await.unwrap();
    assert_eq!(source.list(&context()).await.unwrap()[0].name, "old_tool");
    let output = source.call("old_tool", JsonObject::new(), &context()).await.unwrap();
    assert_eq!(output.text, "old answer");
    let posts =
        |fake: &Fake| fake.seen().iter().filter(|seen| seen.path == "/sse" && seen.method == Method::POST).count();
    let before = posts(&fake);
    // Another name, so another session: the transport that worked is tried first.
    servers.open(&server(&url, Some("other")), &context()).await.unwrap();
    assert_eq!(posts(&fake), before);
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_cancelled_caller_is_let_go_at_once() {
    let fake = Fake::start(|seen| {
        let silent = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        (seen.rpc() == "tools/call")
            .then(|| ([(http::header::CONTENT_TYPE, "text/event-stream")], silent).into_response())
    })
    .await;
    let source = servers().open(&fake.server(), &context()).await.unwrap();
    let cx = context();
    let cancel = cx.cancel.clone();
    let calling = source.call("act", JsonObject::new(), &cx);
    let (outcome, ()) = tokio::join!(calling, async { cancel.cancel() });
    assert!(matches!(outcome, Err(ToolError::Cancelled)));
}

#[tokio::test]
async fn callers_who_arrive_together_share_one_handshake() {
    let fake = Fake::start(|_| None).await;
    let servers = servers();
    let server = fake.server();
    let opened = futures::future::join_all((0..16).map(|_| {
        let (servers, server) = (servers.clone(), server.clone());
        async move { servers.open(&server, &context()).await.map(drop) }
    }));
    assert!(opened.await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(fake.count("initialize"), 1);
}
