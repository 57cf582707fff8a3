//! Answers a response request: checks it, gathers its tools, runs it, stores what came of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures::stream::BoxStream;
use ports::responses::{Responses, StoredResponse};
use ports::tools::{Place, ToolServer, ToolServers, ToolSource};
use ports::{CallContext, Clock, Ids};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;
use wire::openai::chat::{ChatRequest, NamedSchema, ResponseFormat, ToolChoice, ToolMode};
use wire::openai::events::ResponseEvent;
use wire::openai::items::Item;
use wire::openai::responses::ResponseRequest;
use wire::openai::tools::McpTool;

use crate::driver::{Driver, Gone};
use crate::event::{CallRef, Outcome, RunEvent};
use crate::grounding::Conversation;
use crate::history;
use crate::limits::Limits;
use crate::recorder::Recorder;
use crate::registry::{ChatRoute, Registry};
use crate::request::{Asked, RequestError, check, input_items, invalid};
use crate::run::{Rules, Run, opening};
use crate::toolbox::{Toolbox, allowed};

/// Events waiting for a slow reader before the run waits with them.
const EVENTS_AHEAD: usize = 64;

/// Tool servers of the configuration, by label: connectors that a request may name instead of a URL.
pub type Connectors = HashMap<String, ToolServer>;

pub struct Responder {
    pub registry: Arc<Registry>,
    pub servers: Arc<dyn ToolServers>,
    pub connectors: Connectors,
    pub responses: Arc<dyn Responses>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
}

/// A response under way. Dropping it stops the work.
pub struct Started {
    pub events: BoxStream<'static, ResponseEvent>,
}

/// All that one run needs, checked.
struct Prepared {
    request: ResponseRequest,
    route: ChatRoute,
    input: Vec<Item>,
    history: Vec<Item>,
    asked: Asked,
}

impl Responder {
    /// Checks `request` and starts it. Every refusal comes before the first event; from then on what goes wrong ends
    /// the response as `failed`.
    pub async fn start(self: &Arc<Self>, request: ResponseRequest, cx: CallContext) -> Result<Started, RequestError> {
        let prepared = self.prepare(request, &cx).await?;
        let mut recorder = Recorder::new(
            &prepared.request,
            &prepared.route.full_id,
            self.limits.stored_output,
            self.clock.clone(),
            self.ids.clone(),
        );
        let (sender, receiver) = mpsc::channel(EVENTS_AHEAD);
        let (input, history) = (prepared.input.clone(), prepared.history.clone());
        let owner = cx.caller.clone();
        let stop = cx.cancel.clone().drop_guard();
        let limit = cx.left().min(self.limits.run_time);
        let responder = self.clone();
        tokio::spawn(async move {
            let told = sender.clone();
            tokio::select! {
                outcome = tokio::time::timeout(limit, responder.run(prepared, cx, sender)) => if outcome.is_err() {
                    let message = format!("the response took longer than {} seconds", limit.as_secs());
                    let failed = Outcome::Failed { code: "timeout".into(), message };
                    told.send(RunEvent::Finished(failed)).await.ok();
                },
                () = told.closed() => {}
            }
        });
        let pending = recorder.opened().into();
        let keep = Keep { input, history, owner, responder: self.clone() };
        let state = Recording { recorder, receiver, pending, keep, ended: false, _stop: stop };
        Ok(Started { events: Box::pin(futures::stream::unfold(state, Recording::next)) })
    }

    async fn prepare(&self, request: ResponseRequest, cx: &CallContext) -> Result<Prepared, RequestError> {
        let asked = check(&request, &self.limits)?;
        let history = self.earlier(request.previous_response_id.as_deref(), cx).await?;
        let route = self.registry.chat(&request.model, cx).await?;
        let input = input_items(request.input.clone(), self.ids.as_ref());
        if input.is_empty() {
            return Err(invalid("input", "input must hold at least one item"));
        }
        Ok(Prepared { request, route, input, history, asked })
    }

    /// Everything said before the response that this one continues, and in it.
    async fn earlier(&self, id: Option<&str>, cx: &CallContext) -> Result<Vec<Item>, RequestError> {
        let Some(id) = id else { return Ok(Vec::new()) };
        let Some(stored) = self.responses.get(id, cx.caller.as_deref()).await? else {
            return Err(RequestError::NotFound {
                param: "previous_response_id".into(),
                message: format!(
                    "Response '{id}' not found. Use 'client.responses.list()' to list available Responses."
                ),
            });
        };
        let mut items = stored.history;
        items.extend(stored.input);
        items.extend(stored.response.output);
        Ok(items)
    }

    async fn run(&self, prepared: Prepared, cx: CallContext, events: mpsc::Sender<RunEvent>) -> Result<(), Gone> {
        let Prepared { request, route, input, history, asked } = prepared;
        let mut items = history;
        items.extend(input);
        let (toolbox, sources) = self.gather(asked, &cx, &events).await?;
        let template = template(&request);
        let rules = Rules {
            iterations: request.max_infer_iters.unwrap_or(self.limits.iterations).min(self.limits.iterations.max(64)),
            tool_calls: request.max_tool_calls.unwrap_or(self.limits.tool_calls).min(self.limits.tool_calls),
            output_budget: route.traits.output_budget,
            grounded: route.traits.grounded,
            parallel: route.traits.parallel && request.parallel_tool_calls.unwrap_or(true),
        };
        let messages = opening(request.instructions.as_deref(), history::messages(&items, rules.output_budget));
        let conversation = Conversation::from_items(request.instructions.as_deref(), &items);
        let run = Run::new(messages, conversation, toolbox, rules, approved(&items));
        Driver { route, sources, template, limits: self.limits.clone(), cx, events }.drive(run).await
    }

    /// Opens the tool servers at once and lists them in the order asked. A server that cannot be asked is reported;
    /// the run goes on with the others.
    async fn gather(
        &self,
        asked: Asked,
        cx: &CallContext,
        events: &mpsc::Sender<RunEvent>,
    ) -> Result<(Toolbox, HashMap<String, Arc<dyn ToolSource>>), Gone> {
        let mut toolbox = asked.functions;
        let mut sources = HashMap::new();
        let listing = asked.servers.iter().map(|server| async move {
            let mut place = self.place(server)?;
            crate::mcp_headers::add(&mut place, &cx.provider_data);
            let source = self.servers.open(&place, cx).await.map_err(|error| error.to_string())?;
            let defs = source.list(cx).await.map_err(|error| error.to_string())?;
            Ok::<_, String>((source, allowed(defs, server.allowed_tools.as_ref())))
        });
        let listed = futures::future::join_all(listing).await;
        for (server, outcome) in asked.servers.iter().zip(listed) {
            let label = server.server_label.clone();
            events.send(RunEvent::ListingTools { label: label.clone() }).await.map_err(|_| Gone)?;
            let event = match outcome {
                Ok((source, mut defs)) => {
                    defs.iter_mut().for_each(|def| def.server_label.clone_from(&label));
                    defs.truncate(self.limits.tools.saturating_sub(toolbox.len()));
                    toolbox.add_server(&defs, server.require_approval.as_ref());
                    sources.insert(label.clone(), source);
                    RunEvent::ListedTools { label, tools: defs }
                }
                Err(error) => RunEvent::ListingFailed { label, error },
            };
            events.send(event).await.map_err(|_| Gone)?;
        }
        Ok((toolbox, sources))
    }

    /// Where a request's tool server is: a connector of the configuration, or the URL given.
    fn place(&self, server: &McpTool) -> Result<ToolServer, String> {
        let headers = server.headers.clone().unwrap_or_default();
        let connector = match (&server.connector_id, &server.server_url) {
            (Some(id), _) => {
                let known = self.connectors.get(id);
                Some(known.ok_or_else(|| format!("no connector '{id}' is configured"))?)
            }
            (None, Some(url)) => self
                .connectors
                .values()
                .find(|known| matches!(&known.place, Place::Http { url: configured, .. } if configured == url)),
            (None, None) => None,
        };
        let label = server.server_label.clone();
        let place = match connector.map(|known| &known.place) {
            Some(Place::Http { url, headers: own, authorization }) => {
                let mut all = own.clone();
                all.extend(headers);
                let authorization = server.authorization.clone().or_else(|| authorization.clone());
                Place::Http { url: url.clone(), headers: all, authorization }
            }
            Some(stdio) => stdio.clone(),
            None => Place::Http {
                url: server.server_url.clone().unwrap_or_default(),
                headers,
                authorization: server.authorization.clone(),
            },
        };
        Ok(ToolServer { label, place, configured: connector.is_some() })
    }
}

/// What to store a finished response with.
struct Keep {
    input: Vec<Item>,
    history: Vec<Item>,
    owner: Option<String>,
    responder: Arc<Responder>,
}

/// The stream's state: a run on one side, its rendering on the other.
struct Recording {
    recorder: Recorder,
    receiver: mpsc::Receiver<RunEvent>,
    pending: VecDeque<ResponseEvent>,
    keep: Keep,
    ended: bool,
    _stop: DropGuard,
}

impl Recording {
    async fn next(mut self) -> Option<(ResponseEvent, Self)> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some((event, self));
            }
            if self.ended {
                return None;
            }
            let event = self.receiver.recv().await.unwrap_or_else(|| {
                let message = "the run ended without an outcome".into();
                RunEvent::Finished(Outcome::Failed { code: "server_error".into(), message })
            });
            self.ended = matches!(event, RunEvent::Finished(_));
            let rendered = self.recorder.record(event);
            if self.ended {
                self.store().await;
            }
            self.pending.extend(rendered);
        }
    }

    /// Durable before the caller hears that it is over. A store that fails costs the record, not the answer.
    async fn store(&self) {
        let response = self.recorder.response();
        if !response.store {
            return;
        }
        let stored = StoredResponse {
            response: response.clone(),
            input: self.keep.input.clone(),
            history: self.keep.history.clone(),
            owner: self.keep.owner.clone(),
        };
        if let Err(error) = self.keep.responder.responses.put(&stored).await {
            tracing::error!(response = %response.id, %error, "response not stored");
        }
    }
}

/// The fields that every question of a run to the model shares.
fn template(request: &ResponseRequest) -> ChatRequest {
    let tool_choice = request.tool_choice.as_ref().and_then(|choice| match choice {
        Value::String(mode) => {
            serde_json::from_value::<ToolMode>(Value::String(mode.clone())).ok().map(ToolChoice::Mode)
        }
        Value::Object(choice) if choice.get("type").is_some_and(|kind| kind == "function" || kind == "mcp") => {
            let name = choice.get("name")?.as_str()?.to_owned();
            let function = wire::openai::chat::ChosenFunction { name };
            Some(ToolChoice::Named { kind: "function".into(), function })
        }
        _ => None,
    });
    ChatRequest {
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: request.max_output_tokens,
        tool_choice: tool_choice.filter(|_| !request.tools.is_empty()),
        response_format: request.text.as_ref().and_then(response_format),
        ..ChatRequest::default()
    }
}

/// `text.format` of a response as `response_format` of a chat.
fn response_format(text: &Value) -> Option<ResponseFormat> {
    let format = text.get("format")?;
    match format.get("type")?.as_str()? {
        "json_object" => Some(ResponseFormat::JsonObject),
        "json_schema" => Some(ResponseFormat::JsonSchema {
            json_schema: NamedSchema {
                name: format.get("name").and_then(Value::as_str).unwrap_or("answer").to_owned(),
                schema: format.get("schema").cloned(),
                extra: wire::JsonObject::new(),
            },
        }),
        _ => None,
    }
}

/// Calls that the newest items allow, and that have not been run since.
fn approved(items: &[Item]) -> Vec<CallRef> {
    let already = |request: &str| {
        items
            .iter()
            .any(|item| matches!(item, Item::McpCall(call) if call.approval_request_id.as_deref() == Some(request)))
    };
    let asked = |id: &str| {
        items.iter().find_map(|item| match item {
            Item::McpApprovalRequest(request) if request.id == id => Some(request),
            _ => None,
        })
    };
    let allowed = items.iter().filter_map(|item| match item {
        Item::McpApprovalResponse(answer) if answer.approve && !already(&answer.approval_request_id) => {
            asked(&answer.approval_request_id)
        }
        _ => None,
    });
    allowed
        .map(|request| CallRef {
            id: format!("call_{}", request.id),
            label: request.server_label.clone(),
            tool: request.name.clone(),
            arguments: request.arguments.clone(),
            approved_by: Some(request.id.clone()),
        })
        .collect()
}

/// The response as it stood when the stream ended; `None` if it never did.
pub fn last_response(event: ResponseEvent) -> Option<wire::openai::responses::ResponseObject> {
    use wire::openai::events::EventKind;
    match event.kind {
        EventKind::Completed { response } | EventKind::Incomplete { response } | EventKind::Failed { response } => {
            Some(*response)
        }
        _ => None,
    }
}
