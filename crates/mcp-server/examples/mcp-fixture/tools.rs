//! Tools of the fixture that answer in one round.

use std::time::Duration;

use rmcp::{ErrorData, RoleServer, model::*, service::RequestContext};
use serde_json::{Value, json};

use crate::{
    catalog::{PNG, WAV},
    complete, model,
};

type Ctx = RequestContext<RoleServer>;
type Answer = Result<CallToolResult, ErrorData>;

pub(crate) async fn call(request: CallToolRequestParams, ctx: Ctx) -> Answer {
    let arguments = Value::Object(request.arguments.unwrap_or_default());
    let resource = |uri: &str, mime: &str, text: &str| json!({ "type": "resource", "resource": { "uri": uri, "mimeType": mime, "text": text } });
    let image = json!({ "type": "image", "data": PNG, "mimeType": "image/png" });
    match request.name.as_ref() {
        "add" => add(&arguments),
        "echo" => match arguments["text"].as_str() {
            Some(given) => text(given),
            None => failed("text is required and must be a string"),
        },
        "slow" => slow(&arguments).await,
        "run" => text(&mcp_server::claim_run(&ctx).unwrap_or_default()),
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => blocks(json!([image])),
        "test_audio_content" => blocks(json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }])),
        "test_embedded_resource" => {
            blocks(json!([resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")]))
        }
        "test_multiple_content_types" => blocks(json!([
            { "type": "text", "text": "Multiple content types test:" },
            image,
            resource(
                "test://mixed-content-resource",
                "application/json",
                r#"{"test":"data","value":123}"#
            )
        ])),
        "test_error_handling" => failed("This tool intentionally returns an error for testing"),
        "test_tool_with_logging" => logging(&ctx).await,
        "test_tool_with_progress" => progress(&ctx).await,
        "test_sampling" => sampling(&arguments, &ctx).await,
        "test_elicitation" => elicitation(&arguments, &ctx).await,
        "test_elicitation_sep1034_defaults" => ask(&ctx, "Please confirm", defaults()).await,
        "test_elicitation_sep1330_enums" => ask(&ctx, "Please choose", choices()).await,
        "test_logging_tool"
        | "test_reconnection"
        | "test_trigger_tool_change"
        | "json_schema_2020_12_tool"
        | "test_x_mcp_header" => text("done"),
        name => Err(ErrorData::invalid_params(format!("unknown tool: {name}"), None)),
    }
}

fn text(text: &str) -> Answer {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]))
}

fn failed(text: &str) -> Answer {
    Ok(CallToolResult::error(vec![ContentBlock::text(text)]))
}

fn blocks(content: Value) -> Answer {
    complete(json!({ "content": content }))
}

fn add(arguments: &Value) -> Answer {
    match (arguments["a"].as_f64(), arguments["b"].as_f64()) {
        (Some(a), Some(b)) => Ok(CallToolResult::structured(json!({ "sum": a + b }))),
        _ => failed("a and b are required and must be numbers"),
    }
}

async fn slow(arguments: &Value) -> Answer {
    let seconds = arguments["seconds"].as_f64().unwrap_or(5.0).clamp(0.0, 60.0);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    text("slow done")
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn logging(ctx: &Ctx) -> Answer {
    for (step, line) in
        ["Tool execution started", "Tool processing data", "Tool execution completed"].into_iter().enumerate()
    {
        if step > 0 {
            pause().await;
        }
        let params = json!({ "level": "info", "logger": "fixture", "data": line });
        notify(ctx, json!({ "method": "notifications/message", "params": params })).await?;
    }
    text("Tool with logging executed")
}

async fn progress(ctx: &Ctx) -> Answer {
    for (step, progress) in [0, 50, 100].into_iter().enumerate() {
        if step > 0 {
            pause().await;
        }
        if let Some(token) = ctx.meta.get_progress_token() {
            let params = json!({ "progressToken": token, "progress": progress, "total": 100,
                "message": format!("{progress} of 100") });
            notify(ctx, json!({ "method": "notifications/progress", "params": params })).await?;
        }
    }
    text("Tool with progress executed")
}

async fn notify(ctx: &Ctx, notification: Value) -> Result<(), ErrorData> {
    let notification: ServerNotification = model(notification)?;
    let sent = ctx.peer.send_notification(notification).await;
    sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Asks the client something and gives its answer as JSON.
async fn request(ctx: &Ctx, request: Value) -> Result<Value, ErrorData> {
    let request: ServerRequest = model(request)?;
    let answer = ctx.peer.send_request(request).await;
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    serde_json::to_value(answer).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

async fn sampling(arguments: &Value, ctx: &Ctx) -> Answer {
    let content = json!({ "type": "text", "text": arguments["prompt"] });
    let params = json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": 100 });
    let answer = request(ctx, json!({ "method": "sampling/createMessage", "params": params })).await?;
    text(&format!("LLM response: {}", answer["content"]["text"].as_str().unwrap_or_default()))
}

async fn elicitation(arguments: &Value, ctx: &Ctx) -> Answer {
    let schema = json!({ "type": "object", "required": ["username", "email"], "properties": {
        "username": { "type": "string", "description": "User's response" },
        "email": { "type": "string", "description": "User's email address" } } });
    let message = arguments["message"].as_str().unwrap_or("Please answer");
    ask(ctx, message, schema).await
}

async fn ask(ctx: &Ctx, message: &str, schema: Value) -> Answer {
    let params = json!({ "message": message, "requestedSchema": schema });
    let answer = request(ctx, json!({ "method": "elicitation/create", "params": params })).await?;
    let (action, content) = (&answer["action"], &answer["content"]);
    let action = action.as_str().unwrap_or_default();
    text(&format!("Elicitation completed: action={action}, content={content}"))
}

fn defaults() -> Value {
    json!({ "type": "object", "required": [], "properties": {
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"],
            "default": "active" },
        "verified": { "type": "boolean", "default": true } } })
}

fn choices() -> Value {
    let titled = |first: &str, noun: &str| {
        json!([
            { "const": format!("{first}1"), "title": format!("First {noun}") },
            { "const": format!("{first}2"), "title": format!("Second {noun}") },
            { "const": format!("{first}3"), "title": format!("Third {noun}") }
        ])
    };
    let plain = json!(["option1", "option2", "option3"]);
    json!({ "type": "object", "required": [], "properties": {
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string", "oneOf": titled("value", "Option") },
        "legacyEnum": { "type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"] },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled("value", "Choice") } } } })
}
