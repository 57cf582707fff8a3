//! One response under way: a run on one side, its rendering on the other, its record at the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use ports::access::Caller;
use ports::conversations::Appended;
use ports::responses::{StoreError, StoredResponse};
use ports::trace::Span;
use sync_wrapper::SyncWrapper;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;
use wire::openai::events::{EventKind, ResponseEvent};
use wire::openai::items::Item;
use wire::openai::responses::{ResponseObject, ResponseStatus};

use crate::event::{Outcome, RunEvent};
use crate::recorder::Recorder;
use crate::request::RequestError;
use crate::respond::Responder;
use crate::telemetry;

/// What to store a response with.
pub(crate) struct Keep {
    pub input: Vec<Item>,
    pub history: Vec<Item>,
    pub owner: Option<Caller>,
    pub conversation: Option<String>,
    pub background: bool,
    pub responder: Arc<Responder>,
}

/// Why a tool server could not be asked, for callers who want that as an error rather than as an item.
pub(crate) type Refusal = Arc<Mutex<Option<RequestError>>>;

/// A response under way. Dropping it stops the work.
pub struct Recording {
    pub(crate) recorder: Recorder,
    pub(crate) keep: Keep,
    pub(crate) refusal: Refusal,
    receiver: mpsc::Receiver<RunEvent>,
    /// The run, until it is over or set off.
    work: Option<SyncWrapper<BoxFuture<'static, ()>>>,
    pending: VecDeque<ResponseEvent>,
    ended: bool,
    stored: bool,
    _stop: DropGuard,
    span: Span,
}

impl Recording {
    pub(crate) fn new(
        recorder: Recorder,
        opened: Vec<ResponseEvent>,
        keep: Keep,
        refusal: Refusal,
        (work, receiver): (BoxFuture<'static, ()>, mpsc::Receiver<RunEvent>),
        (stop, span): (DropGuard, Span),
    ) -> Self {
        let (pending, work) = (opened.into(), Some(SyncWrapper::new(work)));
        Self { recorder, keep, refusal, receiver, work, pending, ended: false, stored: false, _stop: stop, span }
    }

    /// Lets the run go ahead of its reader, in a task of its own. Until then it advances while `next` is awaited, which
    /// costs no wake-ups between threads.
    pub(crate) fn set_off(mut self) -> Self {
        if let Some(work) = self.work.take() {
            tokio::spawn(work.into_inner());
        }
        self
    }

    /// What the run says next; `None` when it ended without a last word.
    async fn heard(&mut self) -> Option<RunEvent> {
        while let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                event = self.receiver.recv() => return event,
                () = work.get_mut() => self.work = None,
            }
        }
        self.receiver.recv().await
    }

    /// The next event; `None` after the last. May be dropped and called again without losing one.
    pub async fn next(&mut self) -> Option<ResponseEvent> {
        loop {
            if self.ended && !self.stored {
                self.store().await;
                self.stored = true;
            }
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            let event = self.heard().await.unwrap_or_else(|| {
                let message = "the run ended without an outcome".into();
                RunEvent::Finished(Outcome::Failed { code: "server_error".into(), message })
            });
            self.ended = matches!(event, RunEvent::Finished(_));
            self.pending.extend(self.recorder.record(event));
        }
    }

    /// Runs to the end. A tool server that cannot be asked is an error here.
    pub(crate) async fn whole(mut self) -> Result<ResponseObject, RequestError> {
        while let Some(event) = self.next().await {
            if matches!(event.kind, EventKind::McpListFailed { .. })
                && let Some(refusal) = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
            {
                return Err(refusal);
            }
        }
        Ok(self.recorder.response().clone())
    }

    /// Whether the run has come to its own end, so that it is too late to cancel it.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The record as it stands.
    pub fn record(&self) -> StoredResponse {
        self.keep.record(self.recorder.response())
    }

    /// Durable before the caller hears that it is over. A store that fails costs the record, not the answer.
    async fn store(&self) {
        let response = self.recorder.response();
        telemetry::ended(&self.span, response);
        let responder = &self.keep.responder;
        if let Err(error) = self.remember().await {
            tracing::error!(response = %response.id, %error, "conversation not continued");
        }
        if !response.store {
            return;
        }
        let stored = self.record();
        let done = match self.keep.background {
            true => telemetry::timed("put_response", responder.responses.advance(&stored)).await.map(|_| ()),
            false => telemetry::timed("put_response", responder.responses.put(&stored)).await,
        };
        if let Err(error) = done {
            tracing::error!(response = %response.id, %error, "response not stored");
        }
    }

    /// Appends what was asked and answered to the conversation. A response that failed leaves it as it was, so that
    /// the question can be asked again.
    async fn remember(&self) -> Result<(), StoreError> {
        let Some(id) = &self.keep.conversation else { return Ok(()) };
        let response = self.recorder.response();
        if !matches!(response.status, ResponseStatus::Completed | ResponseStatus::Incomplete) {
            return Ok(());
        }
        let mut items = self.keep.input.clone();
        items.extend(response.output.iter().cloned());
        let owner = self.keep.owner.as_deref();
        let appending = self.keep.responder.conversations.append_items(id, &items, owner);
        match telemetry::timed("append_items", appending).await? {
            Appended::Done => Ok(()),
            Appended::Unknown => {
                tracing::info!(conversation = %id, "the conversation was removed while it was answered");
                Ok(())
            }
            Appended::Full => Err(StoreError::Full(format!("conversation {id} holds as many items as it may"))),
        }
    }
}

impl Keep {
    pub fn record(&self, response: &ResponseObject) -> StoredResponse {
        StoredResponse {
            response: response.clone(),
            input: self.input.clone(),
            history: if self.conversation.is_some() { Vec::new() } else { self.history.clone() },
            owner: self.owner.clone(),
            request: None,
        }
    }
}
