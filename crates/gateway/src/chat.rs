//! `POST /v1/chat/completions`, plain and streamed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::future::try_join_all;
use futures::{Stream, StreamExt};
use ports::inference::{ChatCall, ChatDelta};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::DropGuard;
use wire::openai::chat::{ChatCompletion, ChatRequest, ChunkChoice, Delta, FunctionDelta, Role, ToolCallDelta, Usage};

use crate::app::App;
use crate::choices::{self, Numbered};
use crate::completions::Taken;
use crate::errors::ApiError;
use crate::extract::{Body, Context, EndsWithDone};
use crate::sse;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    end: EndsWithDone,
    Body(mut request): Body<ChatRequest>,
) -> Result<Response, ApiError> {
    check(&request)?;
    let choices = choices::wanted(&mut request)?;
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let route = app.responder.registry.chat(&request.model, &cx).await?;
    request.model.clone_from(&route.model);
    let head = Head {
        id: app.responder.ids.fresh("chatcmpl"),
        created: app.responder.clock.unix_seconds(),
        model: route.full_id,
        usage: request.stream_options.as_ref().is_some_and(|options| options.include_usage),
    };
    let guard = cx.cancel.clone().drop_guard();
    let mut taken = Taken::new(&app, &request, head.completion(), &cx);
    if request.stream == Some(true) {
        let calls = calls(request, choices).map(|call| route.inference.chat(call, &cx));
        let deltas = choices::together(try_join_all(calls).await?);
        let deltas = deltas.inspect(move |(index, delta)| {
            if let Ok(delta) = delta {
                taken.delta(*index, delta);
            }
        });
        return Ok(sse::raw(frames(head, deltas.boxed(), choices, end, (running, guard))));
    }
    let calls = calls(request, choices).map(|call| route.inference.complete(call, &cx));
    let (choices, usage) = choices::counted(try_join_all(calls).await?);
    let completion = ChatCompletion { choices, usage: Some(usage), ..head.completion() };
    let answer = Json(&completion).into_response();
    taken.whole(completion);
    Ok(answer)
}

fn check(request: &ChatRequest) -> Result<(), ApiError> {
    if request.messages.is_empty() {
        return Err(ApiError::invalid("messages", "messages must hold at least one message"));
    }
    if request.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
        return Err(ApiError::invalid("temperature", "temperature must be between 0 and 2"));
    }
    if request.token_limit() == Some(0) {
        return Err(ApiError::invalid("max_tokens", "max_tokens must be at least 1"));
    }
    Ok(())
}

fn calls(request: ChatRequest, count: usize) -> impl Iterator<Item = ChatCall> {
    std::iter::repeat_n(ChatCall::from(request), count)
}

struct Head {
    id: String,
    created: i64,
    model: String,
    usage: bool,
}

/// [`wire::openai::chat::ChatChunk`] that owns nothing: there is one for every word.
#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChunkChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

impl Head {
    /// Without its choices.
    fn completion(&self) -> ChatCompletion {
        ChatCompletion {
            id: self.id.clone(),
            object: "chat.completion".into(),
            created: self.created,
            model: self.model.clone(),
            choices: Vec::new(),
            usage: None,
            extra: wire::JsonObject::new(),
        }
    }

    fn chunk(&self, choices: Vec<ChunkChoice>, usage: Option<Usage>) -> Event {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        Event::default().data(serde_json::to_string(&chunk).unwrap_or_default())
    }

    fn delta(&self, choice: u32, delta: ChatDelta) -> Option<Event> {
        let with = |delta| vec![ChunkChoice { index: choice, delta, ..ChunkChoice::default() }];
        let choices = match delta {
            ChatDelta::Text(text) => with(Delta { content: Some(text), ..Delta::default() }),
            ChatDelta::ToolCall { index, id, name } => with(call(ToolCallDelta {
                index,
                id: Some(id),
                kind: Some("function".into()),
                function: Some(FunctionDelta { name: Some(name), arguments: Some(String::new()) }),
            })),
            ChatDelta::Arguments { index, fragment } => with(call(ToolCallDelta {
                index,
                function: Some(FunctionDelta { name: None, arguments: Some(fragment) }),
                ..ToolCallDelta::default()
            })),
            ChatDelta::Beside(beside) => vec![ChunkChoice {
                index: choice,
                delta: Delta { extra: beside.delta, ..Delta::default() },
                extra: beside.choice,
                ..ChunkChoice::default()
            }],
            ChatDelta::Finish(reason) => {
                vec![ChunkChoice { index: choice, finish_reason: Some(reason), ..ChunkChoice::default() }]
            }
            ChatDelta::Usage(usage) if self.usage => return Some(self.chunk(Vec::new(), Some(usage))),
            ChatDelta::Usage(_) => return None,
        };
        Some(self.chunk(choices, None))
    }
}

fn call(call: ToolCallDelta) -> Delta {
    Delta { tool_calls: vec![call], ..Delta::default() }
}

/// The role of each choice first, then the deltas; an error becomes a last `error` frame. What is `held` lives as long as
/// the stream.
fn frames(
    head: Head,
    deltas: Numbered,
    choices: usize,
    end: EndsWithDone,
    held: (OwnedSemaphorePermit, DropGuard),
) -> impl Stream<Item = Event> + Send {
    let opened = (0_u32..).take(choices).map(|index| {
        let delta = Delta { role: Some(Role::Assistant), content: Some(String::new()), ..Delta::default() };
        head.chunk(vec![ChunkChoice { index, delta, ..ChunkChoice::default() }], None)
    });
    let opened: Vec<Event> = opened.collect();
    let body = deltas.filter_map(move |(choice, delta)| {
        let _held = &held;
        let frame = match delta {
            Ok(delta) => head.delta(choice, delta),
            Err(error) => {
                let body = ApiError::from(error).body();
                Some(Event::default().data(serde_json::to_string(&body).unwrap_or_default()))
            }
        };
        futures::future::ready(frame)
    });
    let done = end.0.then(|| Event::default().data("[DONE]"));
    futures::stream::iter(opened).chain(body).chain(futures::stream::iter(done))
}
