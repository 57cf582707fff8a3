//! A turn under way: drives the response, writes the turn down, and gives its frames.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use futures::StreamExt;
use futures::stream::BoxStream;
use ports::CallContext;
use ports::agents::{AgentSession, StoredTurn};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use wire::llama::agents::LegacyTurn;
use wire::openai::chat::{ChatMessage, Role};
use wire::openai::events::ResponseEvent;
use wire::openai::responses::ResponseError;

use super::frames::{Ended, Frames, closing};
use crate::app::App;
use crate::errors::ApiError;
use crate::locks::Held;
use crate::safety;

/// The calls of one answer start together; a call this much later belongs to another.
const SETTLE: Duration = Duration::from_millis(15);

pub struct Turning {
    pub app: Arc<App>,
    pub session: AgentSession,
    pub frames: Frames,
    pub events: BoxStream<'static, ResponseEvent>,
    pub pending: VecDeque<Value>,
    /// Asked about the answer before the turn is over.
    pub output_shields: Vec<String>,
    pub cx: CallContext,
    /// Kept with the turn for its continuation.
    pub toolgroups: Vec<Value>,
    /// Unix microseconds.
    pub started_at: i64,
    pub outcome: Option<Result<LegacyTurn, ResponseError>>,
    pub _held: (Held, OwnedSemaphorePermit),
}

impl Turning {
    pub fn stream(self) -> BoxStream<'static, Value> {
        Box::pin(futures::stream::unfold(self, |mut turning| async move {
            let frame = turning.next().await?;
            Some((frame, turning))
        }))
    }

    /// The whole turn, without its frames.
    pub async fn finished(mut self) -> Result<LegacyTurn, ApiError> {
        while self.next().await.is_some() {}
        match self.outcome {
            Some(Ok(turn)) => Ok(turn),
            Some(Err(error)) => Err(failure(&error)),
            None => Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "the turn has no end")),
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(frame) = self.pending.pop_front() {
                return Some(frame);
            }
            if self.outcome.is_some() {
                return None;
            }
            let event = match self.frames.unsettled() {
                false => self.events.next().await,
                true => match tokio::time::timeout(SETTLE, self.events.next()).await {
                    Ok(event) => event,
                    Err(_) => {
                        self.pending.extend(self.frames.settle());
                        continue;
                    }
                },
            };
            let (frames, ended) = self.frames.on(event?.kind);
            self.pending.extend(frames);
            if let Some(ended) = ended {
                self.close(ended).await;
            }
        }
    }

    async fn close(&mut self, ended: Ended) {
        let (event_type, mut turn, response_id) = match ended {
            Ended::Complete { turn, response_id } => ("turn_complete", turn, response_id),
            Ended::Awaiting { turn, response_id } => ("turn_awaiting_input", turn, response_id),
            Ended::Failed(error) => {
                let told = failure(&error);
                let words = format!("{}: {}", told.status.as_u16(), told.message);
                let body = ApiError { message: words, ..told }.body();
                self.pending.push_back(serde_json::to_value(body).unwrap_or_default());
                self.outcome = Some(Err(error));
                return;
            }
        };
        match self.shielded(&turn.output_message.content).await {
            Ok(None) => {
                self.session.last_response_id = Some(response_id);
                turn.steps = self.frames.turn().steps;
            }
            // The response stays out of the session: the next turn does not build on it.
            Ok(Some(words)) => turn = self.frames.refused(words),
            Err(error) => {
                tracing::warn!(message = %error.message, "output shield failed");
                let error = ResponseError::new("server_error", error.message);
                self.pending.push_back(serde_json::to_value(failure(&error).body()).unwrap_or_default());
                self.outcome = Some(Err(error));
                return;
            }
        }
        self.keep(&turn, event_type == "turn_awaiting_input").await;
        self.pending.push_back(closing(event_type, &turn));
        self.outcome = Some(Ok(*turn));
    }

    /// Ends a turn that an input shield has stopped: the model is not asked.
    pub async fn refuse(&mut self, words: String) {
        let turn = self.frames.refused(words);
        self.keep(&turn, false).await;
        self.pending.push_back(closing("turn_complete", &turn));
        self.outcome = Some(Ok(*turn));
    }

    /// What the caller is told in place of `answer`, if a shield minds it.
    async fn shielded(&mut self, answer: &str) -> Result<Option<String>, ApiError> {
        for shield in std::mem::take(&mut self.output_shields) {
            let message = ChatMessage::text(Role::Assistant, answer);
            let violation = safety::run(&self.app, &shield, &[message], &self.cx).await?;
            self.pending.extend(self.frames.shield(violation.as_ref().map(safety::shown)));
            if let Some(violation) = violation {
                return Ok(Some(violation.user_message));
            }
        }
        Ok(None)
    }

    /// Durable before the caller hears that it is over. A store that fails costs the record, not the answer.
    async fn keep(&mut self, turn: &LegacyTurn, awaiting: bool) {
        let stored = StoredTurn {
            turn: turn.clone(),
            started_at: self.started_at,
            toolgroups: self.toolgroups.clone(),
            awaiting,
            owner: self.session.owner.clone(),
        };
        let agents = &self.app.stores.agents;
        let kept = match agents.put_turn(&stored).await {
            Ok(()) => agents.put_agent_session(&self.session).await,
            failed => failed,
        };
        if let Err(error) = kept {
            tracing::error!(session = %self.session.id, turn = %turn.turn_id, %error, "turn not stored");
        }
    }
}

/// A failed response as the status it would have had before the stream began.
fn failure(error: &ResponseError) -> ApiError {
    let status = match error.cause() {
        "model_not_found" => StatusCode::NOT_FOUND,
        "invalid_prompt" | "invalid_base64_image" => StatusCode::BAD_REQUEST,
        "rate_limit_exceeded" => StatusCode::TOO_MANY_REQUESTS,
        "timeout" => StatusCode::GATEWAY_TIMEOUT,
        "model_unreachable" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    ApiError { code: Some(error.cause().to_owned()), ..ApiError::new(status, error.message.clone()) }
}
