//! Chat completions kept for later reading.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use wire::openai::chat::{ChatCompletion, ChatMessage};

use crate::access::{Caller, Principal};
use crate::responses::{Listed, Page, StoreError};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCompletion {
    pub completion: ChatCompletion,
    pub input_messages: Vec<ChatMessage>,
    pub owner: Option<Caller>,
}

#[async_trait]
pub trait Completions: Send + Sync {
    /// Saves them all in one transaction; durable when it returns.
    async fn put_completions(&self, stored: &[StoredCompletion]) -> Result<(), StoreError>;

    async fn completion(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredCompletion>, StoreError>;

    /// By the time they were made; of one model when `model` is given.
    async fn completions(
        &self,
        page: &Page,
        model: Option<&str>,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredCompletion>, StoreError>;

    async fn remove_completion(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;
}
