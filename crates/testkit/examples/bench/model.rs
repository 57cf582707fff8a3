//! An OpenAI-compatible model server that answers at once: a short text, or one call of the first tool while no tool
//! has answered. Embeddings hash words, so that texts which share words come close.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use testkit::openai::hash_vector;

use crate::Arguments;

const WORDS: [&str; 8] = ["This", " claim", " is", " covered", " by", " the", " policy", "."];

struct Model {
    chunks: usize,
    chunk_delay: Duration,
    dim: usize,
}

pub fn router(arguments: &Arguments) -> Result<Router, String> {
    let model = Model {
        chunks: arguments.number("chunks", WORDS.len())?,
        chunk_delay: Duration::from_millis(arguments.number("chunk-delay-ms", 0)?),
        dim: arguments.number("dim", 768)?,
    };
    let listed =
        |id: &str| json!({"id": id, "object": "model", "created": 1, "owned_by": "vllm", "max_model_len": 131072});
    let list = json!({"object": "list", "data": [listed("mock-llama"), listed("mock-embed")]});
    Ok(Router::new()
        .route("/health", get(|| async { "{}" }))
        .route("/v1/models", get(move || std::future::ready(axum::Json(list.clone()))))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(Arc::new(model)))
}

async fn chat(State(model): State<Arc<Model>>, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let called = asked["messages"].as_array().is_some_and(|all| all.last().is_some_and(|last| last["role"] == "tool"));
    let tool = asked["tools"][0]["function"]["name"].as_str().filter(|_| !called && asked["tool_choice"] != "none");
    let usage = json!({"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20});
    let words = || (0..model.chunks).map(|at| WORDS[at % WORDS.len()]);
    let call = |name: &str| json!([{"index": 0, "id": "call_bench", "type": "function", "function": {"name": name, "arguments": "{}"}}]);
    if asked["stream"] != true {
        let (message, finish) = match tool {
            Some(name) => (json!({"role": "assistant", "content": null, "tool_calls": call(name)}), "tool_calls"),
            None => (json!({"role": "assistant", "content": words().collect::<String>()}), "stop"),
        };
        return axum::Json(json!({
            "id": "chatcmpl-bench", "object": "chat.completion", "created": 1, "model": asked["model"],
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}], "usage": usage,
        }))
        .into_response();
    }
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        })
    };
    let mut events = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    match tool {
        Some(name) => {
            events.push(chunk(json!({"tool_calls": call(name)}), Value::Null));
            events.push(chunk(json!({}), json!("tool_calls")));
        }
        None => {
            events.extend(words().map(|word| chunk(json!({"content": word}), Value::Null)));
            events.push(chunk(json!({}), json!("stop")));
        }
    }
    if asked["stream_options"]["include_usage"] == true {
        events.push(json!({
            "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": asked["model"],
            "choices": [], "usage": usage,
        }));
    }
    let frames = events.iter().map(|event| format!("data: {event}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    stream_of(frames.map(Bytes::from).collect(), model.chunk_delay)
}

fn stream_of(frames: Vec<Bytes>, delay: Duration) -> Response {
    let frames = stream::iter(frames.into_iter().enumerate()).then(move |(at, frame)| async move {
        if at > 0 && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Ok::<_, std::convert::Infallible>(frame)
    });
    ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(frames)).into_response()
}

async fn embeddings(State(model): State<Arc<Model>>, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let texts: Vec<&str> = match &asked["input"] {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let row = |(index, text): (usize, &&str)| {
        let vector = hash_vector(text, model.dim);
        json!({"object": "embedding", "index": index, "embedding": vector})
    };
    let data: Vec<Value> = texts.iter().enumerate().map(row).collect();
    let usage = json!({"prompt_tokens": texts.len(), "total_tokens": texts.len()});
    axum::Json(json!({"object": "list", "data": data, "model": asked["model"], "usage": usage})).into_response()
}
