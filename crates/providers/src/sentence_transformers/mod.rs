//! Embeddings from a sentence-transformers MPNet model (all-mpnet-base-v2), in this process, from the files as published.
//!
//! English only in effect: paraphrases in other languages are found hardly better than by shared words.

mod config;
mod encoder;
mod mpnet;
mod owner;
mod provider;

pub use config::{MpnetConfig, MpnetError};
pub use provider::Mpnet;
