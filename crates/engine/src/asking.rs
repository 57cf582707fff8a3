//! What a response request asks of the model, in a chat request's words; and which calls a person has decided on.

use serde_json::Value;
use wire::openai::chat::{ChatRequest, NamedSchema, ResponseFormat};
use wire::openai::items::Item;
use wire::openai::responses::ResponseRequest;

use crate::event::CallRef;
use crate::history;
use crate::options::Options;

/// The fields that every question of a run to the model shares.
pub fn template(request: &ResponseRequest, options: &Options) -> ChatRequest {
    let mut extra = options.passed.clone();
    let most = extra.remove("max_tokens").and_then(|most| most.as_u64()).and_then(|most| u32::try_from(most).ok());
    let mut pass = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            extra.insert(name.into(), value);
        }
    };
    pass("frequency_penalty", options.frequency_penalty.map(Value::from));
    pass("presence_penalty", options.presence_penalty.map(Value::from));
    pass("logprobs", options.logprobs().then(|| true.into()));
    pass("top_logprobs", (options.top_logprobs > 0).then(|| options.top_logprobs.into()));
    let effort = options.reasoning.as_ref().and_then(|reasoning| reasoning.get("effort"));
    pass("reasoning_effort", effort.filter(|effort| !effort.is_null()).cloned());
    ChatRequest {
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: request.max_output_tokens.or(most),
        parallel_tool_calls: request.parallel_tool_calls,
        response_format: request.text.as_ref().and_then(response_format),
        extra,
        ..ChatRequest::default()
    }
}

/// `text.format` of a response as `response_format` of a chat.
fn response_format(text: &Value) -> Option<ResponseFormat> {
    let format = text.get("format")?;
    match format.get("type")?.as_str()? {
        "json_object" => Some(ResponseFormat::JsonObject),
        "json_schema" => Some(ResponseFormat::JsonSchema {
            json_schema: NamedSchema {
                name: format.get("name").and_then(Value::as_str).unwrap_or("answer").to_owned(),
                schema: format.get("schema").cloned(),
                extra: ["strict", "description"]
                    .into_iter()
                    .filter_map(|key| Some((key.to_owned(), format.get(key).filter(|it| !it.is_null())?.clone())))
                    .collect(),
            },
        }),
        _ => None,
    }
}

/// Calls that the newest items allow, and that have not been run since.
pub fn approved(items: &[Item]) -> Vec<CallRef> {
    let already = |request: &str| {
        items
            .iter()
            .any(|item| matches!(item, Item::McpCall(call) if call.approval_request_id.as_deref() == Some(request)))
    };
    let allowed = items.iter().filter_map(|item| match item {
        Item::McpApprovalResponse(answer) if answer.approve && !already(&answer.approval_request_id) => {
            history::request(items, &answer.approval_request_id)
        }
        _ => None,
    });
    allowed
        .map(|request| CallRef {
            id: format!("call_{}", request.id),
            label: request.server_label.clone(),
            ours: None,
            tool: request.name.clone(),
            arguments: request.arguments.clone(),
            approved_by: Some(request.id.clone()),
        })
        .collect()
}

/// Calls that a person did not allow: server label, tool, arguments.
pub fn refused(items: &[Item]) -> Vec<(String, String, Value)> {
    let refused = items.iter().filter_map(|item| match item {
        Item::McpApprovalResponse(answer) if !answer.approve => history::request(items, &answer.approval_request_id),
        _ => None,
    });
    refused
        .map(|call| {
            let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
            (call.server_label.clone(), call.name.clone(), arguments)
        })
        .collect()
}
