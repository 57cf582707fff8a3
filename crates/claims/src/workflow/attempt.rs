//! One run: ask the agent, follow its events, know how it ended.

use std::time::Duration;

use client::{ClientError, EventStream};
use futures::StreamExt;
use wire::openai::responses::ResponseRequest;

use super::Workflow;
use super::failure::{Failure, detail};
use super::recorder::{Ended, Recorder};
use super::request::{agent_request, reminder, repair, request_brief};
use crate::domain::{Claim, Language, Run, RunId};
use crate::store::{RunEnd, StoreError};

const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Times the agent is asked for what it left out, before a person gets the claim with what was found.
const REMINDERS: usize = 2;

impl Workflow {
    /// Runs the agent within the time limit. Never fails: what goes wrong becomes the end's own decision.
    pub(super) async fn attempt(&self, run: &Run) -> RunEnd {
        let mut recorder = Recorder::new(self.store.clone(), self.clock.clone(), run.run_id.clone());
        let mut model = self.config.model.clone();
        let limit = Duration::from_secs(self.config.run_timeout_seconds);
        let outcome = tokio::select! {
            outcome = self.follow(run, &mut recorder, &mut model) => outcome,
            () = self.clock.deadline(limit) => Ok(Some(Failure::TimeLimit { seconds: limit.as_secs() })),
        };
        let failure = match outcome {
            Ok(failure) => failure,
            Err(error) => {
                tracing::error!(claim_id = %run.claim_id, %error, "a run could not be written down");
                Some(Failure::Internal)
            }
        };
        let agent_text = recorder.closing_words();
        let failed = failure.as_ref().map(|failure| failure.code().to_owned());
        let without_decision = failure.unwrap_or_else(|| no_decision(&recorder));
        RunEnd {
            retryable: without_decision.retryable(),
            passing: without_decision.passing(),
            without_decision: without_decision.document(&run.claim_id),
            failed,
            agent_text,
            evidence: std::mem::take(&mut recorder.evidence),
            response_id: recorder.response_id.take(),
            model,
        }
    }

    /// `Ok(None)` when the agent ended in good order; then a missing decision is a failure of its own.
    async fn follow(
        &self,
        run: &Run,
        recorder: &mut Recorder,
        model: &mut Option<String>,
    ) -> Result<Option<Failure>, StoreError> {
        let claim = self.store.claim(&run.claim_id).await?;
        let claim = claim.ok_or_else(|| StoreError::NotFound { what: "claim", id: run.claim_id.to_string() })?;
        let language = self.language(&claim).await?;
        recorder.evidence.learn(&format!("{} {} {}", claim.claim_id, claim.claim_number, claim.user_id));
        let chosen = match self.model(model.as_deref()).await {
            Ok(chosen) => chosen,
            Err(failure) => {
                let step = recorder.begin(serde_json::json!({"model": null})).await?;
                recorder.end(step, Some(failure.code().into())).await?;
                return Ok(Some(failure));
            }
        };
        *model = Some(chosen.clone());
        let first = agent_request(&self.config, &claim, &run.run_id, chosen, language);
        let mut failure = self.exchange(first.clone(), run, recorder).await?;
        for _ in 0..REMINDERS {
            let left_out = recorder.left_out();
            let ended = matches!(failure, None | Some(Failure::ResponseIncomplete { .. }));
            let Some(previous) = recorder.response_id.clone().filter(|_| ended && !left_out.is_empty()) else { break };
            tracing::info!(claim_id = %run.claim_id, left_out = left_out.len(), "the agent is asked for what it left out");
            failure = self.exchange(reminder(&first, &claim, previous, &left_out), run, recorder).await?;
        }
        if let Some(previous) = recorder.response_id.clone()
            && failure.is_none()
            && recorder.contradicts()
        {
            // What comes of it is no failure of the run: the decision is recorded, and has its own words.
            self.exchange(repair(&first, previous), run, recorder).await?;
        }
        Ok(failure)
    }

    /// One response of the agent, followed to its end.
    async fn exchange(
        &self,
        request: ResponseRequest,
        run: &Run,
        recorder: &mut Recorder,
    ) -> Result<Option<Failure>, StoreError> {
        let step = recorder.begin(request_brief(&request, &run.run_id)).await?;
        let failure = match self.connect(request, &run.run_id).await {
            Ok(stream) => self.read(stream, recorder).await?,
            Err(failure) => Some(failure),
        };
        recorder.end(step, failure.as_ref().map(|failure| failure.code().to_owned())).await?;
        Ok(failure)
    }

    async fn language(&self, claim: &Claim) -> Result<Language, StoreError> {
        let tag = self.reference.user_language(&claim.user_id).await?;
        Ok(tag.map_or(self.config.default_language, |tag| Language::of_tag(&tag)))
    }

    /// The configured model, or the first that the control plane has.
    pub async fn chosen_model(&self) -> Result<String, Failure> {
        self.model(self.config.model.as_deref()).await
    }

    /// A response beside the claims' runs.
    pub async fn converse(&self, request: ResponseRequest) -> Result<EventStream, Failure> {
        self.retried(|| self.stack.responses_stream(request.clone())).await
    }

    async fn model(&self, configured: Option<&str>) -> Result<String, Failure> {
        if let Some(model) = configured {
            return Ok(model.to_owned());
        }
        let models = self.retried(|| self.stack.models()).await?;
        models.into_iter().find(|model| model.model_type == "llm").map(|model| model.id).ok_or(Failure::NoModel)
    }

    async fn connect(&self, request: ResponseRequest, run: &RunId) -> Result<EventStream, Failure> {
        let stack = self.stack.traced(run.traceparent());
        self.retried(|| stack.responses_stream(request.clone())).await
    }

    /// Tries again, with growing pauses, as long as nothing has begun and the error may pass.
    async fn retried<T, F, Fut>(&self, call: F) -> Result<T, Failure>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ClientError>>,
    {
        let mut pause = Duration::from_millis(self.config.connect_backoff_ms);
        let mut tries = 1;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let detail = detail(&error.to_string());
            if !error.is_transient() {
                return Err(Failure::StackRefused { detail });
            }
            if tries >= self.config.connect_attempts {
                return Err(Failure::StackUnreachable { tries, detail });
            }
            let asked = match error {
                ClientError::Status { retry_after, .. } => retry_after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            self.clock.pause(pause.max(asked).min(LONGEST_PAUSE)).await;
            pause *= 2;
            tries += 1;
        }
    }

    async fn read(&self, mut stream: EventStream, recorder: &mut Recorder) -> Result<Option<Failure>, StoreError> {
        while let Some(event) = stream.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => return Ok(Some(Failure::StreamBroken { detail: detail(&error.to_string()) })),
            };
            match recorder.take(event.kind).await? {
                None => {}
                Some(Ended::Completed) => return Ok(None),
                Some(Ended::Incomplete(detail)) => return Ok(Some(Failure::ResponseIncomplete { detail })),
                Some(Ended::Failed(detail)) => return Ok(Some(Failure::ResponseFailed { detail })),
            }
        }
        Ok(Some(Failure::StreamBroken { detail: "it ended before its last event".into() }))
    }
}

/// Why a run that ended in good order may have no decision.
fn no_decision(recorder: &Recorder) -> Failure {
    match &recorder.last_tool_error {
        Some((tool, detail)) => Failure::ToolFailed { tool: tool.clone(), detail: detail.clone() },
        None => Failure::NoDecision { left_out: recorder.left_out().iter().map(|role| role.tool).collect() },
    }
}
