//! The one place where a stream of deltas becomes a whole answer.

use futures::StreamExt;
use serde_json::Value;
use wire::JsonObject;
use wire::openai::chat::{ChatMessage, Content, FinishReason, FunctionCall, Role, ToolCall, Usage};

use crate::inference::{Beside, ChatDelta, ChatStream, InferenceError};

#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    pub text: String,
    pub tool_calls: Vec<ToolCall>,
    pub finish: FinishReason,
    pub usage: Usage,
    pub beside: Beside,
}

impl Default for Folded {
    fn default() -> Self {
        Self {
            text: String::new(),
            tool_calls: Vec::new(),
            finish: FinishReason::Stop,
            usage: Usage::default(),
            beside: Beside::default(),
        }
    }
}

impl Folded {
    /// Takes one delta in. Fragments for a call that was never opened are dropped.
    pub fn push(&mut self, delta: &ChatDelta) {
        match delta {
            ChatDelta::Text(text) => self.text.push_str(text),
            ChatDelta::ToolCall { id, name, .. } => self.tool_calls.push(ToolCall {
                id: id.clone(),
                kind: "function".into(),
                function: FunctionCall { name: name.clone(), arguments: String::new() },
            }),
            ChatDelta::Arguments { index, fragment } => {
                if let Some(call) = self.tool_calls.get_mut(*index as usize) {
                    call.function.arguments.push_str(fragment);
                }
            }
            ChatDelta::Beside(beside) => {
                beside.delta.iter().for_each(|(key, value)| gather(&mut self.beside.delta, key, value));
                beside.choice.iter().for_each(|(key, value)| gather(&mut self.beside.choice, key, value));
            }
            ChatDelta::Finish(reason) => self.finish = *reason,
            ChatDelta::Usage(usage) => self.usage = usage.clone(),
        }
    }

    pub fn into_message(self) -> ChatMessage {
        let content = (!self.text.is_empty()).then_some(Content::Text(self.text));
        ChatMessage {
            role: Role::Assistant,
            content,
            tool_calls: self.tool_calls,
            extra: self.beside.delta,
            ..ChatMessage::default()
        }
    }
}

/// Texts and lists of one stream add up (`reasoning_content`, `logprobs.content`); of anything else the last holds.
fn gather(into: &mut JsonObject, key: &str, value: &Value) {
    match (into.get_mut(key), value) {
        (_, Value::Null) => {}
        (Some(Value::String(text)), Value::String(more)) => text.push_str(more),
        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more.iter().cloned()),
        (Some(Value::Object(object)), Value::Object(more)) => {
            more.iter().for_each(|(key, value)| gather(object, key, value));
        }
        _ => {
            into.insert(key.to_owned(), value.clone());
        }
    }
}

pub async fn fold(mut stream: ChatStream) -> Result<Folded, InferenceError> {
    let mut folded = Folded::default();
    while let Some(delta) = stream.next().await {
        folded.push(&delta?);
    }
    Ok(folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_beside_the_text_adds_up() {
        let mut folded = Folded::default();
        let beside = |value: Value| {
            let choice = value.as_object().cloned().unwrap_or_default();
            ChatDelta::Beside(Box::new(Beside { choice, ..Beside::default() }))
        };
        folded.push(&beside(json!({"logprobs": {"content": [{"token": "a"}], "refusal": null}, "why": "x"})));
        folded.push(&beside(json!({"logprobs": {"content": [{"token": "b"}]}, "why": "y", "last": 1})));
        folded.push(&beside(json!({"logprobs": null, "last": 2})));
        let expected = json!({"logprobs": {"content": [{"token": "a"}, {"token": "b"}], "refusal": null},
                              "why": "xy", "last": 2});
        assert_eq!(Value::Object(folded.beside.choice), expected);
    }
}
