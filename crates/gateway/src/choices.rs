//! `n` answers to one question: as many questions to the model, told apart by the index of their choice.

use futures::StreamExt;
use futures::stream::{BoxStream, select_all};
use ports::fold::Folded;
use ports::inference::{ChatDelta, ChatStream, InferenceError};
use serde_json::Value;
use wire::openai::chat::{ChatRequest, Choice, Usage};

use crate::errors::ApiError;

/// Each is a question of its own to the model.
const MOST: u64 = 8;

/// A delta of the choice with this index.
pub type Numbered = BoxStream<'static, (u32, Result<ChatDelta, InferenceError>)>;

/// Takes `n` out of the request: no provider is asked for several answers at once.
pub fn wanted(request: &mut ChatRequest) -> Result<usize, ApiError> {
    let n = match request.extra.remove("n") {
        None | Some(Value::Null) => 1,
        Some(n) => n.as_u64().unwrap_or(0),
    };
    match (1..=MOST).contains(&n) {
        true => Ok(n as usize),
        false => Err(ApiError::invalid("n", format!("n must be a whole number between 1 and {MOST}"))),
    }
}

/// All choices as they come, and one usage at the end.
pub fn together(mut streams: Vec<ChatStream>) -> Numbered {
    if streams.len() == 1
        && let Some(only) = streams.pop()
    {
        return only.map(|delta| (0, delta)).boxed();
    }
    let numbered =
        streams.into_iter().zip(0_u32..).map(|(stream, index)| stream.map(move |delta| (index, delta)).boxed());
    let mut all = select_all(numbered);
    Box::pin(async_stream::stream! {
        let mut usage: Option<Usage> = None;
        while let Some((index, delta)) = all.next().await {
            match delta {
                Ok(ChatDelta::Usage(one)) => add(&mut usage, one),
                Ok(delta) => yield (index, Ok(delta)),
                Err(error) => {
                    yield (index, Err(error));
                    return;
                }
            }
        }
        if let Some(usage) = usage {
            yield (0, Ok(ChatDelta::Usage(usage)));
        }
    })
}

/// The choices of whole answers, and what they took together.
pub fn counted(answers: Vec<Folded>) -> (Vec<Choice>, Usage) {
    let mut usage = None;
    let choices = answers.into_iter().zip(0_u32..).map(|(folded, index)| {
        add(&mut usage, folded.usage.clone());
        let (finish, beside) = (folded.finish, folded.beside.choice.clone());
        Choice { index, message: folded.into_message(), finish_reason: Some(finish), extra: beside }
    });
    let choices = choices.collect();
    (choices, usage.unwrap_or_default())
}

/// The prompt counts once, as OpenAI counts it.
fn add(total: &mut Option<Usage>, one: Usage) {
    match total {
        None => *total = Some(one),
        Some(total) => {
            total.completion_tokens += one.completion_tokens;
            total.total_tokens = total.prompt_tokens + total.completion_tokens;
        }
    }
}
