use std::path::Path;

use ports::inference::InferenceError;

/// Why the local model cannot be set up or loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlamaError {
    #[error("{field} {rule}")]
    Config { field: &'static str, rule: String },
    #[error("the model file '{0}' does not exist")]
    Missing(String),
    #[error("llama.cpp cannot read the model file '{0}': it is not a complete GGUF file of a known architecture")]
    Unreadable(String),
    #[error("no context for the model: {0}")]
    Context(String),
    #[error("no table of the model's tokens: {0}")]
    Tokens(String),
    #[error("llama.cpp did not start: {0}")]
    Backend(String),
    #[error("loading was stopped")]
    Stopped,
}

impl LlamaError {
    /// Errors reach clients, so they show the file's name and not where it lies.
    pub(crate) fn file_name(path: &Path) -> String {
        path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl From<LlamaError> for InferenceError {
    fn from(error: LlamaError) -> Self {
        match error {
            LlamaError::Stopped => Self::Cancelled,
            other => Self::Internal(format!("cannot load the local model: {other}")),
        }
    }
}

pub(crate) fn invalid(param: &str, message: impl Into<String>) -> InferenceError {
    InferenceError::Invalid { param: Some(param.into()), message: message.into() }
}
