use std::path::PathBuf;

use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderConfig {
    /// Folder with the published files: `config.json`, `tokenizer.json` and `model.safetensors` of MPNet, or
    /// `weights.npz` and `sp.model` of the Universal Sentence Encoder.
    pub dir: PathBuf,
    /// The name clients ask for.
    pub name: String,
    /// 0 means one for each core that this process may use.
    pub threads: usize,
    /// Calls that may wait for the one that runs; one more is refused at once.
    pub waiting_calls: usize,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::new(),
            name: "sentence-transformers/all-mpnet-base-v2".into(),
            threads: 0,
            waiting_calls: 64,
        }
    }
}

/// Why the embedding model cannot be set up or loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncoderError {
    #[error("{field} {rule}")]
    Config { field: &'static str, rule: &'static str },
    #[error("cannot read the embedding model's {file}: {reason}")]
    Unreadable { file: &'static str, reason: String },
    #[error("no threads for the embedding model: {0}")]
    Threads(String),
}

impl EncoderConfig {
    pub(super) fn check(&self) -> Result<(), EncoderError> {
        if self.dir.as_os_str().is_empty() {
            return Err(EncoderError::Config { field: "dir", rule: "must name the model's folder" });
        }
        if self.name.trim().is_empty() {
            return Err(EncoderError::Config { field: "name", rule: "must not be empty" });
        }
        if self.threads > 256 {
            return Err(EncoderError::Config { field: "threads", rule: "must be at most 256" });
        }
        Ok(())
    }

    pub(super) fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        }
    }
}
