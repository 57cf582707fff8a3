//! The local model as an inference provider.

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream;
use ports::context::CallContext;
use ports::health::ProviderHealth;
use ports::inference::{ChatCall, ChatStream, Inference, InferenceError, ModelKind, ServedModel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use wire::openai::completions::CompletionRequest;

use crate::config::LlamaConfig;
use crate::error::LlamaError;
use crate::owner::{self, Ask, Board, Deltas, Errand, Job, LoadState};

/// Chats with the one model it was configured with, one call at a time.
///
/// The model loads on the first call, or on [`warm`](Self::warm); until then only the thread-free shell exists.
/// Dropping the provider stops the call that runs, after at most one batch, and waits for it.
pub struct LlamaProvider {
    config: LlamaConfig,
    board: Arc<Board>,
    turn: Arc<Semaphore>,
    waiting: Semaphore,
    owner: Mutex<Option<Owner>>,
    closing: CancellationToken,
}

struct Owner {
    errands: SyncSender<Errand>,
    thread: JoinHandle<()>,
}

impl LlamaProvider {
    /// Fails on a field that is out of range; the file itself is first looked at when the model is needed.
    pub fn new(config: LlamaConfig) -> Result<Self, LlamaError> {
        config.check()?;
        Ok(Self {
            board: Arc::new(Board::new()),
            turn: Arc::new(Semaphore::new(1)),
            waiting: Semaphore::new(config.waiting_calls.min(Semaphore::MAX_PERMITS)),
            owner: Mutex::new(None),
            closing: CancellationToken::new(),
            config,
        })
    }

    /// Starts loading the model and returns at once.
    pub fn warm(&self) {
        if self.state() != LoadState::Idle {
            return;
        }
        if let Err(error) = self.send(Errand::Warm) {
            tracing::warn!(%error, "the local model could not be warmed");
        }
    }

    pub fn state(&self) -> LoadState {
        self.board.state()
    }

    /// A turn at the model, at once or after a wait that is bounded in time and in company.
    async fn admit(&self, cx: &CallContext) -> Result<OwnedSemaphorePermit, InferenceError> {
        let overloaded = |why: &str| InferenceError::Overloaded(why.to_string());
        if let Ok(permit) = self.turn.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.waiting.try_acquire().map_err(|_| overloaded("too many calls wait for the local model"))?;
        let wait = Duration::from_secs(self.config.wait_seconds).min(cx.left());
        let turn = tokio::select! {
            turn = tokio::time::timeout(wait, self.turn.clone().acquire_owned()) => turn,
            () = cx.cancel.cancelled() => return Err(InferenceError::Cancelled),
        };
        match turn {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(overloaded("the local model is closing")),
            Err(_) => Err(overloaded("no turn at the local model came in time")),
        }
    }

    async fn ask(&self, ask: Ask, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        let permit = self.admit(cx).await?;
        let cancel = cx.cancel.child_token();
        let guard = cancel.clone().drop_guard();
        let (started, start) = oneshot::channel();
        let deadline = cx.deadline;
        self.send(Errand::Chat(Box::new(Job { ask, cancel: cancel.clone(), deadline, started, permit })))?;
        let begun = tokio::select! {
            begun = tokio::time::timeout(cx.left(), start) => begun,
            () = cancel.cancelled() => return Err(InferenceError::Cancelled),
        };
        match begun {
            Ok(Ok(deltas)) => Ok(answer(deltas?, guard)),
            Ok(Err(_)) => Err(InferenceError::Internal("the local model's thread ended".into())),
            Err(_) => Err(InferenceError::Timeout("the local model did not begin in time".into())),
        }
    }

    /// Hands an errand to the owner's thread, starting it if there is none or it died.
    fn send(&self, errand: Errand) -> Result<(), InferenceError> {
        let mut slot = self.owner();
        if slot.as_ref().is_none_or(|owner| owner.thread.is_finished()) {
            *slot = Some(self.start()?);
        }
        let Some(owner) = slot.as_ref() else { return Ok(()) };
        owner.errands.try_send(errand).map_err(|error| match error {
            TrySendError::Full(_) => InferenceError::Overloaded("the local model is busy".into()),
            TrySendError::Disconnected(_) => InferenceError::Internal("the local model's thread ended".into()),
        })
    }

    fn start(&self) -> Result<Owner, InferenceError> {
        // One call at a time, beside at most one request to warm.
        let (errands, inbox) = sync_channel(2);
        let (config, board, closing) = (self.config.clone(), self.board.clone(), self.closing.clone());
        let thread = std::thread::Builder::new()
            .name("llama".into())
            .spawn(move || owner::run(&config, &inbox, &board, &closing))
            .map_err(|error| InferenceError::Internal(format!("no thread for the local model: {error}")))?;
        Ok(Owner { errands, thread })
    }

    fn owner(&self) -> MutexGuard<'_, Option<Owner>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inference for LlamaProvider {
    async fn chat(&self, call: ChatCall, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        if call.request.model != self.config.name {
            return Err(InferenceError::NotFound(call.request.model));
        }
        self.ask(Ask::Chat(Box::new(call)), cx).await
    }

    async fn text(&self, request: CompletionRequest, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        if request.model != self.config.name {
            return Err(InferenceError::NotFound(request.model));
        }
        self.ask(Ask::Text(Box::new(request)), cx).await
    }

    async fn models(&self, _cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        Ok(vec![ServedModel {
            name: self.config.name.clone(),
            kind: ModelKind::Llm,
            context_tokens: Some(self.config.context_tokens),
            embedding_dimension: None,
        }])
    }

    /// A model that nobody has needed yet is fine as long as its file is there.
    async fn health(&self) -> ProviderHealth {
        match self.state() {
            LoadState::Ready => ProviderHealth::Ok,
            LoadState::Idle if self.config.model_path.is_file() => ProviderHealth::Ok,
            LoadState::Idle => {
                ProviderHealth::Error(LlamaError::Missing(LlamaError::file_name(&self.config.model_path)).to_string())
            }
            LoadState::Loading => ProviderHealth::Error("the model is loading".into()),
            LoadState::Failed(error) => ProviderHealth::Error(error.to_string()),
        }
    }
}

/// Dropping the stream drops the guard, which tells the owner to stop.
fn answer(deltas: Deltas, guard: DropGuard) -> ChatStream {
    let next = |(mut deltas, guard): (Deltas, DropGuard)| async move {
        let delta = deltas.recv().await?;
        Some((delta, (deltas, guard)))
    };
    stream::unfold((deltas, guard), next).boxed()
}

impl Drop for LlamaProvider {
    fn drop(&mut self) {
        self.closing.cancel();
        let owner = self.owner().take();
        if let Some(Owner { errands, thread }) = owner {
            drop(errands);
            // A thread that panicked has told so itself.
            let _ = thread.join();
        }
    }
}
