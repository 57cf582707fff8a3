//! A plain chat answer, all at once: what a caller who does not stream is best served with. The server reads the tool
//! calls out of the whole text, which its streaming parsers do worse, and one body costs less than many chunks.

use ports::CallContext;
use ports::fold::Folded;
use ports::inference::{Beside, InferenceError};
use reqwest::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::JsonObject;

use super::decode::{ANSWER_BYTES, not_a_chunk, told};

pub async fn whole(response: Response, cx: &CallContext) -> Result<Folded, InferenceError> {
    let body = tokio::select! {
        body = tokio::time::timeout(cx.left(), body(response)) => body.unwrap_or_else(|_| {
            Err(InferenceError::Timeout("the answer was not over before the deadline".into()))
        })?,
        () = cx.cancel.cancelled() => return Err(InferenceError::Cancelled),
    };
    let answer = serde_json::from_slice(&body);
    let mut answer: JsonObject = answer.map_err(|error| not_a_chunk(&String::from_utf8_lossy(&body), &error))?;
    if let Some(Value::String(model)) = answer.remove("model") {
        cx.trace.note("gen_ai.response.model", model);
    }
    folded(answer).ok_or_else(|| not_a_chunk(&String::from_utf8_lossy(&body), &"it has no finished choice"))
}

async fn body(mut response: Response) -> Result<Vec<u8>, InferenceError> {
    let mut body = Vec::new();
    let broken =
        |error: reqwest::Error| InferenceError::Unreachable(format!("the answer broke off: {}", error.without_url()));
    while let Some(bytes) = response.chunk().await.map_err(broken)? {
        body.extend_from_slice(&bytes);
        if body.len() > ANSWER_BYTES {
            return Err(InferenceError::Upstream { status: 502, message: "the answer is too large".into() });
        }
    }
    Ok(body)
}

/// `None` where the answer has no message, or not the reason why it ended.
fn folded(mut answer: JsonObject) -> Option<Folded> {
    let Value::Array(choices) = answer.remove("choices")? else { return None };
    let mut choice = choices.into_iter().find_map(|choice| match choice {
        Value::Object(choice) => Some(choice),
        _ => None,
    })?;
    choice.remove("index");
    let Value::Object(mut message) = choice.remove("message")? else { return None };
    message.remove("role");
    let text = match message.remove("content") {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    Some(Folded {
        text,
        tool_calls: taken(&mut message, "tool_calls").unwrap_or_default(),
        finish: taken(&mut choice, "finish_reason")?,
        usage: taken(&mut answer, "usage").unwrap_or_default(),
        beside: Beside { delta: told(message), choice: told(choice) },
    })
}

/// The field as its type; `None` where it is missing, null or of another shape.
fn taken<T: DeserializeOwned>(from: &mut JsonObject, name: &str) -> Option<T> {
    serde_json::from_value(from.remove(name)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wire::openai::chat::FinishReason;

    use super::*;

    fn read(answer: Value) -> Option<Folded> {
        folded(answer.as_object().cloned().expect("an object"))
    }

    #[test]
    fn text_calls_usage_and_what_stands_beside_are_kept() {
        let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call], "reasoning_content": "hm", "refusal": null});
        let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls", "logprobs": {"content": []}, "stop_reason": null});
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}});
        let folded = read(json!({"id": "c", "model": "m", "choices": [choice], "usage": usage})).expect("whole");
        assert_eq!((folded.text.as_str(), folded.finish), ("", FinishReason::ToolCalls));
        assert_eq!(folded.tool_calls[0].function.name, "f");
        assert_eq!(json!(folded.usage), usage);
        assert_eq!(json!(folded.beside.delta), json!({"reasoning_content": "hm"}));
        assert_eq!(json!(folded.beside.choice), json!({"logprobs": {"content": []}}));
    }

    #[test]
    fn an_answer_without_its_end_is_none() {
        for answer in [
            json!({}),
            json!({"choices": []}),
            json!({"choices": [{"message": {"content": "a"}}]}),
            json!({"choices": [{"message": {"content": "a"}, "finish_reason": null}]}),
            json!({"choices": [{"finish_reason": "stop"}]}),
        ] {
            assert_eq!(read(answer.clone()), None, "{answer}");
        }
    }
}
