//! Response items to the chat messages a model reads.

use wire::openai::chat::{ChatMessage, Content, ContentPart, FunctionCall, Role, ToolCall};
use wire::openai::items::{
    FileSearchCallItem, FileSearchResult, FunctionCallOutputItem, Item, LooseItem, McpApprovalRequestItem,
    MessageContent, MessageItem,
};

use crate::compact::compact;
use crate::compaction;
use crate::own::Ours;

/// The messages of `items`, oldest first; tool outputs are cut to `output_budget` characters.
///
/// Items that say nothing to a model (tool lists, approvals) are left out. A call without its output (a request that
/// was cut off) is left out too, and an output without its call, since model servers refuse one without the other.
pub fn messages(items: &[Item], output_budget: usize) -> Vec<ChatMessage> {
    let mut messages = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Message(message) | Item::Loose(LooseItem::Message(message)) => messages.push(chat_message(message)),
            // Its output stands right behind it, wherever the caller put it: model servers refuse anything between.
            Item::FunctionCall(call) => {
                if let Some(output) = output_of(items, &call.call_id) {
                    messages.push(assistant_call(&call.call_id, &call.name, &call.arguments));
                    messages.push(ChatMessage::tool_result(&call.call_id, compact(&output.text(), output_budget)));
                }
            }
            // A person's refusal reads like a call that was made and refused: a model that is not told calls again.
            Item::McpApprovalResponse(answer) if !answer.approve => {
                if let Some(call) = request(items, &answer.approval_request_id) {
                    messages.push(assistant_call(&call.id, &call.name, &call.arguments));
                    messages.push(ChatMessage::tool_result(&call.id, refusal(answer.reason.as_deref())));
                }
            }
            Item::McpCall(call) => {
                messages.push(assistant_call(&call.id, &call.name, &call.arguments));
                let text = call.output.as_deref().or(call.error.as_deref()).unwrap_or("no output");
                messages.push(ChatMessage::tool_result(&call.id, compact(text, output_budget)));
            }
            Item::FileSearchCall(call) => messages.extend(searched(call, output_budget)),
            Item::Compaction(item) => messages.extend(
                compaction::summary(item)
                    .map(|summary| ChatMessage::text(Role::System, format!("The conversation so far: {summary}"))),
            ),
            Item::WebSearchCall(call) => {
                let query = call.action.as_ref().map(|action| action.query.as_str()).unwrap_or_default();
                let sources = call.action.as_ref().and_then(|action| action.sources.as_deref()).unwrap_or_default();
                let urls: Vec<&str> = sources.iter().map(|source| source.url.as_str()).collect();
                let text = compact(&urls.join("\n"), output_budget);
                messages.extend(own_call(&call.id, Ours::WebSearch, query, text));
            }
            _ => {}
        }
    }
    messages
}

/// A search of an earlier response as a call and its result; `None` when its results were not kept.
fn searched(call: &FileSearchCallItem, output_budget: usize) -> Vec<ChatMessage> {
    let Some(results) = &call.results else { return Vec::new() };
    let passage =
        |result: &FileSearchResult| format!("{} (cite as <|{}|>)\n{}", result.filename, result.file_id, result.text);
    let text: Vec<String> = results.iter().map(passage).collect();
    let text = compact(&text.join("\n\n"), output_budget);
    own_call(&call.id, Ours::FileSearch, &call.queries.join(" "), text)
}

fn own_call(id: &str, ours: Ours, query: &str, text: String) -> Vec<ChatMessage> {
    let arguments = serde_json::json!({"query": query}).to_string();
    vec![assistant_call(id, ours.name(), &arguments), ChatMessage::tool_result(id, text)]
}

fn output_of<'a>(items: &'a [Item], call_id: &str) -> Option<&'a FunctionCallOutputItem> {
    items.iter().find_map(|item| match item {
        Item::FunctionCallOutput(output) if output.call_id == call_id => Some(output),
        _ => None,
    })
}

/// The request that an approval answers.
pub fn request<'a>(items: &'a [Item], id: &str) -> Option<&'a McpApprovalRequestItem> {
    items.iter().find_map(|item| match item {
        Item::McpApprovalRequest(request) if request.id == id => Some(request),
        _ => None,
    })
}

/// What a model is told of a call that a person did not allow.
pub fn refusal(reason: Option<&str>) -> String {
    let why = reason.filter(|reason| !reason.is_empty()).map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("not run: a person did not allow this call{why}. Do not make it again; go on without it.")
}

pub fn assistant_call(id: &str, name: &str, arguments: &str) -> ChatMessage {
    let function = FunctionCall { name: name.into(), arguments: arguments.into() };
    let call = ToolCall { id: id.into(), kind: "function".into(), function };
    ChatMessage { role: Role::Assistant, tool_calls: vec![call], ..ChatMessage::default() }
}

fn chat_message(message: &MessageItem) -> ChatMessage {
    let content = match &message.content {
        MessageContent::Text(text) => Content::Text(text.clone()),
        MessageContent::Parts(parts) if parts.iter().all(|part| part.text.is_some()) => {
            Content::Text(message.plain_text())
        }
        MessageContent::Parts(parts) => Content::Parts(parts.iter().map(chat_part).collect()),
    };
    ChatMessage { role: message.role, content: Some(content), ..ChatMessage::default() }
}

/// `input_image` of a response becomes `image_url` of a chat; text keeps its words.
fn chat_part(part: &wire::openai::items::MessagePart) -> ContentPart {
    let refusal = part.extra.get("refusal").and_then(serde_json::Value::as_str);
    if let Some(text) = part.text.as_deref().or(refusal) {
        let text = text.to_owned();
        return ContentPart { kind: "text".into(), text: Some(text), ..ContentPart::default() };
    }
    let mut extra = part.extra.clone();
    if part.kind == "input_image" {
        let url = extra.remove("image_url").unwrap_or_default();
        let detail = extra.remove("detail");
        let mut image = wire::JsonObject::new();
        image.insert("url".into(), url);
        if let Some(detail) = detail {
            image.insert("detail".into(), detail);
        }
        extra.insert("image_url".into(), image.into());
        return ContentPart { kind: "image_url".into(), text: None, extra };
    }
    ContentPart { kind: part.kind.clone(), text: None, extra }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn items(value: serde_json::Value) -> Vec<Item> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_message_needs_no_type_and_a_call_needs_its_output() {
        let messages = messages(
            &items(json!([
                {"role": "user", "content": "hello"},
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c2", "output": "done"},
                {"type": "mcp_list_tools", "id": "l", "server_label": "s", "tools": []},
                {"type": "something_new", "id": "x"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "bye"}]},
            ])),
            100,
        );
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Assistant]);
        assert_eq!(messages[2].plain_text(), "done");
        assert_eq!(messages[3].plain_text(), "bye");
    }

    #[test]
    fn an_output_stands_behind_its_call() {
        let messages = messages(
            &items(json!([
                {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
                {"role": "user", "content": "which?"},
                {"type": "function_call_output", "call_id": "c2", "output": "two"},
                {"type": "function_call_output", "call_id": "c1", "output": "one"},
                {"type": "function_call_output", "call_id": "c9", "output": "of nothing"},
            ])),
            100,
        );
        let said: Vec<(Role, String)> = messages.iter().map(|message| (message.role, message.plain_text())).collect();
        let expected = [
            (Role::Assistant, ""),
            (Role::Tool, "one"),
            (Role::Assistant, ""),
            (Role::Tool, "two"),
            (Role::User, "which?"),
        ];
        assert_eq!(said, expected.map(|(role, text)| (role, text.to_owned())));
    }

    #[test]
    fn an_image_becomes_an_image_url() {
        let messages = messages(
            &items(json!([{"role": "user", "content": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
            ]}])),
            100,
        );
        let value = serde_json::to_value(&messages[0].content).unwrap();
        assert_eq!(
            value[1],
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}})
        );
    }
}
