//! The doors of the house: a trait for each seam, the words it speaks, and the errors a caller can act on.
//!
//! `engine` decides with these traits, `providers`, `llama` and `storage` stand behind them, and the executable
//! chooses who stands where. Nothing here does I/O.

pub mod access;
pub mod agents;
pub mod auth;
pub mod batches;
pub mod completions;
pub mod context;
pub mod conversations;
pub mod detectors;
pub mod documents;
pub mod embeddings;
pub mod files;
pub mod fold;
pub mod health;
pub mod inference;
pub mod prompts;
pub mod quotas;
pub mod registrations;
pub mod rerank;
pub mod responses;
pub mod sessions;
pub mod tools;
pub mod trace;
pub mod vectors;
pub mod web;

pub use context::{CallContext, Clock, Ids};
