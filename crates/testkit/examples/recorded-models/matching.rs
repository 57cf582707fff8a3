//! Which recorded request a live one is.
//!
//! Four keys, strictest first:
//! 1. exact: the canonical body, long decimals rounded, what only the recorder added left out;
//! 2. relaxed: model, messages, tools and how many calls are wanted (none, one, any), with ids and long decimals replaced by ordinals;
//! 3. loose: model and messages alone, the framing of file search results left out;
//! 4. asked: as loose, whatever the tools said. Each server puts what its own tools found in its own words.

use serde_json::{Map, Value, json};

const ID_PREFIXES: [&str; 10] = ["file-", "call_", "vs_", "fc_", "msg_", "resp_", "mcp_", "rec-", "conv_", "chatcmpl-"];
const SPOKEN: [&str; 4] = ["role", "content", "tool_calls", "tool_call_id"];
/// What a recorder adds beside the body.
const ADDED: [&str; 3] = ["extra_body", "extra_query", "extra_headers"];

/// The keys' names, strictest first.
pub const KINDS: [&str; 4] = ["exact", "relaxed", "loose", "asked"];

/// How much of a message counts.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Close,
    Loose,
    /// What tools said does not count.
    Asked,
}

pub struct Keys {
    /// Exact, relaxed, loose, asked.
    pub all: [String; KINDS.len()],
    /// The ids the request names, in order of first appearance.
    pub ids: Vec<String>,
}

pub fn keys(kind: &str, body: &Value) -> Keys {
    let model = body["model"].as_str().unwrap_or_default();
    let input = ["messages", "prompt"].into_iter().find(|name| body.get(name).is_some()).unwrap_or("input");
    let tools = body["tools"].as_array().map(|tools| {
        let brief =
            |tool: &Value| json!([tool.pointer("/function/name"), tool.pointer("/function/parameters/required")]);
        tools.iter().map(brief).collect::<Vec<_>>()
    });
    let format = body.pointer("/response_format/json_schema/name").or_else(|| body.pointer("/response_format/type"));
    let calls = (body["parallel_tool_calls"] == false, body["tool_choice"] == "none");
    let mut ids = Vec::new();
    let relaxed = scrubbed(&spoken(&body[input], Reading::Close), &mut ids);
    let loosely = |reading| scrubbed(&spoken(&body[input], reading), &mut Vec::new());
    let (loose, asked) = (loosely(Reading::Loose), loosely(Reading::Asked));
    let all = [
        format!("{kind}|{}", canonical(body)),
        format!("{kind}|{model}|{calls:?}|{relaxed}|{}|{}", json!(tools), json!(format)),
        format!("{kind}|{model}|{calls:?}|{loose}"),
        format!("{kind}|{model}|{calls:?}|{asked}"),
    ];
    Keys { all, ids }
}

/// Keys sorted, numbers at five places.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(canonical).collect(),
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().filter(|name| !ADDED.contains(&name.as_str())).collect();
            names.sort();
            names.into_iter().map(|name| (name.clone(), canonical(&object[name]))).collect::<Map<_, _>>().into()
        }
        Value::Number(number) => number.as_f64().map_or_else(|| value.clone(), |n| json!((n * 1e5).round() / 1e5)),
        other => other.clone(),
    }
}

/// One spelling of messages: parts that are all text joined, absent and empty content the same.
fn spoken(messages: &Value, reading: Reading) -> Value {
    let Some(messages) = messages.as_array() else { return messages.clone() };
    messages.iter().map(|message| one_message(message, reading)).collect()
}

fn one_message(message: &Value, reading: Reading) -> Value {
    let Some(object) = message.as_object() else { return message.clone() };
    let mut object = object.clone();
    object.retain(|name, _| SPOKEN.contains(&name.as_str()));
    if let Some(Value::Array(parts)) = object.get("content")
        && parts.iter().all(|part| part.get("text").is_some())
    {
        let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        object.insert("content".into(), text.into());
    }
    if let Some(Value::Array(parts)) = object.get_mut("content") {
        // Said or not, this is how an image is looked at.
        let images = parts.iter_mut().filter_map(|part| part.get_mut("image_url")?.as_object_mut());
        images.for_each(|image| image.retain(|name, value| name != "detail" || !(value.is_null() || value == "auto")));
    }
    if object.get("content").is_some_and(|content| content.is_null() || content == "") {
        object.remove("content");
    }
    if let Some(Value::Array(calls)) = object.get_mut("tool_calls") {
        calls.iter_mut().for_each(plain_call);
    }
    if object.get("tool_calls").is_some_and(|calls| calls.as_array().is_none_or(Vec::is_empty)) {
        object.remove("tool_calls");
    }
    if reading != Reading::Close {
        loosen(&mut object);
    }
    if reading == Reading::Asked && object.get("role").is_some_and(|role| role == "tool") {
        object.remove("content");
    }
    Value::Object(object)
}

/// Llama Stack's own search had another name until 0.3.
pub const RENAMED: (&str, &str) = ("knowledge_search", "file_search");

fn plain_call(call: &mut Value) {
    if let Some(call) = call.as_object_mut() {
        call.remove("index");
    }
    if let Some(name) = call.pointer_mut("/function/name").filter(|name| **name == RENAMED.0) {
        *name = RENAMED.1.into();
    }
    let Some(Value::String(arguments)) = call.pointer_mut("/function/arguments") else { return };
    if let Ok(parsed) = serde_json::from_str::<Value>(arguments) {
        *arguments = canonical(&parsed).to_string();
    }
}

fn loosen(message: &mut Map<String, Value>) {
    message.remove("tool_call_id");
    let framing = |line: &&str| {
        !line.starts_with('[')
            && !["tool results", "retrieved to help", " tool found "].iter().any(|words| line.contains(words))
    };
    match (message.get("role").and_then(Value::as_str), message.get("content").and_then(Value::as_str)) {
        (Some("tool"), Some(content)) => {
            let kept: Vec<&str> = content.lines().filter(framing).collect();
            message.insert("content".into(), kept.join("\n").into());
        }
        (Some("developer"), _) => {
            message.insert("role".into(), "system".into());
        }
        _ => {}
    }
}

fn scrubbed(value: &Value, ids: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => scrub(text, ids).into(),
        Value::Array(all) => all.iter().map(|one| scrubbed(one, ids)).collect(),
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort();
            names.into_iter().map(|name| (name.clone(), scrubbed(&object[name], ids))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// `text` with each id replaced by the ordinal of its first appearance, and each long decimal by one word.
fn scrub(text: &str, ids: &mut Vec<String>) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !word(first) {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        // A full stop after an id belongs to the sentence.
        let token = rest[..end].trim_end_matches('.');
        let token = if token.is_empty() { &rest[..end] } else { token };
        rest = &rest[token.len()..];
        if is_id(token) {
            let at = ids.iter().position(|id| id == token).unwrap_or_else(|| {
                ids.push(token.to_owned());
                ids.len() - 1
            });
            out.push_str(&format!("<id{at}>"));
        } else if token.len() > 6 && token.contains('.') && token.parse::<f64>().is_ok() {
            out.push_str("<number>");
        } else {
            out.push_str(token);
        }
    }
    out
}

fn is_id(token: &str) -> bool {
    let prefixed = |prefix: &&str| token.starts_with(*prefix) && token.len() > prefix.len() + 5 && !token.contains('.');
    let uuid = token.len() == 36
        && token.matches('-').count() == 4
        && token.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    uuid || ID_PREFIXES.iter().any(prefixed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{keys, scrub};

    #[test]
    fn ids_and_scores_are_replaced() {
        let mut ids = Vec::new();
        assert_eq!(
            scrub("see file-abcdef12, file-abcdef12. score 0.12345678", &mut ids),
            "see <id0>, <id0>. score <number>"
        );
        assert_eq!(ids, ["file-abcdef12"]);
    }

    #[test]
    fn the_spelling_of_a_message_does_not_matter() {
        let one = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.1});
        let other = json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
        let (one, other) = (keys("chat", &one), keys("chat", &other));
        assert_ne!(one.all[0], other.all[0]);
        assert_eq!(one.all[1..], other.all[1..]);
    }
}
