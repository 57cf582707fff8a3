//! Retrieval for claims: the policyholder and the contract terms, precedents, and policy articles, as MCP tools.
//!
//! Keys come first: a user, a contract, an invoice are looked up, never searched. Search orders what is left, by
//! words and by the control plane's embeddings. Without embeddings, or until the index is built, the tools answer
//! with what words and keys give and say so. The crate knows a control plane only by `client`.

mod backfill;
mod bm25;
mod claim;
mod clauses;
mod config;
mod corpus;
mod duplicates;
mod embedder;
mod folder;
mod generation;
mod indexer;
mod records;
mod redact;
mod reference;
mod service;
mod shelf;
mod tools;
mod vectors;
mod vocabulary;
mod words;

pub use backfill::{Backfill, BackfillError, backfill};
pub use config::{EmbeddingModel, RagConfig, StartError};
pub use indexer::Progress;
pub use service::{service, tools};
