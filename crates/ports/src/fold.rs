//! The one place where a stream of deltas becomes a whole answer.

use futures::StreamExt;
use wire::openai::chat::{ChatMessage, Content, FinishReason, FunctionCall, Role, ToolCall, Usage};

use crate::inference::{ChatDelta, ChatStream, InferenceError};

#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    pub text: String,
    pub tool_calls: Vec<ToolCall>,
    pub finish: FinishReason,
    pub usage: Usage,
}

impl Default for Folded {
    fn default() -> Self {
        Self { text: String::new(), tool_calls: Vec::new(), finish: FinishReason::Stop, usage: Usage::default() }
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
            ChatDelta::Finish(reason) => self.finish = *reason,
            ChatDelta::Usage(usage) => self.usage = usage.clone(),
        }
    }

    pub fn into_message(self) -> ChatMessage {
        let content = (!self.text.is_empty()).then_some(Content::Text(self.text));
        ChatMessage { role: Role::Assistant, content, tool_calls: self.tool_calls, ..ChatMessage::default() }
    }
}

pub async fn fold(mut stream: ChatStream) -> Result<Folded, InferenceError> {
    let mut folded = Folded::default();
    while let Some(delta) = stream.next().await {
        folded.push(&delta?);
    }
    Ok(folded)
}
