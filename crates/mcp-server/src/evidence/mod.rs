//! Evidence: what the tools of one claim tell each other.
//!
//! A tool never hands its findings to the next tool through a model. It posts
//! them to the claims service and the next tool reads them there, by claim id.

mod client;
mod error;
mod types;

pub use client::EvidenceClient;
pub use error::EvidenceError;
pub use types::{
    Document, Evidence, EvidenceConfig, EvidenceRef, EvidenceSet, History, HistoryQuery, Intake, NewEvidence,
    StoredDecision,
};
