//! The client against real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use client::{ClientError, ClientOptions, StackClient, StreamError};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::events::EventKind;
use wire::openai::responses::{ResponseInput, ResponseRequest, ResponseStatus};

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn connect(url: &str) -> StackClient {
    let options = ClientOptions { idle_timeout: Duration::from_millis(200), ..ClientOptions::default() };
    StackClient::new(url, Some("secret".to_owned().into()), options).expect("a client")
}

fn question() -> ResponseRequest {
    serde_json::from_value(json!({"model": "m", "input": "hello"})).expect("a request")
}

type Chunks = BoxStream<'static, Result<Bytes, std::io::Error>>;

fn event_stream(chunks: Chunks) -> Response {
    ([("content-type", "text/event-stream; charset=utf-8")], Body::from_stream(chunks)).into_response()
}

async fn streaming(chunks: impl Fn() -> Chunks + Clone + Send + Sync + 'static) -> StackClient {
    let router = Router::new().route("/v1/responses", post(move || async move { event_stream(chunks()) }));
    connect(&serve(router).await)
}

fn pieces(text: &'static str, size: usize) -> Chunks {
    Box::pin(stream::iter(text.as_bytes().chunks(size).map(|piece| Ok(Bytes::from_static(piece)))))
}

const EVENTS: &str = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"model\":\"m\"}}\n\n\
    : keep-alive\n\n\
    event: response.output_text.delta\r\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\
    \"item_id\":\"a\",\"output_index\":0,\"content_index\":0,\"delta\":\"caf\u{e9}\"}\r\n\r\n\
    data: {\"type\":\"response.from.tomorrow\",\"x\":1}\n\n\
    data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\"}}\n\n\
    data: [DONE]\n\n";

#[tokio::test]
async fn a_stream_cut_into_small_pieces_is_read_whole() {
    for size in [1, 7, 4096] {
        let client = streaming(move || pieces(EVENTS, size)).await;
        let events: Vec<_> = client.responses_stream(question()).await.expect("a stream").collect().await;
        let kinds: Vec<EventKind> = events.into_iter().map(|event| event.expect("an event").kind).collect();
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        assert!(matches!(&kinds[0], EventKind::Created { .. }));
        assert!(matches!(&kinds[1], EventKind::TextDelta { delta, .. } if delta == "café"));
        assert!(matches!(&kinds[2], EventKind::Other(_)));
        assert!(matches!(&kinds[3], EventKind::Completed { response } if response.status == ResponseStatus::Completed));
    }
}

async fn last_of(client: StackClient) -> Option<Result<EventKind, ClientError>> {
    let events: Vec<_> = client.responses_stream(question()).await.expect("a stream").collect().await;
    events.into_iter().next_back().map(|event| event.map(|event| event.kind))
}

#[tokio::test]
async fn a_stream_that_ends_early_is_cut() {
    let whole = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n";
    let half = "data: {\"type\":\"response.completed\",\"respo";
    let client = streaming(move || pieces(whole, 10)).await;
    assert_eq!(last_of(client).await, Some(Err(StreamError::Cut.into())));
    let client = streaming(move || pieces(half, 10)).await;
    assert_eq!(last_of(client).await, Some(Err(StreamError::Cut.into())));

    let cut = Arc::new(tokio::sync::Notify::new());
    let on_cut = cut.clone();
    let client = streaming(move || {
        let first = stream::iter([Ok(Bytes::from_static(whole.as_bytes()))]);
        let cut = on_cut.clone();
        let reset = stream::once(async move {
            cut.notified().await;
            Err(std::io::Error::other("reset"))
        });
        Box::pin(first.chain(reset))
    })
    .await;
    let mut events = client.responses_stream(question()).await.expect("a stream");
    assert!(matches!(events.next().await, Some(Ok(_))));
    cut.notify_one();
    assert_eq!(events.next().await.map(|event| event.map(|event| event.kind)), Some(Err(StreamError::Cut.into())));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn silence_and_nonsense_have_their_own_errors() {
    let client = streaming(|| Box::pin(stream::pending())).await;
    assert_eq!(last_of(client).await, Some(Err(StreamError::Idle.into())));
    let client = streaming(|| pieces("data: not json\n\n", 5)).await;
    assert_eq!(last_of(client).await, Some(Err(StreamError::NotJson.into())));
    let client = streaming(|| pieces("data: {\"error\":{\"message\":\"502: no\"}}\n\n", 5)).await;
    assert!(matches!(last_of(client).await, Some(Ok(EventKind::Error { message, .. })) if message == "502: no"));
}

#[tokio::test]
async fn one_event_may_not_fill_the_memory() {
    let endless = || -> Chunks { Box::pin(stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 1024])))) };
    let router = Router::new().route("/v1/responses", post(move || async move { event_stream(endless()) }));
    let options = ClientOptions { max_event_bytes: 10_000, ..ClientOptions::default() };
    let client = StackClient::new(&serve(router).await, None, options).expect("a client");
    assert_eq!(last_of(client).await, Some(Err(StreamError::EventTooLarge { limit: 10_000 }.into())));
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    struct OnDrop(tokio::sync::mpsc::UnboundedSender<()>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (sender, mut dropped) = tokio::sync::mpsc::unbounded_channel();
    let client = streaming(move || {
        let guard = OnDrop(sender.clone());
        let text = "data: {\"type\":\"response.in_progress\",\"response\":{\"id\":\"r\"}}\n\n";
        let ticks = stream::unfold(guard, move |guard| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(Bytes::from_static(text.as_bytes())), guard))
        });
        Box::pin(ticks)
    })
    .await;
    let mut events = client.responses_stream(question()).await.expect("a stream");
    assert!(matches!(events.next().await, Some(Ok(_))));
    drop(events);
    tokio::time::timeout(Duration::from_secs(5), dropped.recv()).await.expect("the server noticed");
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_too() {
    let answer = json!({"id": "resp_1", "status": "completed", "output": [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}]});
    let router = Router::new()
        .route("/v1/responses", post(move || async move { Json(answer) }))
        .route("/v1/responses/{id}", get(|Path(id): Path<String>| async move { Json(json!({"id": id})) }));
    let client = connect(&format!("{}/v1", serve(router).await));
    assert!(matches!(last_of(client.clone()).await, Some(Ok(EventKind::Completed { .. }))));
    let whole = client.responses(question()).await.expect("a response");
    assert_eq!(whole.output_text(), "hi");
    assert_eq!(client.response("resp_a/b").await.expect("a response").id, "resp_a/b");
    assert!(matches!(client.response("..").await, Err(ClientError::Settings(_))));
}

#[tokio::test]
async fn refusals_carry_the_servers_words_and_its_wait() {
    let router = Router::new().route(
        "/v1/responses",
        post(|| async { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")], r#"{"detail":"busy"}"#) }),
    );
    let client = connect(&serve(router).await);
    let busy = ClientError::Status { status: 429, message: "busy".into(), retry_after: Some(Duration::from_secs(7)) };
    assert_eq!(client.responses(question()).await.expect_err("busy"), busy);
    assert_eq!(client.responses_stream(question()).await.expect_err("busy"), busy);
    assert!(busy.is_transient());
    let missing = client.health().await.expect_err("no route");
    assert_eq!(missing, ClientError::Status { status: 404, message: "Not Found".into(), retry_after: None });
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_differ() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let gone = connect(&format!("http://{address}"));
    assert!(matches!(gone.health().await, Err(ClientError::Unreachable { .. })));

    let router = Router::new()
        .route("/v1/health", get(std::future::pending::<()>))
        .route("/v1/responses", post(std::future::pending::<()>));
    let options = ClientOptions { request_timeout: Duration::from_millis(100), ..ClientOptions::default() };
    let slow = StackClient::new(&serve(router).await, None, options).expect("a client");
    assert_eq!(slow.health().await.expect_err("slow"), ClientError::Timeout);
    assert_eq!(slow.responses_stream(question()).await.expect_err("slow"), ClientError::Timeout);
}

#[tokio::test]
async fn embeddings_come_back_in_the_order_asked_and_the_token_is_sent() {
    async fn embed(headers: HeaderMap, Json(request): Json<Value>) -> Response {
        if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some("Bearer secret") {
            return (StatusCode::UNAUTHORIZED, r#"{"error":{"message":"no token"}}"#).into_response();
        }
        let texts = request["input"].as_array().cloned().unwrap_or_default();
        let rows: Vec<Value> = texts
            .iter()
            .enumerate()
            .rev()
            .map(|(index, text)| {
                let length = text.as_str().unwrap_or_default().len();
                json!({"object": "embedding", "index": index, "embedding": [length, 0.5]})
            })
            .collect();
        let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
        Json(json!({"object": "list", "data": rows, "model": "m", "usage": usage})).into_response()
    }
    let url = serve(Router::new().route("/v1/embeddings", post(embed))).await;
    let vectors = connect(&url).embeddings("m", vec!["a".into(), "abc".into()]).await.expect("vectors");
    assert_eq!(vectors, [[1.0, 0.5], [3.0, 0.5]]);
    let nobody = StackClient::new(&url, None, ClientOptions::default()).expect("a client");
    assert!(matches!(nobody.embeddings("m", vec!["a".into()]).await, Err(ClientError::Status { status: 401, .. })));
}

#[tokio::test]
async fn too_few_vectors_and_huge_bodies_are_refused() {
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    let answer = json!({"object": "list", "data": [], "model": "m", "usage": usage, "pad": "x".repeat(5_000)});
    let router = Router::new().route("/v1/embeddings", post(move || async move { Json(answer) }));
    let url = serve(router).await;
    let error = connect(&url).embeddings("m", vec!["a".into()]).await.expect_err("none");
    assert!(matches!(error, ClientError::Decode { what: "embeddings", .. }), "{error}");
    let options = ClientOptions { max_body_bytes: 1_000, ..ClientOptions::default() };
    let small = StackClient::new(&url, None, options).expect("a client");
    let error = small.embeddings("m", vec![]).await.expect_err("too large");
    assert!(matches!(error, ClientError::Decode { what: "a body", .. }), "{error}");
}

#[tokio::test]
async fn chat_reads_the_nulls_that_python_writes_and_connections_are_reused() {
    let connections = Arc::new(AtomicUsize::new(0));
    let answer = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": null,
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                     "message": {"role": "assistant", "content": "hi", "tool_calls": null, "name": null}}]});
    let models = json!({"data": [{"identifier": "p/m", "provider_id": "p", "provider_resource_id": "m",
        "type": "model", "metadata": {}, "model_type": "llm"}]});
    let router = Router::new()
        .route("/v1/chat/completions", post(move || async move { Json(answer) }))
        .route("/v1/models", get(move || async move { Json(models) }))
        .route("/v1/health", get(|| async { Json(json!({"status": "OK"})) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let counted = connections.clone();
    let listener = axum::serve::ListenerExt::tap_io(listener, move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = connect(&format!("http://{address}/v1"));
    assert_eq!(client.health().await.expect("health").status, "OK");
    assert_eq!(client.models().await.expect("models")[0].id, "p/m");
    let request = wire::openai::chat::ChatRequest { model: "m".into(), ..Default::default() };
    let completion = client.chat(request).await.expect("a completion");
    assert_eq!(completion.choices[0].message.plain_text(), "hi");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let empty = ResponseRequest { input: ResponseInput::Text(String::new()), extra: JsonObject::new(), ..question() };
    assert!(client.responses(empty).await.is_err());
}
