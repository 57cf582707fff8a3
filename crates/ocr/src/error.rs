use std::path::PathBuf;

/// Why a document could not be turned into a reading.
///
/// A document that is merely unreadable (empty, encrypted, too large) is not
/// an error: it gives a [`crate::Reading`] with [`crate::Unreadable`] set.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The reader is busy and its queue is full: the caller may try again later.
    #[error("overloaded: {waiting} documents are already waiting")]
    Overloaded { waiting: usize },
    /// The document took longer than the configured limit.
    #[error("timeout: the document was not read within {seconds} s")]
    Timeout { seconds: u64 },
    /// Images need the recogniser, and it is not there.
    #[error("recognition unavailable: {reason}")]
    RecogniserUnavailable { reason: String },
    /// A model file is missing or is not the model it should be.
    #[error("model file {}: {reason}", path.display())]
    Model { path: PathBuf, reason: String },
    /// The network failed on this page.
    #[error("recognition failed: {0}")]
    Inference(String),
    /// `document_path` breaks a rule; the text says which.
    #[error("document_path: {0}")]
    Path(&'static str),
    /// Reading or writing failed below us.
    #[error("input/output: {0}")]
    Io(#[from] std::io::Error),
    /// The worker and the server disagree on the protocol.
    #[error("worker protocol: {0}")]
    Protocol(String),
}
