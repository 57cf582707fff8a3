//! Schemas of the bodies that have no Rust type of their own.

use serde_json::{Map, Value, json};

pub fn text() -> Value {
    json!({"type": "string"})
}

pub fn number() -> Value {
    json!({"type": "number"})
}

pub fn integer() -> Value {
    json!({"type": "integer"})
}

pub fn flag() -> Value {
    json!({"type": "boolean"})
}

pub fn any() -> Value {
    json!({})
}

pub fn open() -> Value {
    json!({"type": "object"})
}

pub fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

pub fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

pub fn null() -> Value {
    json!({"type": "null"})
}

/// All of these are always there; further ones may be.
pub fn object(properties: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).into(), schema.clone())).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// A page of OpenAI's lists.
pub fn page(row: Value) -> Value {
    object(&[
        ("object", text()),
        ("data", list(row)),
        ("first_id", or_null(text())),
        ("last_id", or_null(text())),
        ("has_more", flag()),
    ])
}

pub fn error() -> Value {
    let parts = [("message", text()), ("type", text()), ("param", or_null(text())), ("code", or_null(text()))];
    object(&[("error", object(&parts)), ("detail", text())])
}

pub fn error_of_ours() -> Value {
    json!({"$ref": "#/components/schemas/Error"})
}

/// Anthropic's own.
pub fn message_error() -> Value {
    object(&[("type", text()), ("error", object(&[("type", text()), ("message", text())]))])
}

pub fn upload() -> Value {
    let file = json!({"type": "string", "format": "binary"});
    object(&[("file", file), ("purpose", text())])
}

pub fn deleted() -> Value {
    object(&[("id", text()), ("object", text()), ("deleted", flag())])
}

pub fn file() -> Value {
    object(&[
        ("id", text()),
        ("object", text()),
        ("bytes", integer()),
        ("created_at", integer()),
        ("expires_at", integer()),
        ("filename", text()),
        ("purpose", text()),
    ])
}

fn counts() -> Value {
    let names = ["completed", "cancelled", "failed", "in_progress", "total"];
    object(&names.map(|name| (name, integer())))
}

pub fn vector_store() -> Value {
    object(&[
        ("id", text()),
        ("object", text()),
        ("created_at", integer()),
        ("name", or_null(text())),
        ("usage_bytes", integer()),
        ("file_counts", counts()),
        ("status", text()),
        ("expires_after", or_null(open())),
        ("expires_at", or_null(integer())),
        ("last_active_at", integer()),
        ("metadata", open()),
    ])
}

pub fn vector_store_file() -> Value {
    object(&[
        ("id", text()),
        ("object", text()),
        ("attributes", open()),
        ("chunking_strategy", open()),
        ("created_at", integer()),
        ("last_error", or_null(open())),
        ("status", text()),
        ("usage_bytes", integer()),
        ("vector_store_id", text()),
    ])
}

pub fn file_batch() -> Value {
    object(&[
        ("id", text()),
        ("object", text()),
        ("created_at", integer()),
        ("vector_store_id", text()),
        ("status", text()),
        ("file_counts", counts()),
    ])
}

pub fn search_results() -> Value {
    let hit = object(&[
        ("file_id", text()),
        ("filename", text()),
        ("score", number()),
        ("attributes", open()),
        ("content", list(open())),
    ]);
    object(&[("object", text()), ("search_query", list(text())), ("data", list(hit)), ("has_more", flag())])
}

pub fn chunks() -> Value {
    let chunk = object(&[("content", any()), ("chunk_id", text()), ("metadata", open())]);
    object(&[("chunks", list(chunk)), ("scores", list(number()))])
}

pub fn shield() -> Value {
    object(&[
        ("identifier", text()),
        ("provider_resource_id", text()),
        ("provider_id", text()),
        ("type", text()),
        ("params", open()),
    ])
}

pub fn shield_verdict() -> Value {
    let violation = object(&[("violation_level", text()), ("user_message", text()), ("metadata", open())]);
    object(&[("violation", or_null(violation))])
}

pub fn moderation() -> Value {
    let result = object(&[("flagged", flag()), ("categories", open()), ("category_scores", open())]);
    object(&[("id", text()), ("model", text()), ("results", list(result))])
}

pub fn tool_group() -> Value {
    object(&[
        ("identifier", text()),
        ("provider_resource_id", text()),
        ("provider_id", text()),
        ("type", text()),
        ("mcp_endpoint", or_null(open())),
        ("args", any()),
    ])
}

pub fn tool() -> Value {
    object(&[
        ("toolgroup_id", text()),
        ("name", text()),
        ("description", or_null(text())),
        ("input_schema", any()),
        ("output_schema", any()),
        ("metadata", any()),
    ])
}

pub fn tool_answer() -> Value {
    object(&[
        ("content", list(open())),
        ("error_message", or_null(text())),
        ("error_code", integer()),
        ("metadata", any()),
    ])
}

pub fn rag_answer() -> Value {
    object(&[("content", list(open())), ("metadata", open())])
}

pub fn connector() -> Value {
    object(&[("connector_id", text()), ("connector_type", text()), ("url", text()), ("server_label", text())])
}

pub fn batch() -> Value {
    let counts = object(&["total", "completed", "failed"].map(|name| (name, integer())));
    object(&[
        ("id", text()),
        ("object", text()),
        ("endpoint", text()),
        ("input_file_id", text()),
        ("completion_window", text()),
        ("status", text()),
        ("created_at", integer()),
        ("output_file_id", or_null(text())),
        ("error_file_id", or_null(text())),
        ("request_counts", counts),
    ])
}

pub fn ranking() -> Value {
    object(&[("data", list(object(&[("index", integer()), ("relevance_score", number())])))])
}

pub fn stored_completion() -> Value {
    object(&[
        ("id", text()),
        ("object", text()),
        ("created", integer()),
        ("model", text()),
        ("choices", list(open())),
        ("input_messages", list(open())),
    ])
}

pub fn listed_response() -> Value {
    object(&[("id", text()), ("object", text()), ("status", text()), ("output", list(open())), ("input", list(open()))])
}

pub fn agent_id() -> Value {
    object(&[("agent_id", text())])
}

pub fn agent() -> Value {
    object(&[("agent_id", text()), ("agent_config", open()), ("created_at", text())])
}

pub fn agent_session_id() -> Value {
    object(&[("session_id", text())])
}

pub fn agent_session() -> Value {
    object(&[("session_id", text()), ("session_name", text()), ("turns", list(open())), ("started_at", text())])
}

pub fn step() -> Value {
    object(&[("step", open())])
}

/// A page of Llama Stack's older lists.
pub fn old_page() -> Value {
    object(&[("data", list(open())), ("has_more", flag()), ("url", text())])
}

pub fn session_made() -> Value {
    object(&[("session_id", text()), ("agent_id", text()), ("session_name", text())])
}

pub fn turn_done() -> Value {
    object(&[
        ("turn_id", text()),
        ("session_id", text()),
        ("steps", list(open())),
        ("output_message", open()),
        ("status", text()),
    ])
}
