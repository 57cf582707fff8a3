//! The thread that owns the encoder: loads it on first need and serves calls lot by lot.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use ports::embeddings::Embedded;
use ports::inference::InferenceError;
use tokio_util::sync::CancellationToken;

use super::config::{EncoderConfig, EncoderError};
use super::encoder::{self, Encode};
use super::waiting::{Errand, Job, Waiting, lots};

/// Short calls that are served between two lots of a long one, at most.
const BETWEEN: usize = 8;

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

/// Serves until `waiting` is closed.
pub fn run(config: &EncoderConfig, waiting: &Waiting, board: &Board, closing: &CancellationToken) {
    let mut encoder = None;
    while let Some(errand) = waiting.take() {
        if encoder.is_none() {
            encoder = load(config, board);
        }
        let Errand::Embed(job) = errand else { continue };
        let answer = match (&encoder, board.state()) {
            (Some(encoder), _) => embed(encoder.as_ref(), &job, waiting, closing),
            (None, LoadState::Failed(error)) => Err(InferenceError::Internal(error.to_string())),
            (None, _) => Err(InferenceError::Internal("the embedding model did not load".into())),
        };
        // Nobody listens any more: then nobody needs to be told.
        let _ = job.reply.send(answer);
    }
}

/// One lot after another; a question that comes meanwhile does not wait for a whole book.
fn embed(
    encoder: &dyn Encode,
    job: &Job,
    waiting: &Waiting,
    closing: &CancellationToken,
) -> Result<Embedded, InferenceError> {
    let mut all = Embedded { vectors: Vec::with_capacity(job.texts.len()), tokens: 0 };
    for (number, lot) in lots(&job.texts).enumerate() {
        if number > 0 {
            let short = std::iter::from_fn(|| waiting.take_short()).take(BETWEEN);
            short.for_each(|short| {
                let answer = interrupted(&short, closing).map_or_else(|| encoder.embed(&short.texts), Err);
                let _ = short.reply.send(answer);
            });
        }
        if let Some(reason) = interrupted(job, closing) {
            return Err(reason);
        }
        let found = encoder.embed(lot)?;
        all.vectors.extend(found.vectors);
        all.tokens += found.tokens;
    }
    Ok(all)
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
