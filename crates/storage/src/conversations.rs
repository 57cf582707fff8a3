//! Conversations and their items.

use async_trait::async_trait;
use ports::access::{Action, Principal};
use ports::conversations::{Appended, Conversations, MOST_ITEMS, StoredConversation};
use ports::responses::{Listed, Page, StoreError};
use sqlx::any::{Any, AnyRow};
use sqlx::{Row, Transaction};
use wire::JsonObject;
use wire::openai::items::Item;

use crate::Store;
use crate::access::{name, owner_in, written};
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{self, changed, json, one, text};

#[async_trait]
impl Conversations for Store {
    async fn create_conversation(&self, conversation: &StoredConversation, items: &[Item]) -> Result<(), StoreError> {
        let owner = name(conversation.owner.as_deref());
        let access = self.access_of(conversation.owner.as_deref()).await?;
        let metadata = text(&conversation.metadata)?;
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        sqlx::query(
            "insert into conversations (id, owner, access, owned_by, created_at, metadata, next_position)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&conversation.id)
        .bind(owner)
        .bind(access)
        .bind(written(conversation.owner.as_ref())?)
        .bind(conversation.created_at)
        .bind(metadata)
        .bind(items.len() as i64)
        .execute(&mut *work)
        .await
        .map_err(store_error)?;
        insert(&mut work, &conversation.id, owner, 0, items).await?;
        work.commit().await.map_err(store_error)
    }

    async fn conversation(
        &self,
        id: &str,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredConversation>, StoreError> {
        let row = sqlx::query("select id, owned_by, created_at, metadata from conversations where id = $1")
            .bind(id)
            .fetch_optional(self.pool().await?)
            .await
            .map_err(store_error)?;
        Ok(self.shown(row.as_ref().map(read).transpose()?, caller))
    }

    async fn update_conversation(
        &self,
        id: &str,
        metadata: &JsonObject,
        caller: Option<&Principal>,
    ) -> Result<Option<StoredConversation>, StoreError> {
        if !self.may(Action::Update, self.conversation(id, caller).await?, caller)? {
            return Ok(None);
        }
        let row = sqlx::query(
            "update conversations set metadata = $1 where id = $2 returning id, owned_by, created_at, metadata",
        )
        .bind(text(metadata)?)
        .bind(id)
        .fetch_optional(self.pool().await?)
        .await
        .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn remove_conversation(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        if !self.may(Action::Delete, self.conversation(id, caller).await?, caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from conversations where id = $1").bind(id);
        changed(query.execute(self.pool().await?).await)
    }

    async fn append_items(&self, id: &str, items: &[Item], caller: Option<&Principal>) -> Result<Appended, StoreError> {
        let found = self.conversation(id, caller).await?;
        let owner = found.as_ref().map(|found| name(found.owner.as_deref()).to_owned()).unwrap_or_default();
        if !self.may(Action::Update, found, caller)? {
            return Ok(Appended::Unknown);
        }
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        // The update locks the conversation until the end of the transaction: the next append waits for this one.
        let row = sqlx::query(
            "update conversations set next_position = next_position + $1 where id = $2 returning next_position",
        )
        .bind(items.len() as i64)
        .bind(id)
        .fetch_optional(&mut *work)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(Appended::Unknown) };
        let next: i64 = row.try_get("next_position").map_err(store_error)?;
        insert(&mut work, id, &owner, next - items.len() as i64, items).await?;
        let counted = sqlx::query("select count(*) as held from conversation_items where conversation_id = $1")
            .bind(id)
            .fetch_one(&mut *work)
            .await
            .map_err(store_error)?;
        if counted.try_get::<i64, _>("held").map_err(store_error)? > MOST_ITEMS {
            work.rollback().await.map_err(store_error)?;
            return Ok(Appended::Full);
        }
        work.commit().await.map_err(store_error)?;
        Ok(Appended::Done)
    }

    async fn items(&self, id: &str, page: &Page, caller: Option<&Principal>) -> Result<Listed<Item>, StoreError> {
        if self.conversation(id, caller).await?.is_none() {
            return Ok(Listed { rows: Vec::new(), has_more: false });
        }
        let list = List::of("conversation_items", "body").by("id", &["position"]).within("conversation_id = {}", id);
        list.page(self, page, |row| rows::read(row).map(Some)).await
    }

    async fn all_items(&self, id: &str, caller: Option<&Principal>) -> Result<Vec<Item>, StoreError> {
        if self.conversation(id, caller).await?.is_none() {
            return Ok(Vec::new());
        }
        let list = List::of("conversation_items", "body").by("id", &["position"]).within("conversation_id = {}", id);
        Ok(list.slice(self, 0, MOST_ITEMS as u32, |row| rows::read(row).map(Some)).await?.rows)
    }

    async fn item(&self, id: &str, item: &str, caller: Option<&Principal>) -> Result<Option<Item>, StoreError> {
        if self.conversation(id, caller).await?.is_none() {
            return Ok(None);
        }
        let query = sqlx::query("select body from conversation_items where conversation_id = $1 and id = $2")
            .bind(id)
            .bind(item);
        one(query.fetch_optional(self.pool().await?).await)
    }

    async fn remove_item(&self, id: &str, item: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        if !self.may(Action::Update, self.conversation(id, caller).await?, caller)? {
            return Ok(false);
        }
        let query =
            sqlx::query("delete from conversation_items where conversation_id = $1 and id = $2").bind(id).bind(item);
        changed(query.execute(self.pool().await?).await)
    }
}

async fn insert(
    work: &mut Transaction<'_, Any>,
    conversation: &str,
    owner: &str,
    from: i64,
    items: &[Item],
) -> Result<(), StoreError> {
    for (position, item) in (from..).zip(items) {
        let id = item.id().ok_or_else(|| StoreError::Internal("an item without an id".into()))?;
        sqlx::query(
            "insert into conversation_items (conversation_id, position, id, owner, body) values ($1, $2, $3, $4, $5)
             on conflict (conversation_id, id) do update set body = excluded.body",
        )
        .bind(conversation)
        .bind(position)
        .bind(id)
        .bind(owner)
        .bind(text(item)?)
        .execute(&mut **work)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

fn read(row: &AnyRow) -> Result<StoredConversation, StoreError> {
    let owner: String = row.try_get("owned_by").map_err(store_error)?;
    Ok(StoredConversation {
        id: row.try_get("id").map_err(store_error)?,
        created_at: row.try_get("created_at").map_err(store_error)?,
        metadata: json(row, "metadata")?,
        owner: owner_in(&owner)?,
    })
}
