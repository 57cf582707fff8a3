//! Reference data and sample claims from a folder of JSON Lines and CSV files.

mod reference;
mod samples;
mod tables;

use std::path::{Path, PathBuf};

use crate::store::{DocumentStoreError, StoreError};

pub use reference::{ReferenceCount, read_reference};
pub use samples::{SampleReport, import_samples};

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{file}: {source}")]
    Unreadable { file: PathBuf, source: std::io::Error },
    /// Line numbers count from 1.
    #[error("{file}, line {line}, field {field}: {rule}")]
    Invalid { file: PathBuf, line: usize, field: String, rule: String },
    #[error("{file}: the document of line {line} ({document}): {source}")]
    Document { file: PathBuf, line: usize, document: String, source: DocumentStoreError },
    #[error("{folder} holds none of the files of a reference folder (users.jsonl, contracts.jsonl, …)")]
    NothingThere { folder: PathBuf },
    #[error(transparent)]
    Store(#[from] StoreError),
}

const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// The whole text, or `None` when the file is not there.
fn read_text(file: &Path) -> Result<Option<String>, ImportError> {
    let unreadable = |source| ImportError::Unreadable { file: file.to_owned(), source };
    match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if found.len() > MAX_FILE_BYTES => {
            return Err(unreadable(std::io::Error::other(format!("larger than {MAX_FILE_BYTES} bytes"))));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(file).map(Some).map_err(unreadable)
}
