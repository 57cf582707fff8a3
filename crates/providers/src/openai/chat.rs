//! Chat completions: request out, deltas in.

use async_trait::async_trait;
use ports::CallContext;
use ports::fold::Folded;
use ports::health::ProviderHealth;
use ports::inference::{ChatCall, ChatStream, Inference, InferenceError, ModelKind, Narrowed, ServedModel};
use serde_json::{Value, json};
use wire::openai::chat::{ChatMessage, ChatRequest, Role, StreamOptions};
use wire::openai::completions::CompletionRequest;

use super::decode::{deltas, text_deltas};
use super::transport::OpenAiCompatible;
use super::whole::whole;

#[async_trait]
impl Inference for OpenAiCompatible {
    async fn chat(&self, call: ChatCall, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        let mut request = self.outgoing(call);
        request.stream = Some(true);
        request.stream_options = Some(StreamOptions { include_usage: true, ..StreamOptions::default() });
        let response = self.ask(&request, cx).await?;
        Ok(deltas(response, self.config.idle_timeout, cx))
    }

    async fn complete(&self, call: ChatCall, cx: &CallContext) -> Result<Folded, InferenceError> {
        let mut request = self.outgoing(call);
        request.stream = None;
        request.stream_options = None;
        whole(self.ask(&request, cx).await?, cx).await
    }

    async fn text(&self, mut request: CompletionRequest, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        request.stream = Some(true);
        request.stream_options = Some(StreamOptions { include_usage: true, ..StreamOptions::default() });
        let response = self.post("completions", &request, cx).await?;
        Ok(text_deltas(response, self.config.idle_timeout, cx))
    }

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        self.served_as(ModelKind::Llm, cx).await
    }

    async fn health(&self) -> ProviderHealth {
        self.last_seen()
    }
}

impl OpenAiCompatible {
    fn outgoing(&self, call: ChatCall) -> ChatRequest {
        let ChatCall { mut request, narrowed } = call;
        if request.token_limit().is_none() {
            request.max_tokens = self.config.max_tokens;
        }
        request.messages = one_call_a_message(request.messages);
        if let Some(narrowed) = narrowed.filter(|_| self.config.send_narrowed) {
            close_tools(&mut request, narrowed);
        }
        request
    }
}

/// Llama 3 templates refuse an assistant message with two tool calls: each call becomes its own message, followed by
/// its own result.
fn one_call_a_message(messages: Vec<ChatMessage>) -> Vec<ChatMessage> {
    if messages.iter().all(|message| message.tool_calls.len() <= 1) {
        return messages;
    }
    let mut split = Vec::with_capacity(messages.len());
    for message in &messages {
        if message.role == Role::Tool && answers_a_split_call(message, &messages) {
            continue;
        }
        if message.tool_calls.len() <= 1 {
            split.push(message.clone());
            continue;
        }
        for (index, call) in message.tool_calls.iter().enumerate() {
            let content = if index == 0 { message.content.clone() } else { None };
            split.push(ChatMessage { content, tool_calls: vec![call.clone()], ..message.clone() });
            split.extend(messages.iter().filter(|it| it.tool_call_id.as_deref() == Some(&call.id)).cloned());
        }
    }
    split
}

fn answers_a_split_call(result: &ChatMessage, messages: &[ChatMessage]) -> bool {
    let splits = messages.iter().filter(|message| message.tool_calls.len() > 1);
    splits.flat_map(|message| &message.tool_calls).any(|call| result.tool_call_id.as_deref() == Some(&call.id))
}

/// Offers only the callable tools, their schemas closed. A server that constrains tool calls then cannot pick a value
/// the conversation does not hold.
fn close_tools(request: &mut ChatRequest, narrowed: Narrowed) {
    request.tools.retain(|tool| narrowed.tools.iter().any(|closed| closed.name == tool.function.name));
    for tool in &mut request.tools {
        if let Some(closed) = narrowed.tools.iter().find(|closed| closed.name == tool.function.name) {
            tool.function.parameters = Some(described(&closed.arguments, tool.function.parameters.as_ref()));
        }
    }
    if request.tools.is_empty() {
        request.tool_choice = None;
        request.parallel_tool_calls = None;
    }
}

/// The closed schema with the open one's descriptions, which tell the model what an argument is for.
fn described(closed: &Value, open: Option<&Value>) -> Value {
    let mut schema = closed.clone();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return schema };
    for (name, property) in properties {
        let description = open.and_then(|open| open.pointer(&format!("/properties/{name}/description")));
        if let (Some(property), Some(description)) = (property.as_object_mut(), description) {
            property.entry("description").or_insert_with(|| json!(description));
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_calls_become_turns_of_one_call_each() {
        let messages: Vec<ChatMessage> = serde_json::from_value(json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "both", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": "2"},
        ]))
        .unwrap();
        let split = one_call_a_message(messages);
        let shape: Vec<(Role, usize)> = split.iter().map(|it| (it.role, it.tool_calls.len())).collect();
        assert_eq!(
            shape,
            [(Role::User, 0), (Role::Assistant, 1), (Role::Tool, 0), (Role::Assistant, 1), (Role::Tool, 0)]
        );
        assert_eq!(split[2].plain_text(), "1");
    }
}
