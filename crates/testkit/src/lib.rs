//! What our tests stand on: servers that misbehave on request, a PostgreSQL that lives as long as a test, and the
//! contracts that every implementation of a port has to keep.
//!
//! A dev-dependency only. Everything listens on port 0 of loopback, nothing sleeps to wait for something, and every
//! wait is bounded by [`PATIENCE`].

pub mod chunks;
pub mod detectors;
mod listening;
pub mod mcp;
pub mod openai;
pub mod postgres;
pub mod suites;
pub mod web;

pub use listening::{Listening, eventually};

/// Longest wait for something a test expects to happen.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
