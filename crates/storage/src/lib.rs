//! Rows of the control plane: stored responses, agents and their sessions.
//!
//! One SQL text runs on SQLite and PostgreSQL through `sqlx::AnyPool`. SQLite keeps WAL with one writer; a write is
//! on disk when the method returns.

mod agents;
mod blobs;
mod error;
mod files;
mod open;
mod registrations;
mod responses;
mod rows;
mod sessions;
mod vectors;

pub use blobs::DiskBlobs;
pub use open::{OpenError, Store};
