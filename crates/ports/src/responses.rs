//! Stored responses. An owner sees only what is theirs; without tokens everything belongs to nobody in particular.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::openai::items::Item;
use wire::openai::responses::ResponseObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredResponse {
    pub response: ResponseObject,
    /// The new input of this response, ids filled in.
    pub input: Vec<Item>,
    /// Everything the model had been told before, oldest first: the earlier responses' inputs and outputs.
    pub history: Vec<Item>,
    pub owner: Option<String>,
}

/// One page of a list. `after` is exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub after: Option<String>,
    /// 1 to 100.
    pub limit: u32,
    pub ascending: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error("the store is busy: {0}")]
    Overloaded(String),
    #[error("the store is full: {0}")]
    Full(String),
    #[error("the store failed: {0}")]
    Internal(String),
}

#[async_trait]
pub trait Responses: Send + Sync {
    /// Saves or replaces; durable when it returns.
    async fn put(&self, stored: &StoredResponse) -> Result<(), StoreError>;

    async fn get(&self, id: &str, owner: Option<&str>) -> Result<Option<StoredResponse>, StoreError>;

    /// Whether there was something to remove.
    async fn remove(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError>;

    /// By creation time, newest first unless `ascending`.
    async fn list(&self, page: &Page, owner: Option<&str>) -> Result<Listed<StoredResponse>, StoreError>;
}
