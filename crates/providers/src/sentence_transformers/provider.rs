//! The encoder as an embeddings provider.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use ports::context::CallContext;
use ports::embeddings::{Embedded, Embeddings};
use ports::health::ProviderHealth;
use ports::inference::{InferenceError, ModelKind, ServedModel};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::config::{EncoderConfig, EncoderError};
use super::encoder::traits;
use super::owner::{self, Board, LoadState};
use super::waiting::{Errand, Job, Waiting};

const TEXTS_AT_MOST: usize = 2048;
/// Far beyond the tokens that are read; only there so that nobody makes us cut a whole book into tokens.
const BYTES_A_TEXT: usize = 1 << 20;

/// Embeds texts lot by lot, short calls before long ones; the model loads on the first call or on [`warm`](Self::warm).
pub struct SentenceTransformers {
    config: EncoderConfig,
    board: Arc<Board>,
    owner: Mutex<Option<Owner>>,
    closing: CancellationToken,
}

struct Owner {
    waiting: Arc<Waiting>,
    thread: JoinHandle<()>,
}

impl SentenceTransformers {
    /// Fails on a field that is out of range; the files are first looked at when the model is needed.
    pub fn new(config: EncoderConfig) -> Result<Self, EncoderError> {
        config.check()?;
        let (board, closing) = (Arc::new(Board::new()), CancellationToken::new());
        Ok(Self { config, board, owner: Mutex::new(None), closing })
    }

    /// Starts loading the model and returns at once.
    pub fn warm(&self) {
        if self.board.state() == LoadState::Idle
            && let Err(error) = self.send(Errand::Warm)
        {
            tracing::warn!(%error, "the embedding model could not be warmed");
        }
    }

    fn send(&self, errand: Errand) -> Result<(), InferenceError> {
        let mut slot = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_none_or(|owner| owner.thread.is_finished()) {
            *slot = Some(self.start()?);
        }
        let Some(owner) = slot.as_ref() else { return Ok(()) };
        match owner.waiting.put(errand) {
            true => Ok(()),
            false => Err(InferenceError::Overloaded("too many calls wait for the embedding model".into())),
        }
    }

    fn start(&self) -> Result<Owner, InferenceError> {
        let waiting = Arc::new(Waiting::new(self.config.waiting_calls.max(1)));
        let (config, board, closing) = (self.config.clone(), self.board.clone(), self.closing.clone());
        let served = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("embed".into())
            .spawn(move || {
                let _closed = Closed(&served);
                owner::run(&config, &served, &board, &closing);
            })
            .map_err(|error| InferenceError::Internal(format!("no thread for the embedding model: {error}")))?;
        Ok(Owner { waiting, thread })
    }

    fn check(&self, model: &str, texts: &[String]) -> Result<(), InferenceError> {
        if model != self.config.name {
            return Err(InferenceError::NotFound(model.into()));
        }
        let invalid = |message: String| InferenceError::Invalid { param: Some("input".into()), message };
        if texts.len() > TEXTS_AT_MOST {
            return Err(invalid(format!("input: at most {TEXTS_AT_MOST} texts, not {}", texts.len())));
        }
        match texts.iter().position(|text| text.len() > BYTES_A_TEXT) {
            Some(at) => Err(invalid(format!("input[{at}]: at most {BYTES_A_TEXT} bytes"))),
            None => Ok(()),
        }
    }
}

/// However the thread ends, those who wait for it learn so.
struct Closed<'a>(&'a Waiting);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[async_trait]
impl Embeddings for SentenceTransformers {
    async fn embed(&self, model: &str, texts: Vec<String>, cx: &CallContext) -> Result<Embedded, InferenceError> {
        self.check(model, &texts)?;
        if texts.is_empty() {
            return Ok(Embedded { vectors: Vec::new(), tokens: 0 });
        }
        let cancel = cx.cancel.clone();
        let (reply, answer) = oneshot::channel();
        self.send(Errand::Embed(Job { texts, cancel: cancel.clone(), deadline: cx.deadline, reply }))?;
        let answer = tokio::select! {
            answer = tokio::time::timeout(cx.left(), answer) => answer,
            () = cancel.cancelled() => return Err(InferenceError::Cancelled),
        };
        match answer {
            Ok(Ok(embedded)) => embedded,
            Ok(Err(_)) => Err(InferenceError::Internal("the embedding model's thread ended".into())),
            Err(_) => Err(InferenceError::Timeout("the embedding model did not answer in time".into())),
        }
    }

    async fn models(&self, _cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        let dimension = match self.board.state() {
            LoadState::Ready { dimension } => dimension,
            _ => traits(&self.config.name).dimension,
        };
        Ok(vec![ServedModel {
            name: self.config.name.clone(),
            kind: ModelKind::Embedding,
            context_tokens: Some(traits(&self.config.name).context_tokens),
            embedding_dimension: Some(dimension),
        }])
    }

    /// A model that nobody has needed yet is fine as long as its weights are there.
    async fn health(&self) -> ProviderHealth {
        match self.board.state() {
            LoadState::Ready { .. } => ProviderHealth::Ok,
            LoadState::Idle if self.config.dir.join(traits(&self.config.name).weights).is_file() => ProviderHealth::Ok,
            LoadState::Idle => ProviderHealth::Error("the embedding model's files are missing".into()),
            LoadState::Loading => ProviderHealth::Error("the model is loading".into()),
            LoadState::Failed(error) => ProviderHealth::Error(error.to_string()),
        }
    }
}

impl Drop for SentenceTransformers {
    fn drop(&mut self) {
        self.closing.cancel();
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Owner { waiting, thread }) = owner {
            waiting.close();
            // A thread that panicked has told so itself.
            let _ = thread.join();
        }
    }
}
