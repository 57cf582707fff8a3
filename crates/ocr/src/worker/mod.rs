//! Documents are parsed, drawn and recognised in a process of their own.
//!
//! Whatever a document does to the parser, the server lives: the worker has a
//! memory limit, each document a time limit, and a worker that dies is replaced.
//! It stays alive between documents, because loading models costs more than reading a page.

mod child;
mod frame;
mod pool;

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use child::run;
pub use pool::Pool;

use crate::intake::Limits;
use crate::recognizer::ModelFiles;

/// The command line word that makes the executable a worker.
pub const WORKER_COMMAND: &str = "ocr-worker";

/// How the worker process is started and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerConfig {
    /// The program; this executable when absent.
    pub program: Option<PathBuf>,
    /// Its arguments; `ocr-worker` when absent.
    pub arguments: Option<Vec<String>>,
    /// Worker processes, one document at a time each.
    pub processes: usize,
    /// Documents that may wait; one more is refused as overloaded.
    pub queue: usize,
    /// Longest a document may take once it is its turn.
    pub seconds_per_document: u64,
    /// Address space of a worker in megabytes; 0 for no limit.
    pub memory_mb: u64,
    /// Threads a worker recognises with; 0 for one per core, at most 4.
    pub threads: usize,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            program: None,
            arguments: None,
            processes: 1,
            queue: 16,
            seconds_per_document: 240,
            memory_mb: 4096,
            threads: 0,
        }
    }
}

impl WorkerConfig {
    fn command(&self) -> std::io::Result<(PathBuf, Vec<OsString>)> {
        let program = match &self.program {
            Some(program) => program.clone(),
            // The file may have been replaced by a newer one since this process started; this is still the one that runs.
            None if cfg!(target_os = "linux") => PathBuf::from("/proc/self/exe"),
            None => std::env::current_exe()?,
        };
        let arguments = match &self.arguments {
            Some(arguments) => arguments.iter().map(OsString::from).collect(),
            None => vec![OsString::from(WORKER_COMMAND)],
        };
        Ok((program, arguments))
    }

    fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(4),
            threads => threads,
        }
    }
}

/// What a worker is told once, before its first document.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Setup {
    limits: Limits,
    models: Option<ModelFiles>,
    memory_mb: u64,
    threads: usize,
}

/// Pages read so far, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub pages: usize,
    pub of: usize,
}

/// Hears how far a document is. A full channel loses the message, never the document.
pub type Tell = tokio::sync::mpsc::Sender<Progress>;

/// A worker's answer to one document: how far it is, any number of times, then one of the others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Progress(Progress),
    Read(Box<crate::reading::Reading>),
    /// Recognition is needed and not there.
    Unavailable(String),
    Failed(String),
}
