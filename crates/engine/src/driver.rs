//! Steps a [`Run`] with real models and tools, and reports what happens as [`RunEvent`]s.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use ports::CallContext;
use ports::fold::Folded;
use ports::inference::{Beside, ChatCall, ChatDelta, InferenceError};
use ports::tools::{ToolError, ToolOutput, ToolSource};
use serde_json::Value;
use tokio::sync::mpsc;
use wire::openai::chat::{ChatMessage, ChatRequest, Role, ToolChoice, ToolMode};

use crate::event::{CallRef, Outcome, RunEvent};
use crate::limits::Limits;
use crate::own::{self, Guard, Ours};
use crate::registry::ChatRoute;
use crate::run::{Ask, Run, Step};
use crate::telemetry;

/// Everything a run reaches outside of itself.
pub struct Driver {
    pub route: ChatRoute,
    pub sources: HashMap<String, Arc<dyn ToolSource>>,
    pub ours: HashMap<Ours, Arc<dyn ToolSource>>,
    pub guard: Option<Guard>,
    /// Sampling fields and `response_format` of every question to the model.
    pub template: ChatRequest,
    pub limits: Limits,
    pub cx: CallContext,
    pub events: mpsc::Sender<RunEvent>,
    /// A tool must be called, and has not been asked for yet.
    pub forced: AtomicBool,
}

/// The caller has gone: nobody reads the events any more.
pub struct Gone;

impl Driver {
    pub async fn drive(&self, mut run: Run) -> Result<(), Gone> {
        if self.objected(own::said(run.messages())).await? {
            return Ok(());
        }
        loop {
            match run.step() {
                Step::AskModel(ask) => match self.ask(ask, &run).await? {
                    Ok((answer, streamed)) => {
                        self.count_unknown(&answer, &run);
                        let shown = run.on_model(answer);
                        if let Some(words) = shown.as_ref().filter(|_| self.guard.is_some())
                            && self.objected(ChatMessage::text(Role::Assistant, words.as_str())).await?
                        {
                            return Ok(());
                        }
                        self.show(shown, streamed).await?;
                    }
                    Err(InferenceError::Cancelled) => return Err(Gone),
                    Err(error) => run.fail(code(&error), error.to_string()),
                },
                Step::CallTools(calls) => {
                    let results = self.call(calls).await?;
                    for (call, output) in run.on_tools(results) {
                        self.tell(RunEvent::CallDone { call, output }).await?;
                    }
                }
                Step::Say(words) => self.show(Some(words), false).await?,
                Step::Done(done) => {
                    for call in done.for_caller {
                        self.tell(RunEvent::CallerMustRun { call }).await?;
                    }
                    for call in done.for_approval {
                        self.tell(RunEvent::NeedsApproval { call }).await?;
                    }
                    return self.tell(RunEvent::Finished(done.outcome)).await;
                }
                Step::Waiting => {
                    let message = "the run has no next step".into();
                    return self
                        .tell(RunEvent::Finished(Outcome::Failed { code: "server_error".into(), message }))
                        .await;
                }
            }
        }
    }

    /// Ends the run with a refusal, or as failed, when a shield objects to `message` or cannot judge it.
    async fn objected(&self, message: ChatMessage) -> Result<bool, Gone> {
        let Some(guard) = &self.guard else { return Ok(false) };
        let outcome = match guard.objection(message, &self.cx).await {
            Ok(None) => return Ok(false),
            Ok(Some(words)) => {
                self.tell(RunEvent::Refused(words)).await?;
                Outcome::Completed
            }
            Err(error) => Outcome::Failed { code: "server_error".into(), message: format!("guardrails: {error}") },
        };
        self.tell(RunEvent::Finished(outcome)).await?;
        Ok(true)
    }

    /// One question to the model. Text is passed on as it comes, unless grounding has to see it whole first; says
    /// whether it was.
    async fn ask(&self, ask: Ask, run: &Run) -> Result<Result<(Folded, bool), InferenceError>, Gone> {
        let hold_back =
            self.guard.is_some() || self.route.traits.grounded || !ask.tools_allowed && !run.toolbox().is_empty();
        let mut request =
            ChatRequest { messages: ask.messages, model: self.route.model.clone(), ..self.template.clone() };
        if !self.route.traits.grounded {
            request.tools = run.toolbox().chat_tools();
        } else if ask.tools_allowed {
            request.tools = run.toolbox().brief_tools();
        }
        // A choice that forces a call is kept once: kept for ever, no answer could follow the call.
        if !self.forced.swap(false, Ordering::Relaxed)
            && matches!(request.tool_choice, Some(ToolChoice::Mode(ToolMode::Required) | ToolChoice::Named { .. }))
        {
            request.tool_choice = Some(ToolChoice::Mode(ToolMode::Auto));
        }
        if !ask.tools_allowed {
            let unused = (!request.tools.is_empty()).then_some(ToolChoice::Mode(ToolMode::None));
            request.tool_choice = unused;
        }
        let call = ChatCall { request, narrowed: ask.narrowed };
        let mut stream = match self.route.inference.chat(call, &self.cx).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        let mut folded = Folded::default();
        let mut likely = None;
        while let Some(delta) = stream.next().await {
            let delta = match delta {
                Ok(delta) => delta,
                Err(error) => return Ok(Err(error)),
            };
            folded.push(&delta);
            match delta {
                ChatDelta::Beside(beside) => likely = self.likely(&beside),
                ChatDelta::Text(text) if !hold_back => {
                    if let Some(tokens) = likely.take() {
                        self.tell(RunEvent::Likely(tokens)).await?;
                    }
                    self.tell(RunEvent::Text(text)).await?;
                }
                _ => likely = None,
            }
        }
        self.tell(RunEvent::Asked { usage: folded.usage.clone() }).await?;
        Ok(Ok((folded, !hold_back)))
    }

    /// The likelihoods of tokens, where the caller has asked for them.
    fn likely(&self, beside: &Beside) -> Option<Vec<Value>> {
        self.template.extra.get("logprobs")?;
        beside.choice.get("logprobs")?.get("content")?.as_array().cloned()
    }

    /// Ends the message on show, writing it out now if it was held back.
    async fn show(&self, text: Option<String>, streamed: bool) -> Result<(), Gone> {
        if let (Some(text), false) = (text, streamed) {
            self.tell(RunEvent::Text(text)).await?;
        }
        self.tell(RunEvent::MessageDone).await
    }

    async fn call(&self, calls: Vec<CallRef>) -> Result<Vec<(CallRef, Result<ToolOutput, String>)>, Gone> {
        for call in &calls {
            self.tell(RunEvent::CallStarted { call: call.clone() }).await?;
        }
        let running = futures::future::join_all(calls.into_iter().map(|call| async {
            let id = Some(call.id.as_str());
            let work = async |cx| self.one(&call, &cx).await;
            let result = telemetry::tool_call(&self.cx, &call.label, &call.tool, id, work).await;
            let result = result.map_err(|error| error.to_string());
            (call, result)
        }));
        Ok(running.await)
    }

    async fn one(&self, call: &CallRef, cx: &CallContext) -> Result<ToolOutput, ToolError> {
        let source = match call.ours {
            Some(ours) => self.ours.get(&ours),
            None => self.sources.get(&call.label),
        };
        let Some(source) = source else {
            return Err(ToolError::NotFound { server: call.label.clone(), name: call.tool.clone() });
        };
        let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
        let limit = self.limits.tool_time.min(cx.left());
        match tokio::time::timeout(limit, source.call(&call.tool, arguments, cx)).await {
            Ok(result) => result,
            Err(_) => {
                Err(ToolError::Timeout { server: call.label.clone(), phase: format!("tools/call {}", call.tool) })
            }
        }
    }

    fn count_unknown(&self, answer: &Folded, run: &Run) {
        let unknown = answer.tool_calls.iter().filter(|call| run.toolbox().get(&call.function.name).is_none()).count();
        let agent = self.cx.agent.as_ref().and_then(|agent| agent.name.as_deref());
        telemetry::unknown_tools(&self.route.kind, &self.route.model, agent, unknown);
    }

    pub async fn tell(&self, event: RunEvent) -> Result<(), Gone> {
        self.events.send(event).await.map_err(|_| Gone)
    }
}

/// The error codes of OpenAI's response object.
pub fn code(error: &InferenceError) -> &'static str {
    match error {
        InferenceError::NotFound(_) => "model_not_found",
        InferenceError::Invalid { .. } => "invalid_prompt",
        InferenceError::Overloaded(_) => "rate_limit_exceeded",
        InferenceError::Timeout(_) => "timeout",
        InferenceError::Unreachable(_) => "model_unreachable",
        InferenceError::Upstream { .. } | InferenceError::Cancelled | InferenceError::Internal(_) => "server_error",
    }
}
