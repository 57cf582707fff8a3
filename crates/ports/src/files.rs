//! Uploaded files: a record and its bytes.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Principal};
use crate::responses::{Listed, Page, StoreError};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredFile {
    pub id: String,
    pub filename: String,
    pub purpose: String,
    pub bytes: u64,
    /// Unix seconds, both.
    pub created_at: i64,
    pub expires_at: i64,
    pub owner: Option<Caller>,
}

#[async_trait]
pub trait Files: Send + Sync {
    async fn put_file(&self, file: &StoredFile) -> Result<(), StoreError>;

    async fn file(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredFile>, StoreError>;

    /// By creation; those of one purpose, or all; those expired at `now` are left out.
    async fn files(
        &self,
        page: &Page,
        purpose: Option<&str>,
        now: i64,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredFile>, StoreError>;

    async fn remove_file(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;

    /// Removes the records that have expired at `now`, whoever owns them; gives their ids.
    async fn expired_files(&self, now: i64) -> Result<Vec<String>, StoreError>;
}

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the file is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the upload ended early: {0}")]
    Cut(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub type ByteStream<'a> = BoxStream<'a, Result<Bytes, String>>;

/// Where the bytes of files are. Ids are our own, never a caller's text.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Writes all of `content`, durable when it returns; gives its length. Nothing is left of a failed write.
    async fn write(&self, id: &str, content: ByteStream<'_>, limit: u64) -> Result<u64, BlobError>;

    /// The bytes in order; `None` when there is no such blob.
    async fn read(&self, id: &str) -> Result<Option<ByteStream<'static>>, StoreError>;

    async fn delete(&self, id: &str) -> Result<(), StoreError>;
}
