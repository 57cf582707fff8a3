//! An [`Answer`] as HTTP.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Abandoned;
use super::answer::{Answer, Fault, Pace};
use crate::listening::flushed;

/// The answers that are none: an error status, or silence.
pub(super) async fn instead(answer: &Answer, abandoned: &mut Abandoned) -> Option<Response> {
    match answer.fault {
        Some(Fault::Silent) => {
            std::future::pending::<Infallible>().await;
            None
        }
        Some(Fault::Status { code, retry_after }) => {
            abandoned.complete();
            let status = StatusCode::from_u16(code).expect("a valid status");
            let body =
                json!({"error": {"message": format!("told to answer {code}"), "type": "fake_error", "code": code}});
            let mut response = (status, axum::Json(body)).into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Some(response)
        }
        _ => None,
    }
}

/// The plain form.
pub(super) fn whole(answer: &Answer, request: &Value, mut abandoned: Abandoned) -> Response {
    abandoned.complete();
    if matches!(answer.fault, Some(Fault::Garbage(_))) {
        return ([(header::CONTENT_TYPE, "application/json")], "{\"choices\": [").into_response();
    }
    let calls: Vec<Value> = answer
        .calls
        .iter()
        .map(|call| {
            let function = json!({"name": call.name, "arguments": call.arguments});
            json!({"id": call.id, "type": "function", "function": function})
        })
        .collect();
    let content = if answer.text.is_empty() { Value::Null } else { json!(answer.text) };
    let mut message = json!({"role": "assistant", "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let mut choice = json!({"index": 0, "message": message, "finish_reason": answer.finish_reason()});
    if let Some(Value::Object(beside)) = &answer.beside {
        choice.as_object_mut().expect("an object").extend(beside.clone());
    }
    let choices = if answer.fault == Some(Fault::NoChoices) { json!([]) } else { json!([choice]) };
    let mut body = json!({"id": "chatcmpl-fake", "object": "chat.completion", "created": 1_700_000_000,
        "model": request["model"], "choices": choices});
    if let Some((prompt, completion)) = answer.usage {
        body["usage"] = usage(prompt, completion);
    }
    axum::Json(body).into_response()
}

/// The streamed form. Counts as abandoned when the body is dropped before its end.
pub(super) fn stream(answer: Answer, request: &Value, mut abandoned: Abandoned) -> Response {
    let chunks = chunks(&answer, request);
    let body = async_stream::stream! {
        for (at, chunk) in chunks.iter().enumerate() {
            match answer.fault {
                Some(Fault::CutAfter(count)) if count == at => {
                    abandoned.complete();
                    flushed().await;
                    yield Err(std::io::Error::other("told to cut"));
                    return;
                }
                Some(Fault::HangAfter(count)) if count == at => std::future::pending::<()>().await,
                _ => {}
            }
            wait(answer.pace.as_ref()).await;
            match answer.fault {
                Some(Fault::Garbage(bad)) if bad == at => {
                    yield Ok(Bytes::from_static(b"data: {\"choices\": [{\n\n"));
                    continue;
                }
                Some(Fault::ErrorAt(bad)) if bad == at => {
                    abandoned.complete();
                    yield Ok(event(&json!({"error": {"message": "told to fail", "type": "fake_error", "code": 500}})));
                    return;
                }
                Some(Fault::Duplicate(twice)) if twice == at => yield Ok(event(chunk)),
                _ => {}
            }
            yield Ok(event(chunk));
        }
        if let Some(Fault::CutAfter(_)) = answer.fault {
            abandoned.complete();
            flushed().await;
            yield Err(std::io::Error::other("told to cut"));
            return;
        }
        if let Some(Fault::HangAfter(_)) = answer.fault {
            std::future::pending::<()>().await;
        }
        if answer.fault != Some(Fault::NoDone) {
            yield Ok(Bytes::from_static(b"data: [DONE]\n\n"));
        }
        abandoned.complete();
    };
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

async fn wait(pace: Option<&Pace>) {
    match pace {
        None => {}
        Some(Pace::Every(pause)) => tokio::time::sleep(*pause).await,
        Some(Pace::Gate(gate)) => gate.acquire().await.expect("the gate stays open").forget(),
    }
}

fn event(chunk: &Value) -> Bytes {
    Bytes::from(format!("data: {chunk}\n\n"))
}

fn usage(prompt: u64, completion: u64) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

/// All chunks of a faultless stream, `[DONE]` left out.
fn chunks(answer: &Answer, request: &Value) -> Vec<Value> {
    let shell = |choices: Value| {
        json!({"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": request["model"], "choices": choices})
    };
    let delta = |delta: Value| shell(json!([{"index": 0, "delta": delta, "finish_reason": null}]));
    if answer.fault == Some(Fault::NoChoices) {
        return vec![shell(json!([]))];
    }
    if request.get("prompt").is_some() {
        return text_chunks(answer, request);
    }
    let mut chunks = vec![delta(json!({"role": "assistant", "content": ""}))];
    chunks.extend(answer.text.split_inclusive(' ').map(|word| delta(json!({"content": word}))));
    if let (Some(beside), Some(first)) = (answer.beside.as_ref().and_then(Value::as_object), chunks.get_mut(1)) {
        beside.iter().for_each(|(key, value)| first["choices"][0][key] = value.clone());
    }
    for (index, call) in answer.calls.iter().enumerate() {
        let opened = json!({"name": call.name, "arguments": ""});
        chunks.push(delta(
            json!({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": opened}]}),
        ));
        for piece in pieces(&call.arguments) {
            chunks.push(delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})));
        }
    }
    if answer.fault != Some(Fault::NoFinish) {
        chunks.push(shell(json!([{"index": 0, "delta": {}, "finish_reason": answer.finish_reason()}])));
    }
    if let (Some((prompt, completion)), Some(true)) =
        (answer.usage, request["stream_options"]["include_usage"].as_bool())
    {
        let mut last = shell(json!([]));
        last["usage"] = usage(prompt, completion);
        chunks.push(last);
    }
    chunks
}

/// The chunks of `POST /v1/completions`.
fn text_chunks(answer: &Answer, request: &Value) -> Vec<Value> {
    let shell = |choices: Value| {
        json!({"id": "cmpl-fake", "object": "text_completion", "created": 1_700_000_000,
            "model": request["model"], "choices": choices})
    };
    let piece = |text: &str, finish: Option<&str>| {
        shell(json!([{"index": 0, "text": text, "logprobs": null, "finish_reason": finish}]))
    };
    let mut chunks: Vec<Value> = answer.text.split_inclusive(' ').map(|word| piece(word, None)).collect();
    chunks.push(piece("", Some(answer.finish_reason())));
    if let Some((prompt, completion)) = answer.usage {
        let mut last = shell(json!([]));
        last["usage"] = usage(prompt, completion);
        chunks.push(last);
    }
    chunks
}

fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(12).map(|piece| piece.iter().collect()).collect()
}
