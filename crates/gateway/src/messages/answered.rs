//! A model's answer in Anthropic's words.

use async_stream::stream;
use futures::{Stream, StreamExt};
use ports::fold::Folded;
use ports::inference::{ChatDelta, ChatStream};
use serde_json::{Value, json};
use wire::anthropic::{Block, BlockDelta, ErrorDetail, Message, Speaker, StopDelta, StreamEvent, Tokens};
use wire::openai::chat::{FinishReason, Usage};

use crate::errors::ApiError;

pub fn head(id: String, model: String) -> Message {
    Message {
        id,
        kind: "message",
        role: Speaker::Assistant,
        model,
        content: Vec::new(),
        stop_reason: None,
        stop_sequence: None,
        usage: Tokens::default(),
    }
}

pub fn message(head: Message, folded: Folded) -> Message {
    let mut content = Vec::new();
    if !folded.text.is_empty() {
        content.push(Block::Text { text: folded.text });
    }
    for call in folded.tool_calls {
        // A model may write arguments that are no JSON; the client still sees what it wrote.
        let arguments = call.function.arguments;
        let input = serde_json::from_str(&arguments).unwrap_or_else(|_| json!({"arguments": arguments}));
        content.push(Block::ToolUse { id: call.id, name: call.function.name, input });
    }
    Message { content, stop_reason: Some(stop_reason(folded.finish)), usage: tokens(&folded.usage), ..head }
}

/// The whole stream: start, blocks one after the other, the reason it stopped. An error ends it early.
pub fn events(
    head: Message,
    mut deltas: ChatStream,
    held: impl Send + 'static,
) -> impl Stream<Item = StreamEvent> + Send {
    stream! {
        let _held = held;
        yield StreamEvent::MessageStart { message: head };
        // Index of the block that is open, and whether it is text.
        let mut open: Option<(u32, bool)> = None;
        let mut next = 0;
        let mut reason = FinishReason::Stop;
        let mut usage = Tokens::default();
        while let Some(delta) = deltas.next().await {
            let delta = match delta {
                Ok(delta) => delta,
                Err(error) => {
                    yield StreamEvent::Error { error: detail(&ApiError::from(error)) };
                    return;
                }
            };
            match delta {
                ChatDelta::Text(text) => {
                    if !matches!(open, Some((_, true))) {
                        if let Some((index, _)) = open.take() {
                            yield StreamEvent::ContentBlockStop { index };
                        }
                        yield StreamEvent::ContentBlockStart { index: next, content_block: Block::Text { text: String::new() } };
                        open = Some((next, true));
                        next += 1;
                    }
                    let index = next - 1;
                    yield StreamEvent::ContentBlockDelta { index, delta: BlockDelta::TextDelta { text } };
                }
                ChatDelta::ToolCall { id, name, .. } => {
                    if let Some((index, _)) = open.take() {
                        yield StreamEvent::ContentBlockStop { index };
                    }
                    let content_block = Block::ToolUse { id, name, input: Value::Object(wire::JsonObject::new()) };
                    yield StreamEvent::ContentBlockStart { index: next, content_block };
                    open = Some((next, false));
                    next += 1;
                }
                ChatDelta::Arguments { fragment, .. } => if let Some((index, false)) = open {
                    yield StreamEvent::ContentBlockDelta { index, delta: BlockDelta::InputJsonDelta { partial_json: fragment } };
                },
                ChatDelta::Beside(_) => {}
                ChatDelta::Finish(finish) => reason = finish,
                ChatDelta::Usage(counted) => usage = tokens(&counted),
            }
        }
        if let Some((index, _)) = open {
            yield StreamEvent::ContentBlockStop { index };
        }
        let delta = StopDelta { stop_reason: Some(stop_reason(reason)), stop_sequence: None };
        yield StreamEvent::MessageDelta { delta, usage };
        yield StreamEvent::MessageStop {};
    }
}

fn stop_reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter => "refusal",
        FinishReason::Stop | FinishReason::Other => "end_turn",
    }
}

fn tokens(usage: &Usage) -> Tokens {
    Tokens { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens }
}

/// The error as Anthropic names it.
pub fn detail(error: &ApiError) -> ErrorDetail {
    let kind = match error.status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 | 503 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    ErrorDetail { kind: kind.into(), message: error.message.clone() }
}
