//! The server's side: a few workers, a bounded queue, a time limit.

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Answer, Setup, Tell, WorkerConfig, frame};
use crate::error::OcrError;
use crate::intake::{Limits, Unreadable, sniff};
use crate::reading::Reading;
use crate::recognizer::ModelFiles;

/// All that a worker is told of this process's environment: where shared libraries are.
const KEPT: [&str; 2] = ["LD_LIBRARY_PATH", "ORT_DYLIB_PATH"];

/// Reads documents in worker processes. Dropping a call that runs ends its worker.
pub struct Pool {
    config: WorkerConfig,
    limits: Limits,
    models: Option<ModelFiles>,
    turns: Semaphore,
    waiting: AtomicUsize,
    idle: Mutex<Vec<Worker>>,
}

struct Worker {
    // Held so that dropping the worker ends the process.
    _process: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// Leaves the queue however the call ends.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    /// Starts no process before the first document.
    #[must_use]
    pub fn new(config: WorkerConfig, limits: Limits, models: Option<ModelFiles>) -> Self {
        let turns = Semaphore::new(config.processes.clamp(1, 64));
        Self { config, limits, models, turns, waiting: AtomicUsize::new(0), idle: Mutex::new(Vec::new()) }
    }

    /// Whether models are configured.
    #[must_use]
    pub fn recognises(&self) -> bool {
        cfg!(feature = "recognise") && self.models.is_some()
    }

    /// Documents that wait or are being read.
    #[must_use]
    pub fn load(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Reads one document. A document that ends its worker is `too_complex`.
    ///
    /// # Errors
    /// [`OcrError::Overloaded`] at once when the queue is full, [`OcrError::Timeout`],
    /// [`OcrError::RecogniserUnavailable`], or the pipes to the worker fail before it took the document.
    pub async fn read(&self, document: &[u8]) -> Result<Reading, OcrError> {
        self.read_telling(document, None).await
    }

    /// As [`Pool::read`]; `tell` hears of each page.
    ///
    /// # Errors
    /// As [`Pool::read`].
    pub async fn read_telling(&self, document: &[u8], tell: Option<&Tell>) -> Result<Reading, OcrError> {
        if let Err(reason) = sniff(document, &self.limits) {
            return Ok(Reading::unreadable(reason));
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= self.config.queue + self.config.processes.max(1) {
            return Err(OcrError::Overloaded { waiting: before });
        }
        let _turn = self.turns.acquire().await.map_err(|_| OcrError::Overloaded { waiting: before })?;
        let seconds = self.config.seconds_per_document.max(1);
        match timeout(Duration::from_secs(seconds), self.exchange(document, tell)).await {
            Ok(read) => read,
            Err(_) => Err(OcrError::Timeout { seconds }),
        }
    }

    async fn exchange(&self, document: &[u8], tell: Option<&Tell>) -> Result<Reading, OcrError> {
        let kept = self.idle().pop();
        let mut worker = match kept {
            Some(worker) => worker,
            None => self.start().await?,
        };
        if frame::send(&mut worker.input, document).await.is_err() {
            // It died between documents, through no fault of this one.
            worker = self.start().await?;
            frame::send(&mut worker.input, document).await?;
        }
        let answer = loop {
            let Ok(answer) = frame::receive(&mut worker.output).await else {
                tracing::warn!(bytes = document.len(), "the reading process ended while it read a document");
                return Ok(Reading::unreadable(Unreadable::TooComplex));
            };
            match serde_json::from_slice(&answer).map_err(|error| OcrError::Protocol(error.to_string()))? {
                Answer::Progress(progress) => {
                    tell.map(|tell| tell.try_send(progress));
                }
                answer => break answer,
            }
        };
        self.idle().push(worker);
        match answer {
            Answer::Read(reading) => Ok(*reading),
            Answer::Unavailable(reason) => Err(OcrError::RecogniserUnavailable { reason }),
            Answer::Failed(reason) => Err(OcrError::Inference(reason)),
            Answer::Progress(_) => Err(OcrError::Protocol("progress after the end".to_owned())),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn start(&self) -> Result<Worker, OcrError> {
        let (program, arguments) = self.config.command()?;
        let mut process = Command::new(program)
            .args(arguments)
            // A document must not reach the service's tokens through a fault in a parser.
            .env_clear()
            .envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(mut input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(OcrError::Protocol("the worker has no pipes".to_owned()));
        };
        let setup = Setup {
            limits: self.limits,
            models: self.models.clone(),
            memory_mb: self.config.memory_mb,
            threads: self.config.threads(),
        };
        let setup = serde_json::to_vec(&setup).map_err(|error| OcrError::Protocol(error.to_string()))?;
        frame::send(&mut input, &setup).await?;
        Ok(Worker { _process: process, input, output })
    }
}
