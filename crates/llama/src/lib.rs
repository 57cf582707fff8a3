//! Chat with a GGUF model inside this process, through llama.cpp.
//!
//! One thread owns the model and its context; callers reach it through a permit and a bounded channel. Answers
//! can be held to a grammar, so that a tool call always parses and always fits its schema, and the prompts of
//! earlier calls stay in the key-value cache, so that a shared prefix is read once.
//!
//! [`missing_environment`] names what must be set *before* the process starts, for good manners on shared cores.

mod answer;
mod config;
mod engine;
mod error;
mod grammar;
mod owner;
mod prefixes;
mod prompt;
mod provider;
mod sampling;

pub use config::{LlamaConfig, missing_environment};
pub use error::LlamaError;
pub use owner::LoadState;
pub use provider::LlamaProvider;
