//! Embeddings in this process, from models as they are published: all-mpnet-base-v2 of sentence-transformers for
//! English, and the multilingual Universal Sentence Encoder.

mod config;
mod encoder;
mod mpnet;
mod owner;
mod provider;
mod universal;
mod waiting;

pub use config::{EncoderConfig, EncoderError};
pub use provider::SentenceTransformers;
