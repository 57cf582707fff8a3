//! Batches: many requests in one file, answered in the background. Each answer is kept as it comes, so that a restart
//! repeats none of those that were kept.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::JsonObject;

use crate::access::{Caller, Principal};
use crate::responses::{Lease, Listed, Page, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    Validating,
    InProgress,
    Finalizing,
    Completed,
    Failed,
    Expired,
    Cancelling,
    Cancelled,
}

impl BatchStatus {
    /// Those that somebody has to work on.
    pub const ACTIVE: [Self; 4] = [Self::Validating, Self::InProgress, Self::Finalizing, Self::Cancelling];

    pub fn name(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn over(self) -> bool {
        !Self::ACTIVE.contains(&self)
    }
}

/// Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub id: String,
    pub endpoint: String,
    pub input_file_id: String,
    pub metadata: Option<JsonObject>,
    pub status: BatchStatus,
    pub created_at: i64,
    pub expires_at: i64,
    /// When each status began, by its name: `in_progress_at`, `completed_at`, …
    pub times: JsonObject,
    pub output_file_id: Option<String>,
    pub error_file_id: Option<String>,
    /// Why it failed as a whole.
    pub errors: Vec<BatchError>,
    /// Requests in the file.
    pub total: u64,
    pub completed: u64,
    pub failed: u64,
    pub owner: Option<Caller>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchError {
    pub code: String,
    pub message: String,
    pub param: Option<String>,
    /// In the input file, from 1.
    pub line: Option<u64>,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// In the input file, from 1.
    pub line: u64,
    pub ok: bool,
    /// JSON text, as it goes into the output or the error file.
    pub body: String,
}

#[async_trait]
pub trait Batches: Send + Sync {
    /// Durable when it returns, as are the other writes here. `false`, and nothing done, when the id is taken.
    async fn create_batch(&self, batch: &Batch) -> Result<bool, StoreError>;

    async fn batch_by_id(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Batch>, StoreError>;

    /// By creation.
    async fn batches(&self, page: &Page, caller: Option<&Principal>) -> Result<Listed<Batch>, StoreError>;

    /// Replaces a batch that has one of the statuses `from`; `false`, and nothing done, otherwise.
    async fn advance_batch(&self, batch: &Batch, from: &[BatchStatus]) -> Result<bool, StoreError>;

    /// Takes active batches that nobody works on, at most `limit`; each goes to one taker only. A database that only
    /// one process may open knows that every other runner is dead.
    async fn claim_batches(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<Batch>, StoreError>;

    /// Puts off the end of the lease on all that `lease.runner` works on.
    async fn renew_batches(&self, lease: &Lease) -> Result<(), StoreError>;

    async fn put_line(&self, batch_id: &str, line: &BatchLine) -> Result<(), StoreError>;

    /// The lines that have their answer, and whether it is a good one.
    async fn lines_done(&self, batch_id: &str) -> Result<BTreeMap<u64, bool>, StoreError>;

    /// Lines after `after`, in order, at most `limit`: the answers, or the failures.
    async fn lines(&self, batch_id: &str, ok: bool, after: u64, limit: u32) -> Result<Vec<BatchLine>, StoreError>;

    /// Forgets the lines of a batch whose files are written.
    async fn drop_lines(&self, batch_id: &str) -> Result<(), StoreError>;
}
