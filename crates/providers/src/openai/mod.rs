//! Any server that speaks OpenAI's chat completions and embeddings: vLLM first.
//!
//! Retries happen only before the first byte and only when the server said it did nothing (429, 503) or could not
//! be reached at all.

mod breaker;
mod chat;
mod config;
mod decode;
mod detectors;
mod direct;
mod embeddings;
mod models;
mod rerank;
mod sending;
mod transport;
mod whole;

pub use config::{OpenAiConfig, Tls};
pub use detectors::FmsOrchestrator;
pub use embeddings::OpenAiEmbeddings;
pub use rerank::RemoteRerank;
pub use transport::OpenAiCompatible;
