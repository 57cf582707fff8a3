//! Rows of the control plane: responses, conversations, chat completions, prompts, agents and their sessions, files,
//! vector stores, what callers register, and how much they have asked.
//!
//! One SQL text runs on SQLite and PostgreSQL through `sqlx::AnyPool`. SQLite keeps WAL with one writer; a write is
//! on disk when the method returns. A method that takes a caller gives and touches only what the access rules let that
//! caller have.

mod access;
mod agents;
mod batches;
mod blobs;
mod completions;
mod conversations;
mod error;
mod files;
mod open;
mod paging;
mod pgvector;
mod prompts;
mod quotas;
mod registrations;
mod responses;
mod rows;
mod sessions;
mod vectors;

pub use blobs::DiskBlobs;
pub use open::{OpenError, Settings, Store};
pub use pgvector::PgVectorSearch;
