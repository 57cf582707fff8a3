//! `POST /tools/{tool}`: call a tool with curl. Bare JSON arguments in,
//! `{success, result}` out. For people with a shell, not for agents.

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{CLAIM_RUN_HEADER, shell::Shell};

const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

pub(crate) async fn call(State(shell): State<Shell>, Path(tool): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let arguments = match shell.limits.json(&parts.headers, body).await {
        Ok(accepted) => accepted.value,
        Err(refusal) => return failure(refusal.status, "invalid_request", &refusal.message),
    };
    if !arguments.is_object() {
        let message = "the body must be an object of tool arguments";
        return failure(StatusCode::BAD_REQUEST, "invalid_request", message);
    }
    let params = json!({ "name": tool, "arguments": arguments });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let mut inner = Request::new(Body::from(message.to_string()));
    *inner.method_mut() = Method::POST;
    let headers = inner.headers_mut();
    // The caller's own Host has passed the guard; rmcp only wants to see one.
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    if let Some(run) = parts.headers.get(CLAIM_RUN_HEADER) {
        headers.insert(CLAIM_RUN_HEADER, run.clone());
    }
    let answer = (shell.exchange)(inner).await;
    match axum::body::to_bytes(answer.into_body(), MAX_ANSWER_BYTES).await {
        Ok(body) => render(&tool, &body),
        Err(_) => failure(StatusCode::BAD_GATEWAY, "too_large", "the answer is too large to show"),
    }
}

fn render(tool: &str, body: &[u8]) -> Response {
    let Some(answer) = last_message(body) else {
        return failure(StatusCode::BAD_GATEWAY, "no_answer", "the tool gave no answer");
    };
    if let Some(error) = answer.get("error") {
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        return match error.get("code").and_then(Value::as_i64) {
            Some(-32602) if message.contains("tool") => {
                failure(StatusCode::NOT_FOUND, "unknown_tool", &format!("no tool named {tool}"))
            }
            Some(-32602) => failure(StatusCode::BAD_REQUEST, "invalid_arguments", message),
            _ => failure(StatusCode::INTERNAL_SERVER_ERROR, "internal", message),
        };
    }
    let result = &answer["result"];
    let text = result["content"]
        .as_array()
        .and_then(|blocks| blocks.iter().find_map(|block| block["text"].as_str()))
        .unwrap_or_default();
    if result["isError"] == true {
        return failure(StatusCode::UNPROCESSABLE_ENTITY, "tool_error", text);
    }
    let shown = match result.get("structuredContent") {
        Some(structured) => structured.clone(),
        None => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    };
    Json(json!({ "success": true, "result": shown })).into_response()
}

/// The response of a JSON body, or of an event stream that ends with it.
fn last_message(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| {
        let text = std::str::from_utf8(body).ok()?;
        let data = text.lines().rev().find_map(|line| line.strip_prefix("data:"))?;
        serde_json::from_str(data).ok()
    })
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "message": message });
    (status, Json(json!({ "success": false, "result": null, "error": error }))).into_response()
}
