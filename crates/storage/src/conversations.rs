//! Conversations and their items.

use async_trait::async_trait;
use ports::conversations::{Appended, Conversations, MOST_ITEMS, StoredConversation};
use ports::responses::{Listed, Page, StoreError};
use sqlx::any::{Any, AnyRow};
use sqlx::{Row, Transaction};
use wire::JsonObject;
use wire::openai::items::Item;

use crate::Store;
use crate::error::store_error;
use crate::paging::Cursor;
use crate::rows::{self, changed, json, one, text};

#[async_trait]
impl Conversations for Store {
    async fn create_conversation(&self, conversation: &StoredConversation, items: &[Item]) -> Result<(), StoreError> {
        let owner = conversation.owner.as_deref().unwrap_or_default();
        let metadata = text(&conversation.metadata)?;
        let mut work = self.pool.begin().await.map_err(store_error)?;
        sqlx::query(
            "insert into conversations (id, owner, created_at, metadata, next_position) values ($1, $2, $3, $4, $5)",
        )
        .bind(&conversation.id)
        .bind(owner)
        .bind(conversation.created_at)
        .bind(metadata)
        .bind(items.len() as i64)
        .execute(&mut *work)
        .await
        .map_err(store_error)?;
        insert(&mut work, &conversation.id, owner, 0, items).await?;
        work.commit().await.map_err(store_error)
    }

    async fn conversation(&self, id: &str, owner: Option<&str>) -> Result<Option<StoredConversation>, StoreError> {
        let row = sqlx::query("select id, owner, created_at, metadata from conversations where id = $1 and owner = $2")
            .bind(id)
            .bind(owner.unwrap_or_default())
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn update_conversation(
        &self,
        id: &str,
        metadata: &JsonObject,
        owner: Option<&str>,
    ) -> Result<Option<StoredConversation>, StoreError> {
        let row = sqlx::query(
            "update conversations set metadata = $1 where id = $2 and owner = $3
             returning id, owner, created_at, metadata",
        )
        .bind(text(metadata)?)
        .bind(id)
        .bind(owner.unwrap_or_default())
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn remove_conversation(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query = sqlx::query("delete from conversations where id = $1 and owner = $2")
            .bind(id)
            .bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
    }

    async fn append_items(&self, id: &str, items: &[Item], owner: Option<&str>) -> Result<Appended, StoreError> {
        let owner = owner.unwrap_or_default();
        let mut work = self.pool.begin().await.map_err(store_error)?;
        // The update locks the conversation until the end of the transaction: the next append waits for this one.
        let row = sqlx::query(
            "update conversations set next_position = next_position + $1 where id = $2 and owner = $3
             returning next_position",
        )
        .bind(items.len() as i64)
        .bind(id)
        .bind(owner)
        .fetch_optional(&mut *work)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(Appended::Unknown) };
        let next: i64 = row.try_get("next_position").map_err(store_error)?;
        insert(&mut work, id, owner, next - items.len() as i64, items).await?;
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

    async fn items(&self, id: &str, page: &Page, owner: Option<&str>) -> Result<Listed<Item>, StoreError> {
        let oldest_first = "select body from conversation_items
             where conversation_id = $1 and owner = $2
               and ($3 = '' or position > (select position from conversation_items where conversation_id = $1 and id = $3))
               and ($4 = '' or position < (select position from conversation_items where conversation_id = $1 and id = $4))
             order by position limit $5";
        let newest_first = "select body from conversation_items
             where conversation_id = $1 and owner = $2
               and ($3 = '' or position < (select position from conversation_items where conversation_id = $1 and id = $3))
               and ($4 = '' or position > (select position from conversation_items where conversation_id = $1 and id = $4))
             order by position desc limit $5";
        let cursor = Cursor::of(page);
        let rows = sqlx::query(if cursor.ascending { oldest_first } else { newest_first })
            .bind(id)
            .bind(owner.unwrap_or_default())
            .bind(cursor.after)
            .bind(cursor.before)
            .bind(cursor.fetch)
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        cursor.listed(&rows, rows::read)
    }

    async fn all_items(&self, id: &str, owner: Option<&str>) -> Result<Vec<Item>, StoreError> {
        let rows = sqlx::query(
            "select body from conversation_items where conversation_id = $1 and owner = $2 order by position limit $3",
        )
        .bind(id)
        .bind(owner.unwrap_or_default())
        .bind(MOST_ITEMS)
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(rows::read).collect()
    }

    async fn item(&self, id: &str, item: &str, owner: Option<&str>) -> Result<Option<Item>, StoreError> {
        let query =
            sqlx::query("select body from conversation_items where conversation_id = $1 and id = $2 and owner = $3")
                .bind(id)
                .bind(item)
                .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn remove_item(&self, id: &str, item: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query = sqlx::query("delete from conversation_items where conversation_id = $1 and id = $2 and owner = $3")
            .bind(id)
            .bind(item)
            .bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
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
    let owner: String = row.try_get("owner").map_err(store_error)?;
    Ok(StoredConversation {
        id: row.try_get("id").map_err(store_error)?,
        created_at: row.try_get("created_at").map_err(store_error)?,
        metadata: json(row, "metadata")?,
        owner: (!owner.is_empty()).then_some(owner),
    })
}
