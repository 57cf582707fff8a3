//! Answers to what nobody recorded: the same ones every time.
//!
//! A chat with tools, whose last user message has no tool result after it, is answered with one call of the first tool
//! and arguments made up from its schema; any other with a short text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use testkit::openai::hash_vector;

use crate::playing::Played;

const WORDS: usize = 8;
/// How the prompt of Llama Guard begins: the answer is its verdict, and nothing else.
const GUARD: &str = "Task: Check if there is unsafe content";
/// What makes that verdict a bad one.
const UNSAFE: &str = "UNSAFE-CONTENT";

/// `bad`: what a guard model is to judge is unsafe.
pub fn chat(request: &Value, number: u64, bad: bool) -> Played {
    let model = request["model"].as_str().unwrap_or("mock-llama");
    if model.contains("nonexistent") {
        return Played::Refused { status: 404, message: format!("The model `{model}` does not exist.") };
    }
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = messages.iter().rposition(|message| message["role"] == "user").unwrap_or(0);
    let told = messages.iter().skip(asked).any(|message| message["role"] == "tool");
    let question = messages.get(asked).map(|message| text_of(&message["content"])).unwrap_or_default();
    let tool = called(request).filter(|_| !told);
    let words = guided(request).map_or_else(|| spoken(&question, told, bad), |word| vec![word.to_owned()]);
    let read =
        messages.iter().map(|message| text_of(&message["content"]).split_whitespace().count()).sum::<usize>() + 4;
    let usage = json!({"prompt_tokens": read, "completion_tokens": words.len(), "total_tokens": read + words.len()});
    let shell = |kind: &str, choices: Value| {
        json!({"id": format!("chatcmpl-invented{number:012}"), "object": kind, "created": 1_700_000_000,
            "model": model, "choices": choices})
    };
    let call = tool.map(|(name, arguments)| {
        json!({"id": format!("call_invented{number:012}"), "type": "function",
            "function": {"name": name, "arguments": arguments}})
    });
    let finish = if call.is_some() { "tool_calls" } else { "stop" };
    if request["stream"] != true {
        let message = match call {
            Some(call) => json!({"role": "assistant", "content": null, "tool_calls": [call]}),
            None => json!({"role": "assistant", "content": words.concat()}),
        };
        let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish});
        let mut whole = shell("chat.completion", json!([choice]));
        whole["usage"] = usage;
        return Played::Whole(whole);
    }
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish});
        shell("chat.completion.chunk", json!([choice]))
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    match call {
        Some(mut call) => {
            call["index"] = 0.into();
            chunks.push(chunk(json!({"tool_calls": [call]}), Value::Null));
        }
        None => chunks.extend(words.iter().map(|word| chunk(json!({"content": word}), Value::Null))),
    }
    chunks.push(chunk(json!({}), finish.into()));
    if request.pointer("/stream_options/include_usage") == Some(&json!(true)) {
        let mut last = shell("chat.completion.chunk", json!([]));
        last["usage"] = usage;
        chunks.push(last);
    }
    Played::Streamed(chunks)
}

pub fn completion(request: &Value, number: u64) -> Played {
    let likely = |text: &str| match request["logprobs"].as_u64() {
        Some(1..) if !text.is_empty() => {
            json!({"tokens": [text], "token_logprobs": [-0.1], "top_logprobs": [{text: -0.1}], "text_offset": [0]})
        }
        _ => Value::Null,
    };
    let piece = |text: &str, finish: Value| {
        json!({"id": format!("cmpl-invented{number}"), "object": "text_completion", "created": 1_700_000_000,
            "model": request["model"],
            "choices": [{"index": 0, "text": text, "logprobs": likely(text), "finish_reason": finish}]})
    };
    let usage = json!({"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6});
    let text = guided(request).unwrap_or("mock completion");
    if request["stream"] == true {
        let mut pieces = vec![piece(text, Value::Null), piece("", "stop".into())];
        if request.pointer("/stream_options/include_usage") == Some(&json!(true)) {
            let mut last = piece("", Value::Null);
            last["choices"] = json!([]);
            last["usage"] = usage;
            pieces.push(last);
        }
        return Played::Streamed(pieces);
    }
    let mut whole = piece(text, "stop".into());
    whole["usage"] = usage;
    Played::Whole(whole)
}

/// As wide as the request asks, else as the model of that name is, else `dimension`.
pub fn embeddings(request: &Value, dimension: usize) -> Played {
    let width = match request["model"].as_str().unwrap_or_default() {
        name if name.contains("3-small") || name.contains("ada-002") => 1536,
        name if name.contains("3-large") => 3072,
        name if name.contains("nomic") => 768,
        _ => dimension,
    };
    let width = request["dimensions"].as_u64().and_then(|width| usize::try_from(width).ok()).unwrap_or(width);
    let texts: Vec<String> = match &request["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) if all.first().is_some_and(Value::is_number) => vec![request["input"].to_string()],
        Value::Array(all) => {
            all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect()
        }
        _ => return Played::Refused { status: 400, message: "input is required".into() },
    };
    let tokens: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let encoded = |vector: Vec<f32>| match request["encoding_format"] == "base64" {
        true => STANDARD.encode(vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).into(),
        false => json!(vector),
    };
    let data: Vec<Value> = (texts.iter().enumerate())
        .map(|(index, text)| {
            json!({"object": "embedding", "index": index, "embedding": encoded(hash_vector(text, width))})
        })
        .collect();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Played::Whole(json!({"object": "list", "data": data, "model": request["model"], "usage": usage}))
}

/// Name and arguments of the call, where one is to be made.
fn called(request: &Value) -> Option<(String, String)> {
    let tools = request["tools"].as_array().filter(|tools| !tools.is_empty() && request["tool_choice"] != "none")?;
    let wanted = request.pointer("/tool_choice/function/name");
    let named = tools.iter().find(|tool| wanted.is_some() && tool.pointer("/function/name") == wanted);
    let function = &named.or_else(|| tools.first())?["function"];
    let arguments = match function["parameters"].as_object() {
        Some(schema) => made_up(&Value::Object(schema.clone()), true),
        None => json!({}),
    };
    Some((function["name"].as_str().unwrap_or("tool").to_owned(), arguments.to_string()))
}

/// A value that fits the schema.
fn made_up(schema: &Value, object: bool) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return value.clone();
    }
    if let Some(one) = ["/anyOf/0", "/oneOf/0", "/allOf/0"].iter().find_map(|at| schema.pointer(at)) {
        return made_up(one, false);
    }
    let kind = schema["type"].as_str().or_else(|| schema.pointer("/type/0")?.as_str());
    match kind {
        Some("integer") => json!(1),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => json!([made_up(&schema["items"], false)]),
        Some("object") => all_properties(schema),
        None if object => all_properties(schema),
        _ => json!("example"),
    }
}

/// The required properties, or all where the schema requires none.
fn all_properties(schema: &Value) -> Value {
    let required = schema["required"].as_array();
    let asked = |name: &String| required.is_none_or(|all| all.iter().any(|one| one == name.as_str()));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let values =
        properties.filter(|(name, _)| asked(name)).map(|(name, schema)| (name.clone(), made_up(schema, false)));
    Value::Object(values.collect::<Map<_, _>>())
}

/// What vLLM calls `guided_choice`: one of these words is the answer.
fn guided(request: &Value) -> Option<&str> {
    request.pointer("/guided_choice/0").or_else(|| request.pointer("/structured_outputs/choice/0"))?.as_str()
}

fn spoken(question: &str, told: bool, bad: bool) -> Vec<String> {
    if question.starts_with(GUARD) {
        return vec![if bad || question.contains(UNSAFE) { "unsafe\nS1".into() } else { "safe".into() }];
    }
    let mut words: Vec<String> = if told {
        "The tool answered and the claim is ready.".split(' ').map(str::to_owned).collect()
    } else {
        "This is a mock answer to:".split(' ').chain(question.split_whitespace().take(8)).map(str::to_owned).collect()
    };
    while words.len() < WORDS {
        words.push(format!("word{}", words.len()));
    }
    words.iter_mut().skip(1).for_each(|word| word.insert(0, ' '));
    words
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join(" ")
        }
        _ => String::new(),
    }
}
