//! The migration document's two routes: make an agent session, run a turn in it. A turn is a response underneath.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use ports::CallContext;
use ports::access::Action;
use ports::context::AgentName;
use ports::sessions::{Session, SessionTool};
use serde_json::{Value, json};
use wire::llama::turns::{AgentConfig, CreateSession, CreateTurn, TurnMessage};
use wire::openai::chat::{Content, Role};
use wire::openai::events::EventKind;
use wire::openai::items::{Item, MessageContent, MessageItem, MessagePart};
use wire::openai::responses::{ResponseInput, ResponseObject, ResponseRequest, ResponseStatus};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::responses::finished;
use crate::{sse, toolset};

pub async fn create_session(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CreateSession>,
) -> Result<Json<Value>, ApiError> {
    let name = request.session_name.clone().unwrap_or_else(|| "session".into());
    let agent_id = request.agent_id.unwrap_or_else(|| app.responder.ids.fresh("agent"));
    let id = app.responder.ids.fresh("session");
    let session = session(&app, id, agent_id, name, request.agent_config.unwrap_or_default(), &cx)?;
    app.sessions.put_session(&session).await?;
    Ok(Json(json!({"session_id": session.id, "agent_id": session.agent_id, "session_name": session.name})))
}

pub async fn create_turn(
    State(app): State<Arc<App>>,
    Context(mut cx): Context,
    Body(turn): Body<CreateTurn>,
) -> Result<Response, ApiError> {
    if turn.messages.is_empty() {
        return Err(ApiError::invalid("messages", "messages must hold at least one message"));
    }
    let running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    // Callers choose these ids: the same one is another session, and another queue, for each owner.
    let session = known_session(&app, &turn.session_id, &cx).await?;
    let owner = session.owner.as_ref().map_or("", |owner| owner.id.as_str());
    let held = app.turns.hold(&format!("{owner}\n{}", turn.session_id)).await;
    let mut session = known_session(&app, &turn.session_id, &cx).await?;
    app.responder.permit(Action::Update, &session, cx.caller.as_deref())?;
    cx.agent = Some(AgentName { id: session.agent_id.as_str().into(), name: None });
    cx.conversation = Some(session.id.as_str().into());
    let started_at = app.responder.clock.now();
    let turn_id = app.responder.ids.fresh("turn");
    let request = session_request(&app, &session, &turn.messages)?;
    let events = app.responder.start(request, cx).await?.events;
    let session_app = app.clone();
    let close = move |response: &ResponseObject| {
        session.last_response_id = Some(response.id.clone());
        let input = serde_json::to_value(&turn.messages).unwrap_or_default();
        (
            session,
            turn_object(&turn_id, &turn.session_id, input, response, started_at, session_app.responder.clock.now()),
        )
    };
    if turn.stream != Some(true) {
        let response = finished(events).await?;
        let (session, body) = close(&response);
        app.sessions.put_session(&session).await?;
        drop(held);
        return Ok(Json(body).into_response());
    }
    let mut close = Some(close);
    let frames = events.filter_map(move |event| {
        let _held = (&running, &held);
        let ended = engine::respond::last_response(event.clone()).and_then(|response| Some((close.take()?, response)));
        let app = app.clone();
        async move {
            let Some((close, response)) = ended else { return step_event(event.kind) };
            let (session, turn) = close(&response);
            if let Err(error) = app.sessions.put_session(&session).await {
                tracing::error!(session = %session.id, %error, "session not stored");
            }
            Some(json!({"event": {"payload": {"event_type": "turn_complete", "turn": turn}}}))
        }
    });
    Ok(sse::stream(frames, |_| None))
}

async fn known_session(app: &App, id: &str, cx: &CallContext) -> Result<Session, ApiError> {
    if let Some(session) = app.sessions.session(id, cx.caller.as_deref()).await? {
        return Ok(session);
    }
    if !app.edge.create_unknown_sessions {
        return Err(ApiError::not_found(format!("Session '{id}' not found.")));
    }
    let agent_id = app.responder.ids.fresh("agent");
    session(app, id.to_owned(), agent_id, id.to_owned(), AgentConfig::default(), cx)
}

fn session(
    app: &App,
    id: String,
    agent_id: String,
    name: String,
    config: AgentConfig,
    cx: &CallContext,
) -> Result<Session, ApiError> {
    let model = config.model.clone().or_else(|| app.edge.default_model.clone()).ok_or_else(|| {
        ApiError::invalid("agent_config.model", "agent_config.model must name a model: no default model is configured")
    })?;
    Ok(Session {
        id,
        agent_id,
        name,
        model,
        instructions: config.instructions.clone().or_else(|| app.edge.default_instructions.clone()),
        tools: session_tools(app, &config, cx)?,
        max_infer_iters: config.max_infer_iters,
        last_response_id: None,
        started_at: app.responder.clock.unix_seconds(),
        owner: cx.caller.clone(),
    })
}

/// `tools: [{type: mcp, mcp_server, tool_name}]` and `toolgroups: ["mcp::server", "mcp::server/tool"]` both name
/// configured servers; with neither, the session may use all of them.
fn session_tools(app: &App, config: &AgentConfig, cx: &CallContext) -> Result<Vec<SessionTool>, ApiError> {
    let listed = config.extra.get("tools").and_then(Value::as_array);
    let named: Vec<(String, Option<String>)> = match (listed, &config.toolgroups) {
        (Some(tools), _) => tools.iter().filter_map(seed_tool).collect(),
        (None, Some(groups)) => groups.iter().filter_map(toolset::named).collect(),
        (None, None) => {
            let (policy, caller) = (app.responder.registry.policy(), cx.caller.as_deref());
            let open = app.responder.connectors.keys().filter(|label| policy.opens_connector(caller, label));
            open.map(|label| (label.clone(), None)).collect()
        }
    };
    let mut tools: Vec<SessionTool> = Vec::new();
    for (server, tool) in named {
        let label = connector(app, &server)?;
        let at = tools.iter().position(|known| known.server_label == label).unwrap_or_else(|| {
            tools.push(SessionTool { server_label: label, allowed: tool.is_some().then(Vec::new) });
            tools.len() - 1
        });
        match (&mut tools[at].allowed, tool) {
            (Some(allowed), Some(tool)) => allowed.push(tool),
            (allowed, None) => *allowed = None,
            (None, Some(_)) => {}
        }
    }
    tools.sort_by(|a, b| a.server_label.cmp(&b.server_label));
    Ok(tools)
}

fn seed_tool(tool: &Value) -> Option<(String, Option<String>)> {
    let server = tool.get("mcp_server").or_else(|| tool.get("server_label"))?.as_str()?.to_owned();
    Some((server, tool.get("tool_name").and_then(Value::as_str).map(str::to_owned)))
}

fn connector(app: &App, server: &str) -> Result<String, ApiError> {
    toolset::connector(app, server).ok_or_else(|| {
        let mut names: Vec<&str> = app.responder.connectors.keys().map(String::as_str).collect();
        names.sort_unstable();
        ApiError::invalid(
            "agent_config.tools",
            format!("no tool server '{server}' is registered; the servers are: {}", names.join(", ")),
        )
    })
}

fn session_request(app: &App, session: &Session, messages: &[TurnMessage]) -> Result<ResponseRequest, ApiError> {
    let tools = session.tools.iter().filter_map(|tool| {
        let server = app.responder.connectors.get(&tool.server_label)?;
        Some(toolset::configured(&tool.server_label, server, tool.allowed.clone()))
    });
    let input = messages.iter().enumerate().map(|(index, message)| item(index, message)).collect::<Result<_, _>>()?;
    Ok(ResponseRequest {
        instructions: session.instructions.clone(),
        tools: tools.collect(),
        previous_response_id: session.last_response_id.clone(),
        temperature: Some(0.0),
        max_infer_iters: session.max_infer_iters,
        ..response_request(session.model.clone(), input)
    })
}

/// A stored response to `input`, with nothing else said.
pub fn response_request(model: String, input: Vec<Item>) -> ResponseRequest {
    ResponseRequest { model, input: ResponseInput::Items(input), store: Some(true), ..ResponseRequest::default() }
}

fn item(index: usize, message: &TurnMessage) -> Result<Item, ApiError> {
    let role = match message.role.as_str() {
        "user" => Role::User,
        "system" => Role::System,
        "assistant" => Role::Assistant,
        other => {
            let field = format!("messages[{index}].role");
            return Err(ApiError::invalid(&field, format!("{field}: '{other}' is not user, system or assistant")));
        }
    };
    let content = match &message.content {
        Content::Text(text) => MessageContent::Text(text.clone()),
        Content::Parts(parts) => MessageContent::Parts(
            parts
                .iter()
                .filter_map(|part| part.text.clone())
                .map(|text| MessagePart { kind: "input_text".into(), text: Some(text), ..MessagePart::default() })
                .collect(),
        ),
    };
    Ok(Item::Message(MessageItem { role, content, ..MessageItem::default() }))
}

/// A finished piece of work as a `step_complete` event; everything else of the stream is left out.
fn step_event(kind: EventKind) -> Option<Value> {
    let EventKind::ItemDone { item, .. } = kind else { return None };
    let details = step(&item)?;
    let kind = details.get("step_type").cloned().unwrap_or_default();
    let payload = json!({"event_type": "step_complete", "step_type": kind, "step_id": details.get("step_id"), "step_details": details});
    Some(json!({"event": {"payload": payload}}))
}

fn step(item: &Item) -> Option<Value> {
    match item {
        Item::McpCall(call) => {
            let tool_call = json!({"call_id": call.id, "tool_name": call.name, "arguments": call.arguments});
            let content = call.output.as_ref().or(call.error.as_ref());
            Some(json!({
                "step_type": "tool_execution", "step_id": call.id, "tool_calls": [tool_call],
                "tool_responses": [{"call_id": call.id, "tool_name": call.name, "content": content, "metadata": {"error": call.error}}],
            }))
        }
        Item::Message(message) => Some(json!({
            "step_type": "inference", "step_id": message.id,
            "model_response": {"role": "assistant", "content": message.plain_text(), "stop_reason": "end_of_turn", "tool_calls": []},
        })),
        _ => None,
    }
}

fn turn_object(
    turn_id: &str,
    session_id: &str,
    input_messages: Value,
    response: &ResponseObject,
    started_at: jiff::Timestamp,
    completed_at: jiff::Timestamp,
) -> Value {
    let steps: Vec<Value> = response.output.iter().filter_map(step).collect();
    let status = serde_json::to_value(response.status).unwrap_or_default();
    let stop = if response.status == ResponseStatus::Incomplete { "out_of_tokens" } else { "end_of_turn" };
    json!({
        "turn_id": turn_id, "session_id": session_id, "response_id": response.id,
        "input_messages": input_messages, "steps": steps,
        "output_message": {"role": "assistant", "content": response.output_text(), "stop_reason": stop, "tool_calls": []},
        "output_text": response.output_text(), "output_attachments": [],
        "status": status, "error": response.error,
        "started_at": started_at.to_string(), "completed_at": completed_at.to_string(),
    })
}
