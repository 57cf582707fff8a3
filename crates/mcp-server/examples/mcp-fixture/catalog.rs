//! What the fixture offers, as the suite expects to find it.

use serde_json::{Value, json};

/// One red pixel.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// A WAV header without samples.
pub(crate) const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/// Tools that take no arguments: name and description.
const PLAIN: [(&str, &str); 24] = [
    ("test_simple_text", "Answers with one text"),
    ("test_image_content", "Answers with an image"),
    ("test_audio_content", "Answers with audio"),
    ("test_embedded_resource", "Answers with a resource"),
    ("test_multiple_content_types", "Answers with text, image and resource"),
    ("test_tool_with_logging", "Logs while it works"),
    ("test_logging_tool", "Would log if the caller asked for it"),
    ("test_error_handling", "Always fails"),
    ("test_tool_with_progress", "Reports progress"),
    ("test_elicitation_sep1034_defaults", "Asks the user, with defaults"),
    ("test_elicitation_sep1330_enums", "Asks the user to choose"),
    ("test_missing_capability", "Needs a client that can sample"),
    ("test_streaming_elicitation", "Needs input from the user"),
    ("test_input_required_result_elicitation", "Needs the user's name"),
    ("test_input_required_result_sampling", "Needs a sampled answer"),
    ("test_input_required_result_list_roots", "Needs the client's roots"),
    ("test_input_required_result_request_state", "Carries state over two rounds"),
    ("test_input_required_result_multiple_inputs", "Needs three inputs at once"),
    ("test_input_required_result_multi_round", "Needs two rounds of input"),
    ("test_input_required_result_tampered_state", "Checks its state"),
    ("test_input_required_result_capabilities", "Asks only for what the client can"),
    ("test_input_required_result_validate", "Checks what it is given"),
    ("test_reconnection", "Answers at once"),
    ("test_trigger_tool_change", "Changes nothing"),
];

pub(crate) fn tools() -> Value {
    let nothing = json!({ "type": "object", "properties": {} });
    let one =
        |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] });
    let mut tools: Vec<Value> =
        PLAIN.iter().map(|(name, text)| json!({ "name": name, "description": text, "inputSchema": nothing })).collect();
    tools.push(json!({ "name": "add", "description": "Adds two numbers",
        "inputSchema": { "type": "object", "required": ["a", "b"],
            "properties": { "a": { "type": "number" }, "b": { "type": "number" } } },
        "outputSchema": { "type": "object", "required": ["sum"],
            "properties": { "sum": { "type": "number" } } },
        "annotations": { "readOnlyHint": true } }));
    tools.push(json!({ "name": "echo", "description": "Gives its text back",
        "inputSchema": one("text"), "annotations": { "readOnlyHint": true } }));
    tools.push(json!({ "name": "slow", "description": "Takes some seconds",
        "inputSchema": { "type": "object",
            "properties": { "seconds": { "type": "number", "minimum": 0, "maximum": 60 } } } }));
    tools.push(json!({ "name": "run", "description": "Names the claim run of the call",
        "inputSchema": nothing }));
    tools.push(json!({ "name": "test_sampling", "description": "Asks the client's model",
        "inputSchema": one("prompt") }));
    tools.push(json!({ "name": "test_elicitation", "description": "Asks the user",
        "inputSchema": one("message") }));
    tools.push(json!({ "name": "test_x_mcp_header", "description": "Mirrors one argument in a header",
        "inputSchema": { "type": "object", "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" } } } }));
    tools.push(json!({ "name": "json_schema_2020_12_tool",
        "description": "Tool with JSON Schema 2020-12 features", "inputSchema": rich_schema() }));
    Value::Array(tools)
}

fn rich_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": { "$anchor": "addressDef", "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } } } },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    })
}

pub(crate) fn prompts() -> Value {
    json!([
        { "name": "test_simple_prompt", "description": "A prompt without arguments" },
        { "name": "test_prompt_with_arguments", "description": "A prompt with two arguments",
          "arguments": [
            { "name": "arg1", "description": "First", "required": true },
            { "name": "arg2", "description": "Second", "required": true } ] },
        { "name": "test_prompt_with_embedded_resource", "description": "A prompt with a resource",
          "arguments": [{ "name": "resourceUri", "description": "Which", "required": true }] },
        { "name": "test_prompt_with_image", "description": "A prompt with an image" },
        { "name": "test_input_required_result_prompt", "description": "A prompt that asks first" }
    ])
}

pub(crate) fn resources() -> Value {
    json!([
        { "uri": "test://static-text", "name": "static-text",
          "description": "A text", "mimeType": "text/plain" },
        { "uri": "test://static-binary", "name": "static-binary",
          "description": "An image", "mimeType": "image/png" },
        { "uri": "test://watched-resource", "name": "watched-resource",
          "description": "A text one can subscribe to", "mimeType": "text/plain" }
    ])
}

/// One content block of the resource, or `None` when there is no such resource.
pub(crate) fn read(uri: &str) -> Option<Value> {
    let text = |text: &str| json!({ "uri": uri, "mimeType": "text/plain", "text": text });
    match uri {
        "test://static-text" => Some(text("This is the content of the static text resource.")),
        "test://watched-resource" => Some(text("Watched resource content")),
        "test://static-binary" => Some(json!({ "uri": uri, "mimeType": "image/png", "blob": PNG })),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            let mime = "application/json";
            Some(json!({ "uri": uri, "mimeType": mime, "text": data.to_string() }))
        }
    }
}
