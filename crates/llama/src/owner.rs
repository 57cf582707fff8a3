//! The thread that owns the model: loads it on first need and serves one call after another.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use llama_cpp_2::llama_backend::LlamaBackend;
use ports::inference::{ChatCall, ChatDelta, InferenceError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wire::openai::completions::CompletionRequest;

use crate::config::LlamaConfig;
use crate::engine::{Engine, Listener, Prepared, load_model};
use crate::error::LlamaError;

/// Deltas that one token can give at most: held-back text, a call, its first arguments.
const DELTAS_A_TOKEN: usize = 3;

pub type Deltas = mpsc::Receiver<Result<ChatDelta, InferenceError>>;

/// Where the model stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadState {
    /// Nobody has needed it yet.
    Idle,
    Loading,
    Ready,
    /// The next call tries again.
    Failed(LlamaError),
}

/// What the model is to go on from.
pub enum Ask {
    Chat(Box<ChatCall>),
    Text(Box<CompletionRequest>),
}

/// One call on its way to the owner.
pub struct Job {
    pub ask: Ask,
    pub cancel: CancellationToken,
    pub deadline: Instant,
    /// Told once the call is known to be valid, with the stream of its answer.
    pub started: oneshot::Sender<Result<Deltas, InferenceError>>,
    /// Given back when the answer is complete, not when its last delta is read.
    pub permit: OwnedSemaphorePermit,
}

pub enum Errand {
    Warm,
    Chat(Box<Job>),
}

/// What the owner shows to the rest of the process.
#[derive(Debug)]
pub struct Board {
    state: Mutex<LoadState>,
}

impl Board {
    pub fn new() -> Self {
        Self { state: Mutex::new(LoadState::Idle) }
    }

    pub fn state(&self) -> LoadState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, state: LoadState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Serves until every sender of `errands` is gone or `closing` is cancelled.
pub fn run(config: &LlamaConfig, errands: &Receiver<Errand>, board: &Arc<Board>, closing: &CancellationToken) {
    while let Ok(first) = errands.recv() {
        board.show(LoadState::Loading);
        let Err((error, errand)) = load_and_serve(config, first, errands, board, closing) else { break };
        tracing::error!(%error, model = config.name, "the local model did not load");
        board.show(LoadState::Failed(error.clone()));
        if let Errand::Chat(job) = errand {
            refuse(*job, error.into());
        }
    }
    board.show(LoadState::Idle);
}

/// Gives the errand back when the model cannot be loaded.
fn load_and_serve(
    config: &LlamaConfig,
    first: Errand,
    errands: &Receiver<Errand>,
    board: &Board,
    closing: &CancellationToken,
) -> Result<(), (LlamaError, Errand)> {
    let begun = Instant::now();
    let stop = closing.clone();
    let loaded = backend().and_then(|backend| {
        let model = load_model(backend, &config.model_path, move |_| !stop.is_cancelled());
        model.map_err(|error| if closing.is_cancelled() { LlamaError::Stopped } else { error })
    });
    let model = match loaded {
        Ok(model) => model,
        Err(error) => return Err((error, first)),
    };
    let mut engine = match backend().and_then(|backend| Engine::new(backend, &model, config)) {
        Ok(engine) => engine,
        Err(error) => return Err((error, first)),
    };
    let threads = config.worker_threads();
    tracing::info!(
        model = config.name,
        threads,
        load_ms = begun.elapsed().as_millis() as u64,
        "the local model is ready"
    );
    board.show(LoadState::Ready);
    serve(&mut engine, first, closing);
    while let Ok(errand) = errands.recv() {
        serve(&mut engine, errand, closing);
    }
    Ok(())
}

fn serve(engine: &mut Engine<'_>, errand: Errand, closing: &CancellationToken) {
    let Errand::Chat(job) = errand else { return };
    if let Some(reason) = interrupted(&job.cancel, closing, job.deadline) {
        return refuse(*job, reason);
    }
    let prepared = match &job.ask {
        Ask::Chat(call) => engine.prepare(call),
        Ask::Text(request) => engine.prepare_text(request),
    };
    match prepared {
        Err(error) => refuse(*job, error),
        Ok(work) => answer(engine, work, *job, closing),
    }
}

fn refuse(job: Job, error: InferenceError) {
    // Nobody listens any more: then nobody needs to be told.
    let _ = job.started.send(Err(error));
}

fn answer(engine: &mut Engine<'_>, work: Prepared, job: Job, closing: &CancellationToken) {
    let Job { cancel, deadline, started, permit, .. } = job;
    let (deltas, reader) = mpsc::channel(work.budget() * DELTAS_A_TOKEN + 8);
    if started.send(Ok(reader)).is_err() {
        return;
    }
    let mut caller = Caller { deltas, cancel, closing: closing.clone(), deadline };
    if let Err(error) = engine.answer(work, &mut caller) {
        // A full or closed channel has no reader left to miss the error.
        let _ = caller.deltas.try_send(Err(error));
    }
    drop(permit);
}

struct Caller {
    deltas: mpsc::Sender<Result<ChatDelta, InferenceError>>,
    cancel: CancellationToken,
    closing: CancellationToken,
    deadline: Instant,
}

impl Listener for Caller {
    fn interrupted(&self) -> Option<InferenceError> {
        if self.deltas.is_closed() {
            return Some(InferenceError::Cancelled);
        }
        interrupted(&self.cancel, &self.closing, self.deadline)
    }

    /// Never waits: the channel has room for the whole answer, so a slow reader holds nobody up.
    fn deliver(&mut self, delta: ChatDelta) -> Result<(), InferenceError> {
        self.deltas.try_send(Ok(delta)).map_err(|_| InferenceError::Cancelled)
    }
}

fn interrupted(cancel: &CancellationToken, closing: &CancellationToken, deadline: Instant) -> Option<InferenceError> {
    if cancel.is_cancelled() || closing.is_cancelled() {
        return Some(InferenceError::Cancelled);
    }
    (Instant::now() >= deadline).then(|| InferenceError::Timeout("the call's deadline has passed".into()))
}

/// llama.cpp can be started once in a process, and stays.
fn backend() -> Result<&'static LlamaBackend, LlamaError> {
    static BACKEND: OnceLock<Result<LlamaBackend, LlamaError>> = OnceLock::new();
    let started = BACKEND.get_or_init(|| {
        llama_cpp_2::send_logs_to_tracing(llama_cpp_2::LogOptions::default().with_logs_enabled(false));
        LlamaBackend::init().map_err(|error| LlamaError::Backend(error.to_string()))
    });
    started.as_ref().map_err(Clone::clone)
}
