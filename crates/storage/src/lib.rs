//! Rows of the control plane: responses, conversations, chat completions, prompts, agents and their sessions, files,
//! vector stores and what callers register.
//!
//! One SQL text runs on SQLite and PostgreSQL through `sqlx::AnyPool`. SQLite keeps WAL with one writer; a write is
//! on disk when the method returns.

mod agents;
mod batches;
mod blobs;
mod completions;
mod conversations;
mod error;
mod files;
mod open;
mod paging;
mod prompts;
mod registrations;
mod responses;
mod rows;
mod sessions;
mod vectors;

pub use blobs::DiskBlobs;
pub use open::{OpenError, Store};
