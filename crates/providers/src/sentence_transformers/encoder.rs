//! What the thread that owns a model needs of it.

use ports::embeddings::Embedded;
use ports::inference::InferenceError;

use super::config::{EncoderConfig, EncoderError};
use super::mpnet::Mpnet;
use super::universal::{self, Universal};

/// A loaded model.
pub trait Encode {
    fn dimension(&self) -> usize;

    /// One vector a text, in order. The texts are computed as one batch.
    fn embed(&self, texts: &[String]) -> Result<Embedded, InferenceError>;
}

/// What can be said of a model that is not loaded: its vectors' numbers, the tokens it reads, its largest file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    pub dimension: u32,
    pub context_tokens: u32,
    pub weights: &'static str,
}

const MPNET: Traits = Traits { dimension: 768, context_tokens: 384, weights: "model.safetensors" };

/// By the name that the files' publisher gave the model.
pub fn traits(name: &str) -> Traits {
    if name.contains("universal-sentence-encoder") { universal::TRAITS } else { MPNET }
}

pub fn load(config: &EncoderConfig) -> Result<Box<dyn Encode>, EncoderError> {
    match traits(&config.name) {
        universal::TRAITS => Ok(Box::new(Universal::load(config)?)),
        _ => Ok(Box::new(Mpnet::load(config)?)),
    }
}

pub fn pool(config: &EncoderConfig) -> Result<rayon::ThreadPool, EncoderError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(config.worker_threads())
        .thread_name(|index| format!("embed-{index}"))
        .build()
        .map_err(|error| EncoderError::Threads(error.to_string()))
}

pub fn unreadable(file: &'static str, reason: impl std::fmt::Display) -> EncoderError {
    EncoderError::Unreadable { file, reason: reason.to_string() }
}

pub fn internal(part: &str, reason: impl std::fmt::Display) -> InferenceError {
    InferenceError::Internal(format!("{part}: {reason}"))
}
