//! A recorded answer as this request wants it: its own ids, streamed or whole.

use serde_json::{Value, json};

use crate::matching::RENAMED;
use crate::recordings::Recording;

pub enum Played {
    Whole(Value),
    Streamed(Vec<Value>),
    Refused { status: u16, message: String },
}

/// `ids` are those of the live request; the recorded answer quotes the recorded ones, which stand at the same places.
pub fn play(recording: &Recording, request: &Value, ids: &[String]) -> Played {
    if let Some((status, message)) = &recording.refused {
        return Played::Refused { status: *status, message: message.clone() };
    }
    let renamed: Vec<(&String, &String)> = recording.ids.iter().zip(ids).filter(|(was, is)| was != is).collect();
    let body = offered(with_ids(&recording.body, &renamed), request);
    let usage = request.pointer("/stream_options/include_usage") == Some(&json!(true));
    let wanted = |chunk: &Value| usage || chunk["choices"].as_array().is_none_or(|choices| !choices.is_empty());
    match (request["stream"] == true, body) {
        (true, Value::Array(chunks)) => Played::Streamed(chunks.into_iter().filter(wanted).collect()),
        (true, whole) if whole["object"] == "text_completion" => Played::Streamed(vec![whole]),
        (true, whole) => Played::Streamed(exploded(&whole).into_iter().filter(wanted).collect()),
        (false, Value::Array(chunks)) => Played::Whole(collapsed(&chunks)),
        (false, whole) => Played::Whole(whole),
    }
}

/// A call of a search by its old name goes to the one that is offered.
fn offered(body: Value, request: &Value) -> Value {
    let offers = |name: &str| {
        let mut tools = request["tools"].as_array().into_iter().flatten();
        tools.any(|tool| tool.pointer("/function/name").is_some_and(|offered| offered == name))
    };
    if offers(RENAMED.0) || !offers(RENAMED.1) {
        return body;
    }
    let quoted = |name: &str| json!(name).to_string();
    serde_json::from_str(&body.to_string().replace(&quoted(RENAMED.0), &quoted(RENAMED.1))).unwrap_or(body)
}

fn with_ids(body: &Value, renamed: &[(&String, &String)]) -> Value {
    if renamed.is_empty() {
        return body.clone();
    }
    let joined = body.as_array().map(|chunks| text_in_one_chunk(chunks, renamed));
    let mut text = joined.as_ref().unwrap_or(body).to_string();
    for (was, is) in renamed {
        text = text.replace(was.as_str(), is);
    }
    serde_json::from_str(&text).unwrap_or_else(|_| body.clone())
}

/// An id in streamed text is spread over chunks: where one has to be renamed, the whole text goes into the first chunk.
fn text_in_one_chunk(chunks: &[Value], renamed: &[(&String, &String)]) -> Value {
    let written = |chunk: &Value| {
        chunk.pointer("/choices/0/delta/content").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let whole: String = chunks.iter().map(written).collect();
    if !renamed.iter().any(|(was, _)| whole.contains(was.as_str())) {
        return chunks.iter().cloned().collect();
    }
    let mut rest = Some(whole);
    let mut out = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let mut chunk = chunk.clone();
        if !written(&chunk).is_empty() {
            let ends = chunk.pointer("/choices/0/finish_reason").is_some_and(|reason| !reason.is_null());
            let text = rest.take();
            if text.is_none() && !ends {
                continue;
            }
            chunk["choices"][0]["delta"]["content"] = text.unwrap_or_default().into();
        }
        out.push(chunk);
    }
    out.into()
}

/// Chunks put together to one answer.
fn collapsed(chunks: &[Value]) -> Value {
    let (mut text, mut calls, mut finish, mut usage) = (String::new(), Vec::<Value>::new(), json!("stop"), Value::Null);
    for chunk in chunks {
        if chunk["usage"].is_object() {
            usage = chunk["usage"].clone();
        }
        let Some(choice) = chunk.pointer("/choices/0") else { continue };
        text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for piece in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            join_call(&mut calls, piece);
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    let content = if text.is_empty() && !calls.is_empty() { Value::Null } else { text.into() };
    let mut message = json!({"role": "assistant", "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    let first = chunks.first().unwrap_or(&Value::Null);
    let choice = json!({"index": 0, "message": message, "finish_reason": finish, "logprobs": null});
    json!({"id": first["id"], "object": "chat.completion", "created": first["created"], "model": first["model"],
        "choices": [choice], "usage": usage})
}

fn join_call(calls: &mut Vec<Value>, piece: &Value) {
    let at = piece["index"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or_default().min(63);
    while calls.len() <= at {
        calls.push(json!({"id": "", "type": "function", "function": {"name": "", "arguments": ""}}));
    }
    let call = &mut calls[at];
    if let Some(id) = piece["id"].as_str() {
        call["id"] = id.into();
    }
    if let Some(name) = piece.pointer("/function/name").and_then(Value::as_str) {
        call["function"]["name"] = name.into();
    }
    if let Some(more) = piece.pointer("/function/arguments").and_then(Value::as_str) {
        let so_far = call["function"]["arguments"].as_str().unwrap_or_default();
        call["function"]["arguments"] = format!("{so_far}{more}").into();
    }
}

/// One answer taken apart to chunks.
fn exploded(whole: &Value) -> Vec<Value> {
    let message = &whole["choices"][0]["message"];
    let shell = |choices: Value| {
        json!({"id": whole["id"], "object": "chat.completion.chunk", "created": whole["created"],
            "model": whole["model"], "choices": choices})
    };
    let chunk = |delta: Value, finish: Value| {
        shell(json!([{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": null}]))
    };
    let text = message["content"].as_str().unwrap_or_default();
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": text}), Value::Null)];
    for (index, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let mut call = call.clone();
        call["index"] = index.into();
        chunks.push(chunk(json!({"tool_calls": [call]}), Value::Null));
    }
    chunks.push(chunk(json!({}), whole["choices"][0]["finish_reason"].clone()));
    if whole["usage"].is_object() {
        let mut last = shell(json!([]));
        last["usage"] = whole["usage"].clone();
        chunks.push(last);
    }
    chunks
}
