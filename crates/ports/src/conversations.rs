//! Conversations: metadata, and items in the order they were appended.

use async_trait::async_trait;
use wire::JsonObject;
use wire::openai::items::Item;

use crate::access::{Caller, Principal};
use crate::responses::{Listed, Page, StoreError};

/// Items one conversation holds at most.
pub const MOST_ITEMS: i64 = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub struct StoredConversation {
    pub id: String,
    /// Unix seconds.
    pub created_at: i64,
    pub metadata: JsonObject,
    pub owner: Option<Caller>,
}

/// What became of items that were to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    Done,
    /// There is no such conversation for this owner.
    Unknown,
    /// It would hold more than [`MOST_ITEMS`].
    Full,
}

#[async_trait]
pub trait Conversations: Send + Sync {
    /// Makes a conversation with its first items, all or nothing. Every item has an id.
    async fn create_conversation(&self, conversation: &StoredConversation, items: &[Item]) -> Result<(), StoreError>;

    async fn conversation(
        &self,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredConversation>, StoreError>;

    /// Replaces the metadata; `None` when there is no such conversation.
    async fn update_conversation(
        &self,
        id: &str,
        metadata: &JsonObject,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredConversation>, StoreError>;

    /// Removes it with its items; whether there was one.
    async fn remove_conversation(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;

    /// Appends `items` in their order, all or nothing. Appends that come at the same time follow one another; an item
    /// whose id is there already is replaced in its place.
    async fn append_items(&self, id: &str, items: &[Item], caller: Option<&Principal>) -> Result<Appended, StoreError>;

    /// In the order they were appended when `ascending`, the reverse otherwise. Nothing for an unknown conversation.
    async fn items(&self, id: &str, page: &Page, caller: Option<&Principal>) -> Result<Listed<Item>, StoreError>;

    /// All of them, oldest first.
    async fn all_items(&self, id: &str, caller: Option<&Principal>) -> Result<Vec<Item>, StoreError>;

    async fn item(&self, id: &str, item: &str, caller: Option<&Principal>) -> Result<Option<Item>, StoreError>;

    async fn remove_item(&self, id: &str, item: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;
}
