//! Turns: create, resume with the caller's tool results, read back.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use ports::CallContext;
use ports::access::Action;
use ports::agents::{Agent, AgentSession, StoredTurn};
use ports::context::AgentName;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use wire::llama::agents::{AgentTurn, Interleaved, LegacyTurn, ResumeTurn, ToolConfig, ToolResponse};
use wire::openai::chat::{ChatMessage, Role};
use wire::openai::items::Item;

use super::frames::Frames;
use super::sessions::{StepPath, TurnPath};
use super::turning::Turning;
use super::{agent, config, session};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::locks::Held;
use crate::turns::response_request;
use crate::{safety, toolset};

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((agent_id, session_id)): Path<(String, String)>,
    Body(turn): Body<AgentTurn>,
) -> Result<Response, ApiError> {
    if turn.messages.is_empty() {
        return Err(ApiError::invalid("messages", "messages must hold at least one message"));
    }
    let held = hold(&app, &session_id).await?;
    let (agent, session) = both(&app, &agent_id, &session_id, &cx).await?;
    let input = config::items(&turn.messages, turn.documents.as_deref().unwrap_or_default())?;
    let responder = &app.responder;
    let frames =
        Frames::new(app.fresh_uuid(), session_id, turn.messages, responder.clock.clone(), responder.ids.clone());
    let begun = Begun {
        frames,
        pending: VecDeque::new(),
        input,
        toolgroups: turn.toolgroups.unwrap_or_default(),
        tool_config: turn.tool_config,
        started_at: responder.clock.now().as_microsecond(),
    };
    answer(app, cx, agent, session, begun, turn.stream, held).await
}

pub async fn resume(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(path): Path<TurnPath>,
    Body(request): Body<ResumeTurn>,
) -> Result<Response, ApiError> {
    let held = hold(&app, &path.session_id).await?;
    let (agent, session) = both(&app, &path.agent_id, &path.session_id, &cx).await?;
    let stored = stored(&app, &path.session_id, &path.turn_id, &cx).await?;
    if !stored.awaiting {
        let id = &path.turn_id;
        return Err(ApiError::invalid("turn_id", format!("Invalid value: Turn {id} does not wait for tool results")));
    }
    let input = outputs(&stored.turn, &request.tool_responses)?;
    let responder = &app.responder;
    let (clock, ids) = (responder.clock.clone(), responder.ids.clone());
    let (frames, told) = Frames::resumed(stored.turn, request.tool_responses, clock, ids);
    let begun = Begun {
        frames,
        pending: VecDeque::from([told]),
        input,
        toolgroups: stored.toolgroups,
        tool_config: None,
        started_at: stored.started_at,
    };
    answer(app, cx, agent, session, begun, request.stream, held).await
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(path): Path<TurnPath>,
) -> Result<Json<LegacyTurn>, ApiError> {
    session(&app, &path.agent_id, &path.session_id, cx.caller.as_deref()).await?;
    Ok(Json(stored(&app, &path.session_id, &path.turn_id, &cx).await?.turn))
}

pub async fn step(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(path): Path<StepPath>,
) -> Result<Json<Value>, ApiError> {
    session(&app, &path.agent_id, &path.session_id, cx.caller.as_deref()).await?;
    let turn = stored(&app, &path.session_id, &path.turn_id, &cx).await?.turn;
    let step = turn.steps.into_iter().find(|step| step.step_id == path.step_id);
    let step =
        step.ok_or_else(|| ApiError::invalid("step_id", format!("Invalid value: Step {} not found", path.step_id)))?;
    Ok(Json(json!({"step": step})))
}

/// What a turn starts from.
struct Begun {
    frames: Frames,
    pending: VecDeque<Value>,
    input: Vec<Item>,
    /// Of this turn, beside the agent's own.
    toolgroups: Vec<Value>,
    tool_config: Option<ToolConfig>,
    started_at: i64,
}

async fn answer(
    app: Arc<App>,
    mut cx: CallContext,
    agent: Agent,
    session: AgentSession,
    begun: Begun,
    streamed: Option<bool>,
    held: (Held, OwnedSemaphorePermit),
) -> Result<Response, ApiError> {
    cx.agent = Some(AgentName { id: agent.id.as_str().into(), name: agent.config.name.as_deref().map(Into::into) });
    cx.conversation = Some(session.id.as_str().into());
    let model = agent.config.model.clone().unwrap_or_default();
    let mut request = response_request(model, begun.input.clone());
    let groups: Vec<Value> = agent.config.toolgroups.iter().chain(&begun.toolgroups).cloned().collect();
    request.tools = toolset::tools(&app, &groups, cx.caller.as_deref()).await?;
    config::apply(&agent.config, begun.tool_config.as_ref(), &mut request);
    request.previous_response_id = session.last_response_id.clone();
    let mut frames = begun.frames;
    let mut pending = begun.pending;
    let words = shielded_words(&begun.input);
    let mut refusal = None;
    for shield in &agent.config.input_shields {
        let violation = safety::run(&app, shield, &[ChatMessage::text(Role::User, words.as_str())], &cx).await?;
        pending.extend(frames.shield(violation.as_ref().map(safety::shown)));
        if let Some(violation) = violation {
            refusal = Some(violation.user_message);
            break;
        }
    }
    let shield_cx = cx.clone();
    let events = match refusal {
        None => app.responder.start(request, cx).await?.events,
        Some(_) => futures::stream::empty().boxed(),
    };
    let mut turning = Turning {
        app,
        session,
        frames,
        events,
        pending,
        output_shields: agent.config.output_shields,
        cx: shield_cx,
        toolgroups: begun.toolgroups,
        started_at: begun.started_at,
        outcome: None,
        _held: held,
    };
    if let Some(words) = refusal {
        turning.refuse(words).await;
    }
    match streamed {
        Some(true) => Ok(crate::sse::stream(turning.stream(), |_| None)),
        _ => Ok(Json(turning.finished().await?).into_response()),
    }
}

/// What the user says in this turn, documents and tool results included, as shields read it.
fn shielded_words(input: &[Item]) -> String {
    let words = input.iter().filter_map(|item| match item {
        Item::Message(message) => Some(message.plain_text()),
        Item::FunctionCallOutput(output) => Some(output.text()),
        _ => None,
    });
    words.collect::<Vec<_>>().join("\n")
}

async fn hold(app: &App, session_id: &str) -> Result<(Held, OwnedSemaphorePermit), ApiError> {
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    Ok((app.turns.hold(session_id).await, running))
}

async fn both(app: &App, agent_id: &str, id: &str, cx: &CallContext) -> Result<(Agent, AgentSession), ApiError> {
    let owner = cx.caller.as_deref();
    let (agent, session) = (agent(app, agent_id, owner).await?, session(app, agent_id, id, owner).await?);
    app.responder.permit(Action::Update, &session, owner)?;
    Ok((agent, session))
}

async fn stored(app: &App, session_id: &str, id: &str, cx: &CallContext) -> Result<StoredTurn, ApiError> {
    let found = app.stores.agents.turn(session_id, id, cx.caller.as_deref()).await?;
    found.ok_or_else(|| ApiError::invalid("turn_id", format!("Invalid value: Turn {id} not found")))
}

/// The results as items; each must answer a call of the turn.
fn outputs(turn: &LegacyTurn, responses: &[ToolResponse]) -> Result<Vec<Item>, ApiError> {
    if responses.is_empty() {
        return Err(ApiError::invalid("tool_responses", "tool_responses must hold at least one result"));
    }
    let owed = &turn.output_message.tool_calls;
    let output = |(at, response): (usize, &ToolResponse)| {
        if !owed.iter().any(|call| call.call_id == response.call_id) {
            let field = format!("tool_responses[{at}].call_id");
            return Err(ApiError::invalid(
                &field,
                format!("{field}: the turn waits for no call '{}'", response.call_id),
            ));
        }
        let content: Option<Interleaved> = serde_json::from_value(response.content.clone()).ok();
        let text = content.map(|content| content.plain_text()).filter(|text| !text.is_empty());
        Ok(config::output(response.call_id.clone(), text.unwrap_or_else(|| response.content.to_string())))
    };
    responses.iter().enumerate().map(output).collect()
}
