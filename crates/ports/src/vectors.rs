//! Vector stores: their records, and the search over their chunks.

use std::collections::HashMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::JsonObject;
use wire::openai::vector_stores::{ChunkingStrategy, Filter, SearchMode};

use crate::access::{Caller, Principal};
use crate::responses::{Lease, Listed, Page, StoreError};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorStore {
    pub id: String,
    pub name: Option<String>,
    /// Unix seconds, both.
    pub created_at: i64,
    pub last_active_at: i64,
    pub expires_after_days: Option<u32>,
    pub metadata: JsonObject,
    /// `provider/model`.
    pub embedding_model: String,
    /// Length of its vectors; 0 until the first is known.
    pub dimension: u32,
    /// How near two vectors are.
    #[serde(default)]
    pub metric: Metric,
    pub owner: Option<Caller>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The score is the cosine, -1 to 1.
    #[default]
    Cosine,
    /// The score is the inner product.
    Dot,
    /// The score is `1 / (1 + distance)`, the distance being Euclid's.
    L2,
}

impl Metric {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::L2 => "l2",
        }
    }
}

impl VectorStore {
    /// Unix seconds.
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_after_days.map(|days| self.last_active_at + i64::from(days) * 86_400)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachStatus {
    InProgress,
    Completed,
    Cancelled,
    Failed,
}

impl AttachStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// A file in a vector store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    pub store_id: String,
    pub file_id: String,
    pub filename: String,
    pub attributes: JsonObject,
    pub chunking: ChunkingStrategy,
    /// Unix seconds.
    pub created_at: i64,
    pub status: AttachStatus,
    pub last_error: Option<AttachError>,
    /// Bytes of text kept.
    pub usage_bytes: u64,
    pub batch_id: Option<String>,
}

/// `unsupported_file`, `invalid_file` or `server_error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachError {
    pub code: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileBatch {
    pub id: String,
    pub store_id: String,
    /// Unix seconds.
    pub created_at: i64,
    pub cancelled: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    pub id: String,
    /// Empty for chunks that were inserted without a file.
    pub file_id: String,
    pub ordinal: i64,
    pub text: String,
    pub metadata: JsonObject,
    pub vector: Vec<f32>,
}

/// A chunk with the number of the change that put it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub revision: i64,
    pub chunk: Chunk,
}

/// Where a reader of chunks stands: behind this one, in the order they are given out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub revision: i64,
    pub file_id: String,
    pub ordinal: i64,
    pub id: String,
}

impl Place {
    /// Behind everything that was there at `revision`.
    pub fn behind(revision: i64) -> Self {
        // No file id is below the empty one, so the next revision's first chunk is still ahead.
        Self { revision: revision + 1, ordinal: i64::MIN, ..Self::default() }
    }
}

impl From<&Kept> for Place {
    fn from(kept: &Kept) -> Self {
        let chunk = &kept.chunk;
        let (file_id, id) = (chunk.file_id.clone(), chunk.id.clone());
        Self { revision: kept.revision, file_id, ordinal: chunk.ordinal, id }
    }
}

/// How many files are in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileCounts {
    pub in_progress: u64,
    pub completed: u64,
    pub cancelled: u64,
    pub failed: u64,
    /// Bytes of text of all of them.
    pub usage_bytes: u64,
}

/// How far the contents of a store have come: both numbers only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revision {
    /// Of the newest chunk.
    pub now: i64,
    /// When something was last removed; whoever read before must ask which chunks are left.
    pub rewritten: i64,
}

/// Which files of a store: all, of a batch, of a status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachedFilter {
    pub batch: Option<String>,
    pub status: Option<AttachStatus>,
}

#[async_trait]
pub trait VectorStores: Send + Sync {
    async fn put_vector_store(&self, store: &VectorStore) -> Result<(), StoreError>;

    async fn vector_store(&self, id: &str, caller: Option<&Principal>) -> Result<Option<VectorStore>, StoreError>;

    /// The store whoever owns it, for work that was begun in its owner's name.
    async fn store_of_any(&self, id: &str) -> Result<Option<VectorStore>, StoreError>;

    async fn vector_stores(&self, page: &Page, caller: Option<&Principal>) -> Result<Listed<VectorStore>, StoreError>;

    /// Removes the store with all that is in it.
    async fn remove_vector_store(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;

    async fn put_attached(&self, file: &Attached) -> Result<(), StoreError>;

    async fn attached(&self, store_id: &str, file_id: &str) -> Result<Option<Attached>, StoreError>;

    async fn all_attached(
        &self,
        store_id: &str,
        page: &Page,
        filter: &AttachedFilter,
    ) -> Result<Listed<Attached>, StoreError>;

    async fn file_counts(&self, store_id: &str, batch: Option<&str>) -> Result<FileCounts, StoreError>;

    /// Removes a file from the store with its chunks.
    async fn detach(&self, store_id: &str, file_id: &str) -> Result<bool, StoreError>;

    /// Ids of stores that expired before `by` (Unix seconds), whoever owns them, with all in them removed; at most
    /// `limit`.
    async fn remove_expired_stores(&self, by: i64, limit: u32) -> Result<Vec<String>, StoreError>;

    /// Files of no batch that have been in progress since before `since` (Unix seconds), at most `limit`.
    async fn left_in_progress(&self, since: i64, limit: u32) -> Result<Vec<Attached>, StoreError>;

    /// Keeps a batch whose files will be attached under `lease`.
    async fn begin_batch(&self, batch: &FileBatch, lease: &Lease) -> Result<(), StoreError>;

    /// Puts off the end of the lease on the batches that `lease.runner` works on.
    async fn renew_file_batches(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Takes batches that have files in progress and that nobody works on at `now`, at most `limit`; each goes to one
    /// taker only. A database that only one process may open knows that every other runner is dead.
    async fn claim_file_batches(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<FileBatch>, StoreError>;

    /// Replaces what is kept of a batch.
    async fn put_batch(&self, batch: &FileBatch) -> Result<(), StoreError>;

    async fn batch(&self, store_id: &str, id: &str) -> Result<Option<FileBatch>, StoreError>;

    /// Adds chunks, all or none; those of the same id are replaced.
    async fn add_chunks(&self, store_id: &str, chunks: &[Chunk]) -> Result<(), StoreError>;

    /// Says that the attributes of a file have changed: its chunks are given out again.
    async fn rewritten(&self, store_id: &str, file_id: &str) -> Result<(), StoreError>;

    async fn revision(&self, store_id: &str) -> Result<Revision, StoreError>;

    /// Chunks behind `after`, oldest first, at most `limit`.
    async fn chunks_after(&self, store_id: &str, after: &Place, limit: u32) -> Result<Vec<Kept>, StoreError>;

    /// Of all chunks of the store, in no order.
    async fn chunk_ids(&self, store_id: &str) -> Result<Vec<String>, StoreError>;

    /// The vectors of these chunks, as they were put in; a chunk that is gone has none.
    async fn vectors_of(&self, store_id: &str, chunk_ids: &[String]) -> Result<HashMap<String, Vec<f32>>, StoreError>;

    async fn chunks_of(&self, store_id: &str, file_id: &str) -> Result<Vec<Chunk>, StoreError>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct VectorQuery {
    /// Needed for `Vector` and `Hybrid`.
    pub vector: Vec<f32>,
    pub words: String,
    pub mode: SearchMode,
    pub filter: Option<Filter>,
    pub limit: usize,
    pub threshold: f32,
    pub fusion: Fusion,
}

/// How two rankings become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fusion {
    /// Reciprocal ranks with this impact factor.
    ReciprocalRank { impact: f32 },
    /// Scores brought to 0..1; `vector` is the share of the vector score.
    Weighted { vector: f32 },
}

#[derive(Debug, Clone, PartialEq)]
pub struct VectorHit {
    pub chunk_id: String,
    pub file_id: String,
    pub filename: String,
    pub text: String,
    /// Of the file, with the chunk's own on top.
    pub attributes: JsonObject,
    /// By the store's metric for vectors, BM25 for words, the fused score for both.
    pub score: f32,
}

/// How a store is searched just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchPlan {
    /// `exact`, `approximate` or `pgvector`.
    pub kind: &'static str,
    /// Where it is known without asking.
    pub chunks: Option<usize>,
    /// An approximate index is being made; until then the search is exact.
    pub building: bool,
}

/// Finds chunks: by a scan, by an approximate index, or by a database.
#[async_trait]
pub trait VectorSearch: Send + Sync {
    /// Best first, at most `limit`.
    async fn search(&self, store: &VectorStore, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError>;

    /// `None` where it has not been searched since the start.
    fn plan(&self, _store_id: &str) -> Option<SearchPlan> {
        None
    }

    /// The store is gone: drops what is kept of it beside the database.
    async fn forget(&self, _store_id: &str) {}
}
