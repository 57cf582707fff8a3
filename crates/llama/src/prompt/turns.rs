//! The conversation as turns that any template can render: one tool call a message, its result right after it.

use ports::inference::InferenceError;
use serde_json::Value;
use wire::openai::chat::{ChatMessage, Content, Role, ToolCall};

use super::Guard;
use crate::error::invalid;

#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: &'static str,
    pub content: String,
    /// Name and arguments of the call that an assistant's turn makes.
    pub call: Option<(String, Value)>,
}

impl Turn {
    fn plain(role: &'static str, content: String) -> Self {
        Self { role, content, call: None }
    }
}

/// Splits parallel calls into consecutive calls, each with its own result. Fails on an empty conversation and on
/// parts that are not text.
pub fn turns(messages: &[ChatMessage], guard: &Guard) -> Result<Vec<Turn>, InferenceError> {
    if messages.is_empty() {
        return Err(invalid("messages", "messages: at least one is needed"));
    }
    messages.iter().enumerate().try_for_each(|(index, message)| only_text(index, message))?;
    let mut turns = Vec::with_capacity(messages.len());
    let mut rest = messages;
    while let Some((message, after)) = rest.split_first() {
        let text = guard.text(&message.plain_text());
        rest = after;
        if message.role == Role::Assistant && !message.tool_calls.is_empty() {
            let results = after.iter().take_while(|next| next.role == Role::Tool).count();
            paired(&message.tool_calls, text, &after[..results], guard, &mut turns);
            rest = &after[results..];
            continue;
        }
        let role = match message.role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        };
        turns.push(Turn::plain(role, text));
    }
    Ok(turns)
}

fn paired(calls: &[ToolCall], text: String, results: &[ChatMessage], guard: &Guard, turns: &mut Vec<Turn>) {
    let mut open: Vec<&ChatMessage> = results.iter().collect();
    let mut text = Some(text);
    for call in calls {
        let raw = &call.function.arguments;
        let arguments = match raw.trim() {
            "" => Value::Object(serde_json::Map::new()),
            trimmed => serde_json::from_str(trimmed).unwrap_or_else(|_| Value::String(raw.clone())),
        };
        turns.push(Turn {
            role: "assistant",
            content: text.take().unwrap_or_default(),
            call: Some((guard.text(&call.function.name), guard.json(&arguments))),
        });
        let own = open.iter().position(|result| result.tool_call_id.as_deref() == Some(call.id.as_str()));
        if let Some(at) = own {
            turns.push(Turn::plain("tool", guard.text(&open.remove(at).plain_text())));
        }
    }
    turns.extend(open.into_iter().map(|result| Turn::plain("tool", guard.text(&result.plain_text()))));
}

fn only_text(index: usize, message: &ChatMessage) -> Result<(), InferenceError> {
    let Some(Content::Parts(parts)) = &message.content else {
        return Ok(());
    };
    for (at, part) in parts.iter().enumerate() {
        if part.text.is_none() {
            let field = format!("messages[{index}].content[{at}]");
            let rule = format!("{field}: this model reads text only, not '{}'", part.kind);
            return Err(invalid(&field, rule));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn messages(value: Value) -> Vec<ChatMessage> {
        serde_json::from_value(value).expect("messages")
    }

    fn shape(value: Value) -> Vec<String> {
        let turns = turns(&messages(value), &Guard::default()).expect("turns");
        let call = |turn: &Turn| turn.call.as_ref().map(|(name, args)| format!("!{name}{args}")).unwrap_or_default();
        turns.iter().map(|turn| format!("{}:{}{}", turn.role, turn.content, call(turn))).collect()
    }

    fn call(id: &str, name: &str, arguments: &str) -> Value {
        json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
    }

    #[test]
    fn parallel_calls_become_consecutive_ones_with_their_own_results() {
        let found = shape(json!([
            {"role": "developer", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "u"}]},
            {"role": "assistant", "content": "both", "tool_calls": [call("1", "a", "{\"x\":1}"), call("2", "b", "")]},
            {"role": "tool", "tool_call_id": "2", "content": "two"},
            {"role": "tool", "tool_call_id": "1", "content": "one"},
            {"role": "user", "content": "next"}
        ]));
        let expected =
            ["system:s", "user:u", "assistant:both!a{\"x\":1}", "tool:one", "assistant:!b{}", "tool:two", "user:next"];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_result_without_its_call_is_kept() {
        let found = shape(json!([
            {"role": "assistant", "content": null, "tool_calls": [call("1", "a", "not json")]},
            {"role": "tool", "tool_call_id": "9", "content": "stray"}
        ]));
        assert_eq!(found, ["assistant:!a\"not json\"", "tool:stray"]);
    }

    #[test]
    fn images_and_empty_conversations_are_refused_by_name() {
        let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]);
        let error = turns(&messages(image), &Guard::default()).expect_err("refused");
        assert!(error.to_string().contains("messages[0].content[0]"), "{error}");
        assert!(turns(&[], &Guard::default()).is_err());
    }
}
