//! What every [`Inference`] keeps: deltas in order, exactly one finish, usage right after it and last; an error ends the
//! stream; a caller who goes stops the work.

use std::future::Future;
use std::time::Duration;

use futures::StreamExt;
use ports::CallContext;
use ports::inference::{ChatCall, ChatDelta, ChatStream, Inference, InferenceError};

use crate::PATIENCE;

pub type Collected = Vec<Result<ChatDelta, InferenceError>>;

/// A context that outlives any test.
pub fn context() -> CallContext {
    CallContext::new("req_test", PATIENCE)
}

/// Runs one call that must succeed, checks its stream, and compares the fold of the stream with `complete`'s answer
/// when `repeatable` says that asking twice gives the same.
pub async fn keeps_the_stream_contract(provider: &dyn Inference, call: ChatCall, repeatable: Repeatable) {
    let deltas = collect(begin(provider, call.clone(), &context()).await).await;
    check(&deltas).unwrap_or_else(|broken| panic!("{broken}; the stream was {deltas:?}"));
    assert!(deltas.iter().all(Result::is_ok), "the call failed: {deltas:?}");
    if repeatable == Repeatable::Yes {
        let mut folded = ports::fold::Folded::default();
        deltas.iter().flatten().for_each(|delta| folded.push(delta));
        let whole = within("complete", provider.complete(call, &context())).await.expect("a plain answer");
        assert_eq!(
            (&whole.text, &whole.tool_calls, whole.finish),
            (&folded.text, &folded.tool_calls, folded.finish),
            "the plain answer differs from the streamed one"
        );
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeatable {
    Yes,
    No,
}

/// Runs one call that the upstream spoils after it has begun. What came before the error must be in order, and nothing
/// may come after it.
pub async fn ends_at_an_error(provider: &dyn Inference, call: ChatCall) -> InferenceError {
    let deltas = match within("chat", provider.chat(call, &context())).await {
        Ok(stream) => collect(stream).await,
        Err(error) => return error,
    };
    check(&deltas).unwrap_or_else(|broken| panic!("{broken}; the stream was {deltas:?}"));
    match deltas.into_iter().next_back() {
        Some(Err(error)) => error,
        last => panic!("the stream ended with {last:?}, not with an error"),
    }
}

/// Drops the stream after its first delta and waits for `stopped`, which the caller makes resolve when the work behind
/// the stream has stopped.
pub async fn stops_when_dropped(provider: &dyn Inference, call: ChatCall, stopped: impl Future<Output = ()>) {
    let mut stream = begin(provider, call, &context()).await;
    let first = within("the first delta", stream.next()).await;
    assert!(matches!(first, Some(Ok(_))), "the stream began with {first:?}");
    drop(stream);
    within("stopping after the stream was dropped", stopped).await;
}

/// Cancels the context after the first delta. The stream must end, with or without saying `Cancelled`, and the work
/// behind it stop.
pub async fn stops_when_cancelled(provider: &dyn Inference, call: ChatCall, stopped: impl Future<Output = ()>) {
    let cx = context();
    let mut stream = begin(provider, call, &cx).await;
    let first = within("the first delta", stream.next()).await;
    assert!(matches!(first, Some(Ok(_))), "the stream began with {first:?}");
    cx.cancel.cancel();
    let rest = within("the end after a cancel", collect(stream)).await;
    let said = rest.last();
    assert!(
        matches!(said, None | Some(Ok(_)) | Some(Err(InferenceError::Cancelled))),
        "a cancelled stream ended with {said:?}"
    );
    within("stopping after a cancel", stopped).await;
}

/// Gives a call, to which the upstream never answers, a short deadline. It must fail with `Timeout`.
pub async fn keeps_the_deadline(provider: &dyn Inference, call: ChatCall) {
    let cx = CallContext::new("req_test", Duration::from_millis(50));
    let error = match within("the deadline", provider.chat(call, &cx)).await {
        Err(error) => error,
        Ok(stream) => match within("the deadline", collect(stream)).await.into_iter().next_back() {
            Some(Err(error)) => error,
            last => panic!("a call past its deadline ended with {last:?}"),
        },
    };
    assert!(matches!(error, InferenceError::Timeout(_)), "a call past its deadline ended with {error:?}");
}

/// Checks a whole stream, and says which rule it breaks. An error is allowed at the end, and then nothing is missing.
pub fn check(deltas: &[Result<ChatDelta, InferenceError>]) -> Result<(), String> {
    let mut calls = 0_u32;
    let mut finished = false;
    let mut used = false;
    for (at, delta) in deltas.iter().enumerate() {
        if used {
            return Err(format!("delta {at} comes after usage, which is last"));
        }
        match delta {
            Err(_) if at + 1 < deltas.len() => return Err(format!("something follows the error at {at}")),
            Err(_) => return Ok(()),
            Ok(ChatDelta::Usage(_)) if !finished => return Err(format!("usage at {at} comes before the finish")),
            Ok(ChatDelta::Usage(_)) => used = true,
            Ok(ChatDelta::Finish(_)) if finished => return Err(format!("a second finish at {at}")),
            Ok(ChatDelta::Finish(_)) => finished = true,
            Ok(_) if finished => return Err(format!("delta {at} comes after the finish")),
            Ok(ChatDelta::Beside(_)) => {}
            Ok(ChatDelta::ToolCall { index, id, name }) => {
                if *index != calls {
                    return Err(format!("tool call {index} at {at} should have index {calls}"));
                }
                if id.is_empty() || name.is_empty() {
                    return Err(format!("tool call {index} has no id or no name"));
                }
                calls += 1;
            }
            Ok(ChatDelta::Arguments { index, .. }) if *index >= calls => {
                return Err(format!("arguments at {at} for tool call {index}, which has not begun"));
            }
            Ok(ChatDelta::Arguments { .. } | ChatDelta::Text(_)) => {}
        }
    }
    if finished { Ok(()) } else { Err("the stream ends without a finish".into()) }
}

async fn begin(provider: &dyn Inference, call: ChatCall, cx: &CallContext) -> ChatStream {
    within("chat", provider.chat(call, cx)).await.unwrap_or_else(|error| panic!("the call did not begin: {error}"))
}

async fn collect(stream: ChatStream) -> Collected {
    within("the end of the stream", stream.collect()).await
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} took more than {} seconds", PATIENCE.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use wire::openai::chat::{FinishReason, Usage};

    use super::*;

    #[test]
    fn the_checker_tells_good_streams_from_bad_ones() {
        let text = || Ok(ChatDelta::Text("a".into()));
        let finish = || Ok(ChatDelta::Finish(FinishReason::Stop));
        let usage = || Ok(ChatDelta::Usage(Usage::default()));
        let tool = |index| Ok(ChatDelta::ToolCall { index, id: "call_1".into(), name: "f".into() });
        let arguments = |index| Ok(ChatDelta::Arguments { index, fragment: "{".into() });
        let error = || Err(InferenceError::Cancelled);
        for (deltas, broken) in [
            (vec![text(), text(), finish(), usage()], None),
            (vec![tool(0), arguments(0), tool(1), arguments(1), arguments(0), finish()], None),
            (vec![text(), error()], None),
            (vec![error()], None),
            (vec![], Some("without a finish")),
            (vec![text()], Some("without a finish")),
            (vec![usage(), finish()], Some("before the finish")),
            (vec![finish(), finish()], Some("second finish")),
            (vec![finish(), text()], Some("after the finish")),
            (vec![finish(), usage(), usage()], Some("after usage")),
            (vec![error(), text()], Some("follows the error")),
            (vec![arguments(0), finish()], Some("not begun")),
            (vec![tool(1), finish()], Some("should have index 0")),
        ] {
            match (check(&deltas), broken) {
                (Ok(()), None) => {}
                (Err(said), Some(part)) if said.contains(part) => {}
                (said, _) => panic!("{deltas:?} gave {said:?}, not {broken:?}"),
            }
        }
    }
}
