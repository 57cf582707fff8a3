//! The thread that owns the encoder: loads it on first need and serves one call after another.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use ports::embeddings::Embedded;
use ports::inference::InferenceError;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::config::{EncoderConfig, EncoderError};
use super::encoder::{self, Encode};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadState {
    /// Nobody has needed it yet.
    Idle,
    Loading,
    Ready {
        dimension: u32,
    },
    /// The next call tries again.
    Failed(EncoderError),
}

#[derive(Debug)]
pub struct Board(Mutex<LoadState>);

impl Board {
    pub fn new() -> Self {
        Self(Mutex::new(LoadState::Idle))
    }

    pub fn state(&self) -> LoadState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, state: LoadState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

pub struct Job {
    pub texts: Vec<String>,
    pub cancel: CancellationToken,
    pub deadline: Instant,
    pub reply: oneshot::Sender<Result<Embedded, InferenceError>>,
}

pub enum Errand {
    Warm,
    Embed(Job),
}

/// Serves until every sender of `errands` is gone.
pub fn run(config: &EncoderConfig, errands: &Receiver<Errand>, board: &Board, closing: &CancellationToken) {
    let mut encoder = None;
    while let Ok(errand) = errands.recv() {
        if encoder.is_none() {
            encoder = load(config, board);
        }
        let Errand::Embed(job) = errand else { continue };
        let answer = match (&encoder, board.state()) {
            (Some(encoder), _) => encoder.embed(&job.texts, &|| interrupted(&job, closing)),
            (None, LoadState::Failed(error)) => Err(InferenceError::Internal(error.to_string())),
            (None, _) => Err(InferenceError::Internal("the embedding model did not load".into())),
        };
        // Nobody listens any more: then nobody needs to be told.
        let _ = job.reply.send(answer);
    }
}

fn load(config: &EncoderConfig, board: &Board) -> Option<Box<dyn Encode>> {
    board.show(LoadState::Loading);
    let begun = Instant::now();
    match encoder::load(config) {
        Ok(encoder) => {
            let load_ms = begun.elapsed().as_millis() as u64;
            tracing::info!(model = config.name, load_ms, "the embedding model is ready");
            board.show(LoadState::Ready { dimension: encoder.dimension() as u32 });
            Some(encoder)
        }
        Err(error) => {
            tracing::error!(%error, model = config.name, "the embedding model did not load");
            board.show(LoadState::Failed(error));
            None
        }
    }
}

fn interrupted(job: &Job, closing: &CancellationToken) -> Option<InferenceError> {
    if job.cancel.is_cancelled() || closing.is_cancelled() || job.reply.is_closed() {
        return Some(InferenceError::Cancelled);
    }
    (Instant::now() >= job.deadline).then(|| InferenceError::Timeout("the call's deadline has passed".into()))
}
