//! Rows of the control plane: responses, conversations, chat completions, prompts and agent sessions.
//!
//! One SQL text runs on SQLite and PostgreSQL through `sqlx::AnyPool`. SQLite keeps WAL with one writer; a write is
//! on disk when the method returns.

mod completions;
mod conversations;
mod error;
mod open;
mod paging;
mod prompts;
mod responses;
mod sessions;

pub use open::{OpenError, Store};
