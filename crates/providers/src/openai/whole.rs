//! A plain chat answer, all at once: what a caller who does not stream is best served with. The server reads the tool
//! calls out of the whole text, which its streaming parsers do worse, and one body costs less than many chunks.

use ports::CallContext;
use ports::fold::Folded;
use ports::inference::{Beside, InferenceError};
use reqwest::Response;
use serde::Deserialize;
use wire::openai::chat::{Choice, Content, Usage};

use super::decode::{ANSWER_BYTES, not_a_chunk, told};

pub async fn whole(response: Response, cx: &CallContext) -> Result<Folded, InferenceError> {
    let body = tokio::select! {
        body = tokio::time::timeout(cx.left(), body(response)) => body.unwrap_or_else(|_| {
            Err(InferenceError::Timeout("the answer was not over before the deadline".into()))
        })?,
        () = cx.cancel.cancelled() => return Err(InferenceError::Cancelled),
    };
    let answer: Answer =
        serde_json::from_slice(&body).map_err(|error| not_a_chunk(&String::from_utf8_lossy(&body), &error))?;
    if let Some(model) = answer.model {
        cx.trace.note("gen_ai.response.model", model);
    }
    let first = answer.choices.into_iter().next();
    let folded = first.and_then(|choice| folded(choice, answer.usage.unwrap_or_default()));
    folded.ok_or_else(|| not_a_chunk(&String::from_utf8_lossy(&body), &"it has no finished choice"))
}

/// What is read of a completion. Fields beside these are not passed on, and so not kept.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    model: Option<String>,
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
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

/// `None` where the choice has no reason why it ended.
fn folded(choice: Choice, usage: Usage) -> Option<Folded> {
    let message = choice.message;
    let text = match message.content {
        Some(Content::Text(text)) => text,
        _ => String::new(),
    };
    Some(Folded {
        text,
        tool_calls: message.tool_calls,
        finish: choice.finish_reason?,
        usage,
        beside: Beside { delta: told(message.extra), choice: told(choice.extra) },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wire::openai::chat::FinishReason;

    use super::*;

    fn read(answer: Value) -> Option<Folded> {
        let answer: Answer = serde_json::from_value(answer).ok()?;
        folded(answer.choices.into_iter().next()?, answer.usage.unwrap_or_default())
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
