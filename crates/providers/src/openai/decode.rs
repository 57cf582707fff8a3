//! A streamed chat answer as deltas: in order, one finish, usage last.

use std::time::Duration;

use futures::StreamExt;
use ports::CallContext;
use ports::inference::{Beside, ChatDelta, ChatStream, InferenceError};
use reqwest::Response;
use serde::Deserialize;
use sse_stream::SseStream;
use wire::openai::chat::{ChunkChoice, FinishReason, Usage};
use wire::openai::completions::Completion;

/// One event of a stream at most.
const EVENT_BYTES: usize = 4 * 1024 * 1024;
/// A whole answer at most.
pub(super) const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// How one chunk of the dialect at hand is taken in.
type Take = fn(&mut Order, &str) -> Result<Vec<ChatDelta>, InferenceError>;

/// `idle`: longest wait for the next piece.
pub fn deltas(response: Response, idle: Duration, cx: &CallContext) -> ChatStream {
    read(response, idle, cx, Order::take)
}

/// The stream of `POST /v1/completions`.
pub fn text_deltas(response: Response, idle: Duration, cx: &CallContext) -> ChatStream {
    read(response, idle, cx, Order::take_text)
}

fn read(response: Response, idle: Duration, cx: &CallContext, take: Take) -> ChatStream {
    let cx = cx.clone();
    Box::pin(async_stream::stream! {
        let mut events = SseStream::from_bytes_stream(response.bytes_stream());
        let mut order = Order::default();
        let mut bytes = 0;
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(cx.left().min(idle), events.next()) => next,
                () = cx.cancel.cancelled() => { yield Err(InferenceError::Cancelled); return; }
            };
            let event = match next {
                Err(_) => { yield Err(InferenceError::Timeout(late(idle, &cx))); return; }
                Ok(None) => break,
                Ok(Some(Err(error))) => { yield Err(InferenceError::Unreachable(format!("the answer broke off: {error}"))); return; }
                Ok(Some(Ok(event))) => event,
            };
            let Some(data) = event.data else { continue };
            if data.trim() == "[DONE]" {
                break;
            }
            bytes += data.len();
            if data.len() > EVENT_BYTES || bytes > ANSWER_BYTES {
                yield Err(InferenceError::Upstream { status: 502, message: "the answer is too large".into() });
                return;
            }
            let first = order.model.is_none();
            let taken = take(&mut order, &data);
            if let Some(model) = order.model.as_deref().filter(|_| first) {
                cx.trace.note("gen_ai.response.model", model.to_owned());
            }
            match taken {
                Ok(deltas) => for delta in deltas { yield Ok(delta); },
                Err(error) => { yield Err(error); return; }
            }
        }
        match order.end() {
            Ok(deltas) => for delta in deltas { yield Ok(delta); },
            Err(error) => yield Err(error),
        }
    })
}

fn late(idle: Duration, cx: &CallContext) -> String {
    match cx.left().is_zero() {
        true => "the answer was not over before the deadline".into(),
        false => format!("the answer stopped: nothing came for {} s", idle.as_secs_f32()),
    }
}

/// What is read of [`wire::openai::chat::ChatChunk`]. Fields beside these are not passed on, and so not kept.
#[derive(Deserialize)]
struct Chunk {
    model: String,
    #[serde(default)]
    choices: Vec<ChunkChoice>,
    #[serde(default)]
    usage: Option<Usage>,
}

/// Puts an upstream's chunks into the order the contract asks for.
#[derive(Default)]
struct Order {
    /// Calls opened so far, by the upstream's index.
    opened: Vec<u32>,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// As the upstream calls the model that answers.
    model: Option<String>,
}

impl Order {
    fn take(&mut self, data: &str) -> Result<Vec<ChatDelta>, InferenceError> {
        let chunk: Chunk = match serde_json::from_str(data) {
            Ok(chunk) => chunk,
            Err(error) => return Err(not_a_chunk(data, &error)),
        };
        let mut deltas = Vec::new();
        self.model.get_or_insert(chunk.model);
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage);
        }
        let Some(choice) = chunk.choices.into_iter().find(|choice| choice.index == 0) else { return Ok(deltas) };
        if self.finish.is_some() {
            return Ok(deltas);
        }
        let beside = Beside { delta: told(choice.delta.extra), choice: told(choice.extra) };
        if beside != Beside::default() {
            deltas.push(ChatDelta::Beside(Box::new(beside)));
        }
        if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
            deltas.push(ChatDelta::Text(text));
        }
        for call in choice.delta.tool_calls {
            let position = self.opened.iter().position(|index| *index == call.index);
            let function = call.function.unwrap_or_default();
            let index = match (position, function.name.filter(|name| !name.is_empty())) {
                (Some(position), _) => position,
                (None, Some(name)) => {
                    self.opened.push(call.index);
                    let index = self.opened.len() - 1;
                    let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
                    deltas.push(ChatDelta::ToolCall { index: index as u32, id, name });
                    index
                }
                (None, None) => continue,
            };
            if let Some(fragment) = function.arguments.filter(|fragment| !fragment.is_empty()) {
                deltas.push(ChatDelta::Arguments { index: index as u32, fragment });
            }
        }
        self.finish = choice.finish_reason;
        Ok(deltas)
    }

    fn take_text(&mut self, data: &str) -> Result<Vec<ChatDelta>, InferenceError> {
        let chunk: Completion = match serde_json::from_str(data) {
            Ok(chunk) => chunk,
            Err(error) => return Err(not_a_chunk(data, &error)),
        };
        self.model.get_or_insert(chunk.model);
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage);
        }
        let mut deltas = Vec::new();
        let Some(choice) = chunk.choices.into_iter().find(|choice| choice.index == 0) else { return Ok(deltas) };
        if self.finish.is_some() {
            return Ok(deltas);
        }
        let mut beside = Beside { choice: told(choice.extra), ..Beside::default() };
        if let Some(logprobs) = choice.logprobs.filter(|value| !value.is_null()) {
            beside.choice.insert("logprobs".into(), logprobs);
        }
        if beside != Beside::default() {
            deltas.push(ChatDelta::Beside(Box::new(beside)));
        }
        if !choice.text.is_empty() {
            deltas.push(ChatDelta::Text(choice.text));
        }
        self.finish = choice.finish_reason;
        Ok(deltas)
    }

    fn end(self) -> Result<Vec<ChatDelta>, InferenceError> {
        let Some(finish) = self.finish else {
            return Err(InferenceError::Unreachable("the answer broke off before its end".into()));
        };
        let mut deltas = vec![ChatDelta::Finish(finish)];
        deltas.extend(self.usage.map(ChatDelta::Usage));
        Ok(deltas)
    }
}

/// Fields that say something: upstreams fill chunks with nulls.
pub(super) fn told(mut fields: wire::JsonObject) -> wire::JsonObject {
    fields.retain(|_, value| !value.is_null());
    fields
}

/// An error event inside the stream, or nonsense.
pub(super) fn not_a_chunk(data: &str, error: &dyn std::fmt::Display) -> InferenceError {
    let value: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    let message = ["/error/message", "/message", "/error"].iter().find_map(|place| value.pointer(place)?.as_str());
    match message {
        Some(message) => {
            let status = value.pointer("/error/code").and_then(serde_json::Value::as_u64).unwrap_or(502);
            InferenceError::Upstream { status: u16::try_from(status).unwrap_or(502), message: message.to_owned() }
        }
        None => InferenceError::Upstream { status: 502, message: format!("the answer is not a chat answer: {error}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn chunk(delta: Value, finish: Option<&str>) -> String {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
               "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        .to_string()
    }

    #[test]
    fn finish_comes_once_and_usage_last() {
        let mut order = Order::default();
        let mut seen = order.take(&chunk(json!({"role": "assistant", "content": ""}), None)).unwrap();
        seen.extend(order.take(&chunk(json!({"content": "hi"}), None)).unwrap());
        seen.extend(order.take(&chunk(json!({}), Some("stop"))).unwrap());
        seen.extend(order.take(&chunk(json!({"content": "late"}), Some("stop"))).unwrap());
        let usage = json!({"id": "c", "object": "x", "created": 1, "model": "m", "choices": [],
                           "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}});
        seen.extend(order.take(&usage.to_string()).unwrap());
        seen.extend(order.end().unwrap());
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert_eq!(seen[1], ChatDelta::Finish(FinishReason::Stop));
        assert!(matches!(&seen[2], ChatDelta::Usage(usage) if usage.total_tokens == 3));
    }

    #[test]
    fn call_fragments_find_their_call() {
        let mut order = Order::default();
        let first = json!({"tool_calls": [{"index": 3, "id": "a", "function": {"name": "f", "arguments": "{\"x\""}}]});
        let second = json!({"tool_calls": [{"index": 3, "function": {"arguments": ":1}"}}]});
        let mut seen = order.take(&chunk(first, None)).unwrap();
        seen.extend(order.take(&chunk(second, Some("tool_calls"))).unwrap());
        assert_eq!(seen[0], ChatDelta::ToolCall { index: 0, id: "a".into(), name: "f".into() });
        assert_eq!(seen[2], ChatDelta::Arguments { index: 0, fragment: ":1}".into() });
    }

    #[test]
    fn fields_we_do_not_know_are_kept() {
        let mut order = Order::default();
        let data = json!({"id": "c", "object": "x", "created": 1, "model": "m", "choices": [{
            "index": 0, "delta": {"content": "a", "reasoning_content": "hm", "refusal": null},
            "logprobs": {"content": []}, "stop_reason": null, "finish_reason": null}]});
        let seen = order.take(&data.to_string()).unwrap();
        let ChatDelta::Beside(beside) = &seen[0] else { panic!("{seen:?}") };
        assert_eq!(json!(beside.delta), json!({"reasoning_content": "hm"}));
        assert_eq!(json!(beside.choice), json!({"logprobs": {"content": []}}));
        assert_eq!(seen[1], ChatDelta::Text("a".into()));
    }

    #[test]
    fn an_error_event_and_a_cut_are_errors() {
        let mut order = Order::default();
        let error = order.take("{\"error\": {\"message\": \"out of memory\", \"code\": 500}}").unwrap_err();
        assert!(matches!(error, InferenceError::Upstream { status: 500, .. }), "{error}");
        assert!(order.end().is_err());
    }
}
