//! `POST /v1/completions`: bare prompts, plain and streamed. Several prompts are continued one after the other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use engine::registry::ChatRoute;
use futures::{Stream, StreamExt};
use ports::CallContext;
use ports::fold::fold;
use ports::inference::{ChatDelta, InferenceError};
use wire::openai::chat::Usage;
use wire::openai::completions::{Completion, CompletionChoice, CompletionRequest, Prompt};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context, EndsWithDone};
use crate::sse;

/// Prompts of one request at most.
const PROMPTS: usize = 64;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    end: EndsWithDone,
    Body(mut request): Body<CompletionRequest>,
) -> Result<Response, ApiError> {
    let prompts = prompts(&request)?;
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let route = app.responder.registry.chat(&request.model, &cx).await?;
    request.model.clone_from(&route.model);
    let head = Completion {
        id: app.responder.ids.fresh("cmpl"),
        object: "text_completion".into(),
        created: app.responder.clock.unix_seconds(),
        model: route.full_id.clone(),
        ..Completion::default()
    };
    let asked: Vec<CompletionRequest> =
        prompts.into_iter().map(|text| CompletionRequest { prompt: Prompt::One(text), ..request.clone() }).collect();
    let guard = cx.cancel.clone().drop_guard();
    if request.stream == Some(true) {
        let with_usage = request.stream_options.is_some_and(|options| options.include_usage);
        let frames = frames(head, route, asked, cx, Ending { with_usage, done: end.0 });
        return Ok(sse::raw(frames.map(move |event| {
            // The permit and the guard live as long as the stream does.
            let _held = (&running, &guard);
            event
        })));
    }
    let mut answer = head;
    let mut usage = Usage::default();
    for (index, one) in asked.into_iter().enumerate() {
        let folded = fold(route.inference.text(one, &cx).await?).await?;
        add(&mut usage, &folded.usage);
        let mut extra = folded.beside.choice;
        let logprobs = extra.remove("logprobs");
        let finish_reason = Some(folded.finish);
        answer.choices.push(CompletionChoice {
            index: index as u32,
            text: folded.text,
            logprobs,
            finish_reason,
            extra,
        });
    }
    answer.usage = Some(usage);
    Ok(Json(answer).into_response())
}

fn prompts(request: &CompletionRequest) -> Result<Vec<String>, ApiError> {
    let prompts = match &request.prompt {
        Prompt::One(text) => vec![text.clone()],
        Prompt::Many(texts) => texts.clone(),
        Prompt::Tokens(_) => {
            return Err(ApiError::invalid("prompt", "prompt must be a string or a list of strings"));
        }
    };
    if prompts.is_empty() || prompts.len() > PROMPTS {
        return Err(ApiError::invalid("prompt", format!("prompt must hold 1 to {PROMPTS} texts")));
    }
    if request.max_tokens == Some(0) {
        return Err(ApiError::invalid("max_tokens", "max_tokens must be at least 1"));
    }
    if request.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
        return Err(ApiError::invalid("temperature", "temperature must be between 0 and 2"));
    }
    if request.extra.get("n").and_then(serde_json::Value::as_u64).is_some_and(|n| n != 1) {
        return Err(ApiError::invalid("n", "only one choice a prompt is offered: n must be 1"));
    }
    Ok(prompts)
}

fn add(sum: &mut Usage, usage: &Usage) {
    sum.prompt_tokens += usage.prompt_tokens;
    sum.completion_tokens += usage.completion_tokens;
    sum.total_tokens += usage.total_tokens;
}

/// What comes after the last delta.
struct Ending {
    with_usage: bool,
    done: bool,
}

/// The deltas of each prompt under its index, the usage of all, and `[DONE]`. An error is the last frame before it.
fn frames(
    head: Completion,
    route: ChatRoute,
    asked: Vec<CompletionRequest>,
    cx: CallContext,
    ending: Ending,
) -> impl Stream<Item = Event> + Send {
    async_stream::stream! {
        let mut usage = Usage::default();
        let mut failed: Option<InferenceError> = None;
        'prompts: for (index, one) in asked.into_iter().enumerate() {
            let mut deltas = match route.inference.text(one, &cx).await {
                Ok(deltas) => deltas,
                Err(error) => { failed = Some(error); break 'prompts; }
            };
            while let Some(delta) = deltas.next().await {
                match delta {
                    Ok(ChatDelta::Usage(one)) => add(&mut usage, &one),
                    Ok(delta) => if let Some(choice) = choice(index as u32, delta) {
                        yield frame(&Completion { choices: vec![choice], ..head.clone() });
                    },
                    Err(error) => { failed = Some(error); break 'prompts; }
                }
            }
        }
        if let Some(error) = failed {
            yield frame(&ApiError::from(error).body());
        } else if ending.with_usage {
            yield frame(&Completion { usage: Some(usage), ..head });
        }
        if ending.done {
            yield Event::default().data("[DONE]");
        }
    }
}

fn choice(index: u32, delta: ChatDelta) -> Option<CompletionChoice> {
    let choice = CompletionChoice { index, ..CompletionChoice::default() };
    match delta {
        ChatDelta::Text(text) => Some(CompletionChoice { text, ..choice }),
        ChatDelta::Finish(reason) => Some(CompletionChoice { finish_reason: Some(reason), ..choice }),
        ChatDelta::Beside(beside) => {
            let mut extra = beside.choice;
            let logprobs = extra.remove("logprobs");
            Some(CompletionChoice { logprobs, extra, ..choice })
        }
        ChatDelta::ToolCall { .. } | ChatDelta::Arguments { .. } | ChatDelta::Usage(_) => None,
    }
}

fn frame(body: &impl serde::Serialize) -> Event {
    Event::default().data(serde_json::to_string(body).unwrap_or_default())
}
