//! Answers a response request: checks it, gathers its tools, runs it, stores what came of it.

use std::collections::HashMap;
use std::sync::Arc;

use futures::stream::BoxStream;
use ports::access::{Action, Owned, Principal};
use ports::conversations::{Conversations, MOST_ITEMS};
use ports::prompts::Prompts;
use ports::responses::{Responses, StoreError, StoredResponse};
use ports::tools::{ToolDef, ToolServer, ToolServers};
use ports::{CallContext, Clock, Ids};
use tokio::sync::mpsc;
use tracing::Instrument;
use wire::openai::events::ResponseEvent;
use wire::openai::items::Item;
use wire::openai::responses::{ResponseObject, ResponseRequest};

use crate::asking::{approved, refused, template};
use crate::background::Background;
use crate::choice::Choice;
use crate::compaction::readable;
use crate::continuing::answers_something;
use crate::driver::{Driver, Gone};
use crate::event::{Outcome, RunEvent};
use crate::grounding::Conversation;
use crate::limits::Limits;
use crate::options::{Options, Truncation};
use crate::own::{Attachments, Guard, Own};
use crate::prompt::{self, Filled};
use crate::recorder::Recorder;
use crate::recording::{Keep, Recording, Refusal};
use crate::registry::{ChatRoute, Registry};
use crate::request::{Asked, RequestError, check, input_items, invalid};
use crate::run::{Rules, Run, opening};
use crate::telemetry::{self, Counted, Gauges};
use crate::{history, images, truncate};

/// Events waiting for a slow reader before the run waits with them.
const EVENTS_AHEAD: usize = 64;

/// Tokens left free for the answer when the request sets no limit and old items are left out to make room.
const ANSWER_TOKENS: u32 = 1_024;

/// Tool servers of the configuration, by label: connectors that a request may name instead of a URL.
pub type Connectors = HashMap<String, ToolServer>;

pub struct Responder {
    pub registry: Arc<Registry>,
    pub servers: Arc<dyn ToolServers>,
    pub connectors: Connectors,
    pub responses: Arc<dyn Responses>,
    pub conversations: Arc<dyn Conversations>,
    pub prompts: Arc<dyn Prompts>,
    pub own: Own,
    pub background: Background,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
}

/// A response under way. Dropping it stops the work.
pub struct Started {
    pub events: BoxStream<'static, ResponseEvent>,
}

/// All that one run needs, checked.
pub(crate) struct Prepared {
    pub request: ResponseRequest,
    pub options: Options,
    pub choice: Option<Choice>,
    pub route: ChatRoute,
    pub input: Vec<Item>,
    pub history: Vec<Item>,
    pub asked: Asked,
    /// The tool lists of the response that this one continues, by server label.
    pub listed: HashMap<String, Vec<ToolDef>>,
    pub filled: Filled,
    pub attachments: Attachments,
    pub guard: Option<Guard>,
}

impl Responder {
    /// Checks `request` and starts it. Every refusal comes before the first event; from then on what goes wrong ends
    /// the response as `failed`.
    pub async fn start(self: &Arc<Self>, request: ResponseRequest, cx: CallContext) -> Result<Started, RequestError> {
        let recording = self.begin(request, cx, None).await?;
        let events = futures::stream::unfold(recording, |mut recording| async move {
            let event = recording.next().await?;
            Some((event, recording))
        });
        Ok(Started { events: Box::pin(events) })
    }

    /// The whole response at once. Other than in a stream, a tool server that cannot be asked is an error.
    pub async fn answer(
        self: &Arc<Self>,
        request: ResponseRequest,
        cx: CallContext,
    ) -> Result<ResponseObject, RequestError> {
        self.prepared(request, cx, None).await?.whole().await
    }

    /// One response under way, for callers who keep its record themselves. `known` is one they have kept: it may be
    /// continued though it was never stored.
    pub async fn begin(
        self: &Arc<Self>,
        request: ResponseRequest,
        cx: CallContext,
        known: Option<&StoredResponse>,
    ) -> Result<Recording, RequestError> {
        Ok(self.prepared(request, cx, known).await?.set_off())
    }

    async fn prepared(
        self: &Arc<Self>,
        request: ResponseRequest,
        cx: CallContext,
        known: Option<&StoredResponse>,
    ) -> Result<Recording, RequestError> {
        let prepared = self.prepare(request, &cx, known).await?;
        let mut recorder = self.recorder(&prepared);
        let opened = recorder.opened();
        let keep = self.keep(&prepared, &cx, false);
        Ok(self.clone().record(prepared, recorder, opened, keep, cx))
    }

    pub(crate) fn recorder(&self, prepared: &Prepared) -> Recorder {
        Recorder::new(
            &prepared.request,
            &prepared.options,
            &prepared.route.full_id,
            self.limits.stored_output,
            self.clock.clone(),
            self.ids.clone(),
        )
        .knowing(&prepared.history)
    }

    pub(crate) fn keep(self: &Arc<Self>, prepared: &Prepared, cx: &CallContext, background: bool) -> Keep {
        Keep {
            input: prepared.input.clone(),
            history: prepared.history.clone(),
            owner: cx.caller.clone(),
            conversation: prepared.options.conversation.clone(),
            background,
            responder: self.clone(),
        }
    }

    /// The run and who listens to it; dropping the recording stops it.
    pub(crate) fn record(
        self: Arc<Self>,
        prepared: Prepared,
        recorder: Recorder,
        opened: Vec<ResponseEvent>,
        keep: Keep,
        mut cx: CallContext,
    ) -> Recording {
        let (sender, receiver) = mpsc::channel(EVENTS_AHEAD);
        if let Some(conversation) = &prepared.options.conversation {
            cx.conversation = Some(conversation.as_str().into());
        }
        let span = telemetry::agent_span(&prepared.route.model, &recorder.response().id, &cx);
        cx.trace = span.trace().clone();
        let stop = cx.cancel.clone().drop_guard();
        let limit = cx.left().min(self.limits.run_time);
        let refusal = Refusal::default();
        let told_why = refusal.clone();
        let work = async move {
            let _counted = Counted::in_(&Gauges::get().running);
            let told = sender.clone();
            tokio::select! {
                outcome = tokio::time::timeout(limit, self.run(prepared, cx, sender, told_why)) => if outcome.is_err() {
                    let message = format!("the response took longer than {} seconds", limit.as_secs());
                    let failed = Outcome::Failed { code: "timeout".into(), message };
                    told.send(RunEvent::Finished(failed)).await.ok();
                },
                () = told.closed() => {}
            }
        };
        // Its log lines carry the trace of the request.
        let work = Box::pin(work.in_current_span());
        Recording::new(recorder, opened, keep, refusal, (work, receiver), (stop, span))
    }

    /// `known` is a response that the caller may continue though it is not stored.
    pub(crate) async fn prepare(
        &self,
        request: ResponseRequest,
        cx: &CallContext,
        known: Option<&StoredResponse>,
    ) -> Result<Prepared, RequestError> {
        let asked = check(&request, &self.limits)?;
        let options = Options::read(&request)?;
        let choice = Choice::read(&request)?;
        for server in &asked.servers {
            self.check_connector(server, cx)?;
        }
        self.check_searches(&asked, cx).await?;
        let guard = self.guard(&options, cx).await?;
        let (history, listed) = match (&request.previous_response_id, &options.conversation) {
            (Some(id), _) => self.earlier(id, &asked, cx, known).await?,
            (None, Some(id)) => (self.said(id, cx).await?, HashMap::new()),
            (None, None) => (Vec::new(), HashMap::new()),
        };
        let filled = match &options.prompt {
            Some(prompt) => prompt::fill(prompt, self.prompts.as_ref(), cx).await?,
            None => Filled::default(),
        };
        let route = self.registry.chat(&request.model, cx).await?;
        let input = input_items(request.input.clone(), self.ids.as_ref());
        if input.is_empty() {
            return Err(invalid("input", "input must hold at least one item"));
        }
        if options.conversation.is_some() && (history.len() + input.len()) as i64 > MOST_ITEMS {
            let message = format!("a conversation holds at most {MOST_ITEMS} items, and this one is full");
            return Err(invalid("conversation", message));
        }
        answers_something(&input, &history)?;
        readable(&input)?;
        let owner = cx.caller.as_deref();
        let mut attachments = self.own.attachments(&input, owner).await?;
        attachments.and(self.own.attachments(&history, owner).await.unwrap_or_default());
        Ok(Prepared { request, options, choice, route, input, history, asked, listed, filled, attachments, guard })
    }

    /// The stores of a `file_search` are the caller's, and a `web_search` has somebody to ask.
    async fn check_searches(&self, asked: &Asked, cx: &CallContext) -> Result<(), RequestError> {
        for id in asked.searches.files.iter().flat_map(|tool| &tool.vector_store_ids) {
            self.own.lookup.in_use(id, cx.caller.as_deref()).await?;
        }
        if asked.searches.web.is_some() && self.own.web.is_none() {
            return Err(invalid("tools", "web_search is not offered: no web search provider is configured"));
        }
        Ok(())
    }

    async fn guard(&self, options: &Options, cx: &CallContext) -> Result<Option<Guard>, RequestError> {
        let mut named = Vec::with_capacity(options.guardrails.len());
        for id in &options.guardrails {
            let shield = self.own.shields.known(id, cx.caller.as_deref()).await.map_err(|error| match error {
                RequestError::NotFound { .. } => {
                    invalid("guardrails", format!("No shield found with identifier '{id}'"))
                }
                other => other,
            });
            named.push(shield?);
        }
        Ok((!named.is_empty()).then(|| Guard { shields: self.own.shields.clone(), named }))
    }

    /// The conversation so far.
    async fn said(&self, id: &str, cx: &CallContext) -> Result<Vec<Item>, RequestError> {
        let owner = cx.caller.as_deref();
        let Some(conversation) = self.conversations.conversation(id, owner).await? else {
            return Err(RequestError::NotFound {
                param: "conversation".into(),
                message: format!("Conversation '{id}' not found."),
            });
        };
        self.permit(Action::Update, &conversation, owner)?;
        Ok(self.conversations.all_items(id, owner).await?)
    }

    /// Refuses what the access policy does not let the caller do with a record they see.
    pub fn permit(&self, action: Action, record: &impl Owned, caller: Option<&Principal>) -> Result<(), StoreError> {
        let thing = record.resource();
        if self.registry.policy().permits(caller, action, thing) {
            return Ok(());
        }
        let (action, kind, id) = (action.name(), thing.kind, thing.id);
        Err(StoreError::Denied(format!("the access policy does not let this caller {action} {kind}::{id}")))
    }

    async fn run(
        &self,
        prepared: Prepared,
        cx: CallContext,
        events: mpsc::Sender<RunEvent>,
        refusal: Refusal,
    ) -> Result<(), Gone> {
        let Prepared { request, options, choice, route, input, history, asked, listed, filled, attachments, guard } =
            prepared;
        if let Some(at) = images::unreadable(&input) {
            let message = format!("{at}: the image is not valid base64");
            let failed = Outcome::Failed { code: "invalid_base64_image".into(), message };
            return events.send(RunEvent::Finished(failed)).await.map_err(|_| Gone);
        }
        let new = input.len();
        let mut items = history;
        items.extend(input);
        items = self.fitted(items, new, &options, &request, &route, &cx).await;
        attachments.put_into(&mut items);
        let ours = self.own.sources(&asked.searches);
        let (mut toolbox, sources) = self.gather(asked, listed, &cx, &events, refusal).await?;
        let mut template = template(&request, &options);
        template.tool_choice = choice.and_then(|choice| choice.apply(&mut toolbox));
        if toolbox.is_empty() {
            template.parallel_tool_calls = None;
        }
        let rules = Rules {
            iterations: request.max_infer_iters.unwrap_or(self.limits.iterations).min(self.limits.iterations.max(64)),
            tool_calls: request.max_tool_calls.unwrap_or(self.limits.tool_calls).min(self.limits.tool_calls),
            output_budget: route.traits.output_budget,
            grounded: route.traits.grounded,
            parallel: route.traits.parallel && request.parallel_tool_calls.unwrap_or(true),
            last_word: request.max_infer_iters.is_none(),
        };
        let (approved, refused) = (approved(&items), refused(&items));
        let instructions: Vec<&str> =
            [filled.instructions.as_deref(), request.instructions.as_deref()].into_iter().flatten().collect();
        let instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
        items.splice(0..0, filled.attached);
        let messages = opening(instructions.as_deref(), history::messages(&items, rules.output_budget));
        let conversation = Conversation::from_items(instructions.as_deref(), &items);
        let mut run = Run::new(messages, conversation, toolbox, rules, approved);
        run.refuse(refused);
        let limits = self.limits.clone();
        let driver = Driver { route, sources, ours, guard, template, limits, cx, events, forced: true.into() };
        driver.drive(run).await
    }

    /// With `truncation: auto`, the newest items that the model's context takes; all of them otherwise.
    async fn fitted(
        &self,
        items: Vec<Item>,
        new: usize,
        options: &Options,
        request: &ResponseRequest,
        route: &ChatRoute,
        cx: &CallContext,
    ) -> Vec<Item> {
        if options.truncation == Truncation::Disabled {
            return items;
        }
        let models = self.registry.models(cx).await;
        let served = models.iter().find(|(entry, model)| format!("{}/{}", entry.id, model.name) == route.full_id);
        let Some(context) = served.and_then(|(_, model)| model.context_tokens) else { return items };
        let answer = request.max_output_tokens.unwrap_or(ANSWER_TOKENS).min(context / 2);
        let fixed = request.instructions.as_deref().map_or(0, str::len) / 3;
        truncate::newest(items, new, ((context - answer) as usize).saturating_sub(fixed))
    }
}

/// The response as it stood when the stream ended; `None` if this is not its end.
pub fn last_response(event: ResponseEvent) -> Option<ResponseObject> {
    event.kind.ended().cloned()
}
