//! Stored responses. A caller sees what the access rules let them see; without tokens everything belongs to nobody in
//! particular, and nobody sees what belongs to somebody.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::openai::items::Item;
use wire::openai::responses::{ResponseObject, ResponseRequest};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredResponse {
    pub response: ResponseObject,
    /// The new input of this response, ids filled in.
    pub input: Vec<Item>,
    /// Everything the model had been told before, oldest first: the earlier responses' inputs and outputs. Empty for a
    /// response in a conversation, which keeps that itself.
    pub history: Vec<Item>,
    pub owner: Option<Caller>,
    /// What was asked, while the response waits to begin and holds no secret: enough to begin it after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<ResponseRequest>>,
}

/// One page of a list. `after` and `before` are exclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub after: Option<String>,
    /// Rows that come before this one in the order asked for.
    pub before: Option<String>,
    /// 1 to 100.
    pub limit: u32,
    pub ascending: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

/// A process's hold on the responses it runs in the background. Whoever lets it run out has died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Names the process; fresh at each start.
    pub runner: String,
    /// Unix seconds.
    pub until: i64,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error("the store is busy: {0}")]
    Overloaded(String),
    #[error("the store is full: {0}")]
    Full(String),
    /// The caller may see the record, and may not do this with it.
    #[error("{0}")]
    Denied(String),
    #[error("the store failed: {0}")]
    Internal(String),
}

#[async_trait]
pub trait Responses: Send + Sync {
    /// Saves or replaces; durable when it returns.
    async fn put(&self, stored: &StoredResponse) -> Result<(), StoreError>;

    async fn get(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredResponse>, StoreError>;

    /// Whether there was something to remove.
    async fn remove(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;

    /// By creation time, newest first unless `ascending`; of one model when `model` is given.
    async fn list(
        &self,
        page: &Page,
        model: Option<&str>,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredResponse>, StoreError>;

    /// Saves a response that will be worked on under `lease`.
    async fn begin(&self, stored: &StoredResponse, lease: &Lease) -> Result<(), StoreError>;

    /// Replaces a response that is still queued or in progress. `false`, and nothing done, when it is over or gone:
    /// somebody cancelled or removed it.
    async fn advance(&self, stored: &StoredResponse) -> Result<bool, StoreError>;

    /// Puts off the end of the lease on everything that `lease.runner` works on.
    async fn renew(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Takes over responses whose runner is dead at `now`, at most `limit`; each goes to one taker only. A database
    /// that only one process may open knows that every other runner is dead.
    async fn take_over(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<StoredResponse>, StoreError>;
}
use crate::access::{Caller, Principal};
