//! A conversation as grounding sees it: words, and calls with their whole results.

use serde_json::Value;
use wire::openai::items::{Item, LooseItem};

#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    User(String),
    Assistant(String),
    Call(Called),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    pub tool: String,
    pub arguments: Value,
    /// The whole result, as structured data where there is some.
    pub result: Value,
    pub ok: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    pub instructions: String,
    pub turns: Vec<Turn>,
}

impl Conversation {
    pub fn from_items(instructions: Option<&str>, items: &[Item]) -> Self {
        let mut conversation = Self { instructions: instructions.unwrap_or_default().to_owned(), turns: Vec::new() };
        for item in items {
            match item {
                Item::Message(message) | Item::Loose(LooseItem::Message(message)) => {
                    let text = message.plain_text();
                    match message.role {
                        wire::openai::chat::Role::User => conversation.turns.push(Turn::User(text)),
                        wire::openai::chat::Role::Assistant => conversation.turns.push(Turn::Assistant(text)),
                        _ => {
                            conversation.instructions.push('\n');
                            conversation.instructions.push_str(&text);
                        }
                    }
                }
                Item::McpCall(call) => {
                    let text = call.output.as_deref().or(call.error.as_deref()).unwrap_or_default();
                    conversation.called(&call.name, &call.arguments, text, None, call.error.is_none());
                }
                Item::FunctionCallOutput(output) => {
                    let call = items.iter().find_map(|item| match item {
                        Item::FunctionCall(call) if call.call_id == output.call_id => Some(call),
                        _ => None,
                    });
                    if let Some(call) = call {
                        conversation.called(&call.name, &call.arguments, &output.text(), None, true);
                    }
                }
                _ => {}
            }
        }
        conversation
    }

    pub fn called(&mut self, tool: &str, arguments: &str, text: &str, structured: Option<Value>, ok: bool) {
        let arguments = serde_json::from_str(arguments).unwrap_or_default();
        let result = structured.unwrap_or_else(|| parsed(text));
        self.turns.push(Turn::Call(Called { tool: tool.to_owned(), arguments, result, ok }));
    }

    pub fn calls(&self) -> impl Iterator<Item = &Called> {
        self.turns.iter().filter_map(|turn| match turn {
            Turn::Call(called) => Some(called),
            _ => None,
        })
    }

    /// Calls made since the user last spoke: an earlier request's calls do not count as this one's work.
    pub fn recent_calls(&self) -> impl Iterator<Item = &Called> {
        let start = self.turns.iter().rposition(|turn| matches!(turn, Turn::User(_))).unwrap_or(0);
        self.turns[start..].iter().filter_map(|turn| match turn {
            Turn::Call(called) => Some(called),
            _ => None,
        })
    }

    pub fn user_texts(&self) -> impl Iterator<Item = &str> {
        self.turns.iter().filter_map(|turn| match turn {
            Turn::User(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

fn parsed(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}
