//! Brings the answers of different servers to the one form that `wire` reads.
//!
//! Python servers write `null` for absent lists, 0.3 leaves out half of the response object, and each version
//! describes a model in its own words.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Removes every member whose value is `null`, at every depth.
pub(crate) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

fn fill(fields: &mut Object, name: &str, default: Value) {
    fields.entry(name).or_insert(default);
}

/// Fills what a server may leave out of a response object.
pub(crate) fn response(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    if let Some(seconds) = fields.get("created_at").and_then(Value::as_f64) {
        fields.insert("created_at".into(), json!(seconds as i64));
    }
    for (name, default) in [
        ("object", json!("response")),
        ("created_at", json!(0)),
        ("status", json!("in_progress")),
        ("background", json!(false)),
        ("model", json!("")),
        ("output", json!([])),
        ("parallel_tool_calls", json!(true)),
        ("store", json!(true)),
        ("temperature", json!(1.0)),
        ("text", json!({"format": {"type": "text"}})),
        ("tool_choice", json!("auto")),
        ("tools", json!([])),
        ("top_p", json!(1.0)),
        ("truncation", json!("disabled")),
        ("metadata", json!({})),
    ] {
        fill(fields, name, default);
    }
    if let Some(usage) = fields.get_mut("usage").and_then(Value::as_object_mut) {
        for (details, count) in
            [("input_tokens_details", "cached_tokens"), ("output_tokens_details", "reasoning_tokens")]
        {
            if let Some(details) = usage.get_mut(details).and_then(Value::as_object_mut) {
                fill(details, count, json!(0));
            }
        }
    }
    if let Some(error) = fields.get_mut("error").and_then(Value::as_object_mut) {
        fill(error, "code", json!("server_error"));
        fill(error, "message", json!(""));
    }
}

/// Fills what a server may leave out of an event; `position` stands in for a missing `sequence_number`.
pub(crate) fn event(value: &mut Value, position: u64) {
    without_nulls(value);
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    fill(fields, "sequence_number", json!(position));
    let kind = match fields.get("type").and_then(Value::as_str) {
        Some(kind) => kind.to_owned(),
        None => return bare_error(fields),
    };
    if let Some(object) = fields.get_mut("response") {
        response(object);
    }
    if kind.starts_with("response.output_item.") || kind.starts_with("response.content_part.") {
        fill(fields, "response_id", json!(""));
    }
    if kind.starts_with("response.mcp_") {
        fill(fields, "item_id", json!(""));
        fill(fields, "output_index", json!(0));
    }
    // Llama Stack writes a dot where OpenAI writes an underscore.
    if let Some(rest) = kind.strip_prefix("response.mcp_call.arguments.") {
        fields.insert("type".into(), json!(format!("response.mcp_call_arguments.{rest}")));
    }
}

/// Llama Stack reports a failure inside a stream as `{"error":{…}}` without a type.
fn bare_error(fields: &mut Object) {
    let Some(error) = fields.get("error") else {
        return;
    };
    let text = |name: &str| match error.get(name) {
        Some(Value::String(text)) => Some(json!(text)),
        Some(Value::Number(number)) => Some(json!(number.to_string())),
        _ => None,
    };
    let message = text("message").or_else(|| text("detail")).or_else(|| error.as_str().map(|text| json!(text)));
    let code = text("code");
    fields.insert("type".into(), json!("error"));
    fields.insert("message".into(), message.unwrap_or_else(|| json!("the server reported an error")));
    if let Some(code) = code {
        fields.insert("code".into(), code);
    }
    fields.remove("error");
}

/// Gives a model both its OpenAI and its Llama Stack names.
pub(crate) fn model(value: &mut Value) {
    without_nulls(value);
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    let own = |fields: &Object, name: &str| {
        let custom = fields.get("custom_metadata").and_then(|custom| custom.get(name));
        fields.get(name).or(custom).and_then(Value::as_str).map(str::to_owned)
    };
    let id = own(fields, "id").or_else(|| own(fields, "identifier")).unwrap_or_default();
    let (first, rest) = id.split_once('/').unwrap_or(("", &id));
    let provider = own(fields, "provider_id").unwrap_or_else(|| first.to_owned());
    let resource = own(fields, "provider_resource_id").unwrap_or_else(|| rest.to_owned());
    let kind = own(fields, "model_type").unwrap_or_else(|| "llm".to_owned());
    for (name, default) in [
        ("id", json!(id)),
        ("identifier", json!(id)),
        ("object", json!("model")),
        ("created", json!(0)),
        ("owned_by", json!("")),
        ("type", json!("model")),
        ("provider_id", json!(provider)),
        ("provider_resource_id", json!(resource)),
        ("model_type", json!(kind)),
    ] {
        fill(fields, name, default);
    }
}

#[cfg(test)]
mod tests {
    use wire::openai::events::{EventKind, ResponseEvent};
    use wire::openai::models::ModelObject;
    use wire::openai::responses::{ResponseObject, ResponseStatus};

    use super::*;

    #[test]
    fn the_small_response_object_of_0_3_is_read() {
        let mut value = json!({
            "created_at": 1762000000.0, "error": null, "id": "resp_1", "model": "m", "object": "response",
            "output": [{"type": "mcp_call", "id": "1", "name": "t", "arguments": "{}", "server_label": "ocr",
                        "error": null, "output": "x"}],
            "parallel_tool_calls": false, "previous_response_id": null, "status": "completed", "temperature": null,
            "text": {"format": {"type": "text"}}, "top_p": null, "tools": null, "truncation": null,
            "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3,
                      "input_tokens_details": {"cached_tokens": null}, "output_tokens_details": {}},
            "instructions": null
        });
        without_nulls(&mut value);
        response(&mut value);
        let object: ResponseObject = serde_json::from_value(value).expect("readable");
        assert_eq!((object.status, object.created_at), (ResponseStatus::Completed, 1_762_000_000));
        assert_eq!(object.usage.map(|usage| usage.total_tokens), Some(3));
    }

    #[test]
    fn events_of_other_servers_find_their_kind() {
        let read = |mut value: Value| {
            event(&mut value, 7);
            serde_json::from_value::<ResponseEvent>(value).expect("readable")
        };
        let created = read(json!({"type": "response.created", "response": {"id": "resp_1", "model": "m"}}));
        assert_eq!(created.sequence_number, 7);
        assert!(matches!(created.kind, EventKind::Created { .. }));
        let listed = read(json!({"type": "response.mcp_list_tools.in_progress", "sequence_number": 2}));
        assert!(matches!(listed.kind, EventKind::McpListInProgress { .. }));
        let arguments = read(
            json!({"type": "response.mcp_call.arguments.done", "arguments": "{}", "item_id": "a", "output_index": 1}),
        );
        assert!(matches!(arguments.kind, EventKind::McpArgumentsDone { output_index: 1, .. }));
        let failed = read(json!({"error": {"message": "502: no", "code": 404}}));
        assert!(
            matches!(&failed.kind, EventKind::Error { message, code: Some(code), .. } if message == "502: no" && code == "404"),
            "{failed:?}"
        );
        let unknown = read(json!({"type": "response.audio.delta", "delta": "x"}));
        assert!(matches!(unknown.kind, EventKind::Other(_)));
    }

    #[test]
    fn models_of_both_generations_are_read() {
        let old = json!({"identifier": "vllm/org/m", "provider_resource_id": "org/m", "provider_id": "vllm",
                         "type": "model", "metadata": {}, "model_type": "embedding"});
        let new = json!({"id": "vllm/org/m", "object": "model", "created": 1, "owned_by": "llama_stack",
                         "custom_metadata": {"model_type": "embedding", "provider_id": "vllm", "provider_resource_id": "org/m"}});
        let plain = json!({"id": "vllm/org/m", "object": "model"});
        for (mut value, kind) in [(old, "embedding"), (new, "embedding"), (plain, "llm")] {
            model(&mut value);
            let model: ModelObject = serde_json::from_value(value).expect("readable");
            assert_eq!((model.id.as_str(), model.identifier.as_str()), ("vllm/org/m", "vllm/org/m"));
            assert_eq!((model.provider_id.as_str(), model.provider_resource_id.as_str()), ("vllm", "org/m"));
            assert_eq!(model.model_type, kind);
        }
    }
}
