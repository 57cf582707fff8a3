//! Anthropic's request as a chat request.

use serde_json::json;
use wire::anthropic::{Block, Blocks, ImageSource, InputMessage, MessagesRequest, Speaker, ToolChoice};
use wire::openai::chat::{
    ChatMessage, ChatRequest, ChatTool, ChosenFunction, Content, ContentPart, FunctionCall, FunctionDef, Role, Stop,
    ToolCall, ToolMode,
};

use crate::errors::ApiError;

pub fn chat_request(asked: MessagesRequest) -> Result<ChatRequest, ApiError> {
    if asked.max_tokens == 0 {
        return Err(ApiError::invalid("max_tokens", "max_tokens must be at least 1"));
    }
    if asked.messages.is_empty() {
        return Err(ApiError::invalid("messages", "messages must hold at least one message"));
    }
    if asked.temperature.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
        return Err(ApiError::invalid("temperature", "temperature must be between 0 and 1"));
    }
    let mut messages = Vec::new();
    if let Some(system) = asked.system {
        messages.push(ChatMessage::text(Role::System, plain(&system, "system")?));
    }
    for (index, message) in asked.messages.into_iter().enumerate() {
        push(message, &format!("messages[{index}]"), &mut messages)?;
    }
    let (choice, parallel) = match asked.tool_choice {
        None => (None, None),
        Some(ToolChoice::None) => (Some(mode(ToolMode::None)), None),
        Some(ToolChoice::Auto { disable_parallel_tool_use: one }) => (Some(mode(ToolMode::Auto)), one.then_some(false)),
        Some(ToolChoice::Any { disable_parallel_tool_use: one }) => {
            (Some(mode(ToolMode::Required)), one.then_some(false))
        }
        Some(ToolChoice::Tool { name, disable_parallel_tool_use: one }) => {
            let function = ChosenFunction { name };
            let named = wire::openai::chat::ToolChoice::Named { kind: "function".into(), function };
            (Some(named), one.then_some(false))
        }
    };
    let mut tools = Vec::with_capacity(asked.tools.len());
    for (index, tool) in asked.tools.into_iter().enumerate() {
        let Some(schema) = tool.input_schema else {
            let message = format!("tool '{}' has no input_schema; tools that a server runs are not offered", tool.name);
            return Err(ApiError::invalid(&format!("tools[{index}].input_schema"), message));
        };
        tools.push(ChatTool::function(FunctionDef {
            name: tool.name,
            description: tool.description,
            parameters: Some(schema),
            ..FunctionDef::default()
        }));
    }
    Ok(ChatRequest {
        model: asked.model,
        messages,
        tool_choice: choice.filter(|_| !tools.is_empty()),
        parallel_tool_calls: parallel.filter(|_| !tools.is_empty()),
        tools,
        temperature: asked.temperature,
        top_p: asked.top_p,
        max_tokens: Some(asked.max_tokens),
        stop: (!asked.stop_sequences.is_empty()).then_some(Stop::Many(asked.stop_sequences)),
        ..ChatRequest::default()
    })
}

fn mode(mode: ToolMode) -> wire::openai::chat::ToolChoice {
    wire::openai::chat::ToolChoice::Mode(mode)
}

/// One message of theirs may be several of ours: results of tools stand alone, before what the user adds.
fn push(message: InputMessage, at: &str, messages: &mut Vec<ChatMessage>) -> Result<(), ApiError> {
    let role = match message.role {
        Speaker::User => Role::User,
        Speaker::Assistant => Role::Assistant,
    };
    let blocks = match message.content {
        Blocks::Text(text) => {
            messages.push(ChatMessage::text(role, text));
            return Ok(());
        }
        Blocks::List(blocks) => blocks,
    };
    let (mut parts, mut calls) = (Vec::new(), Vec::new());
    for (index, block) in blocks.into_iter().enumerate() {
        let at = format!("{at}.content[{index}]");
        match (block, role) {
            (Block::Text { text }, _) => {
                parts.push(ContentPart { kind: "text".into(), text: Some(text), ..ContentPart::default() });
            }
            (Block::Image { source }, Role::User) => parts.push(image(source)),
            (Block::ToolUse { id, name, input }, Role::Assistant) => {
                let function = FunctionCall { name, arguments: input.to_string() };
                calls.push(ToolCall { id, kind: "function".into(), function });
            }
            (Block::ToolResult { tool_use_id, content, is_error }, Role::User) => {
                let text = content.map(|content| plain(&content, &at)).transpose()?.unwrap_or_default();
                let text = if is_error { format!("error: {text}") } else { text };
                messages.push(ChatMessage::tool_result(tool_use_id, text));
            }
            (Block::Thinking { .. }, Role::Assistant) => {}
            _ => return Err(ApiError::invalid(&at, format!("{at}: a block of this type is not taken here"))),
        }
    }
    if parts.is_empty() && calls.is_empty() {
        return Ok(());
    }
    let only_text = parts.iter().all(|part| part.kind == "text");
    let content = match parts {
        parts if parts.is_empty() => None,
        parts if only_text => {
            let texts: Vec<String> = parts.into_iter().filter_map(|part| part.text).collect();
            Some(Content::Text(texts.join("\n")))
        }
        parts => Some(Content::Parts(parts)),
    };
    messages.push(ChatMessage { role, content, tool_calls: calls, ..ChatMessage::default() });
    Ok(())
}

fn image(source: ImageSource) -> ContentPart {
    let url = match source {
        ImageSource::Base64 { media_type, data } => format!("data:{media_type};base64,{data}"),
        ImageSource::Url { url } => url,
    };
    let mut extra = wire::JsonObject::new();
    extra.insert("image_url".into(), json!({"url": url}));
    ContentPart { kind: "image_url".into(), text: None, extra }
}

fn plain(blocks: &Blocks, at: &str) -> Result<String, ApiError> {
    let blocks = match blocks {
        Blocks::Text(text) => return Ok(text.clone()),
        Blocks::List(blocks) => blocks,
    };
    let mut texts = Vec::with_capacity(blocks.len());
    for block in blocks {
        let Block::Text { text } = block else {
            return Err(ApiError::invalid(at, format!("{at}: only text blocks are taken here")));
        };
        texts.push(text.as_str());
    }
    Ok(texts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(body: serde_json::Value) -> Result<ChatRequest, ApiError> {
        chat_request(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn a_talk_with_tools_keeps_its_order() {
        let chat = translated(json!({
            "model": "m", "max_tokens": 50, "system": [{"type": "text", "text": "Be brief."}],
            "tools": [{"name": "add", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"},
            "messages": [
                {"role": "user", "content": "1 + 2?"},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "t1", "name": "add", "input": {"a": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "3"}]},
                    {"type": "text", "text": "So?"}]},
            ],
        }))
        .unwrap();
        let roles: Vec<Role> = chat.messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::Tool, Role::User]);
        assert_eq!(chat.messages[2].tool_calls[0].function.arguments, "{\"a\":1}");
        assert_eq!(chat.messages[3].tool_call_id.as_deref(), Some("t1"));
        assert_eq!(chat.tool_choice, Some(mode(ToolMode::Required)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = json!([{"role": "user", "content": "x"}]);
        let cases = [
            (json!({"model": "m", "max_tokens": 0, "messages": message}), "max_tokens"),
            (json!({"model": "m", "max_tokens": 1, "messages": []}), "messages"),
            (json!({"model": "m", "max_tokens": 1, "messages": message, "temperature": 2}), "temperature"),
            (
                json!({"model": "m", "max_tokens": 1, "messages": message, "tools": [{"name": "bash"}]}),
                "tools[0].input_schema",
            ),
            (
                json!({"model": "m", "max_tokens": 1, "messages": [
                    {"role": "user", "content": [{"type": "document", "source": {}}]}]}),
                "messages[0].content[0]",
            ),
        ];
        for (body, param) in cases {
            assert_eq!(translated(body).unwrap_err().param.as_deref(), Some(param));
        }
    }
}
