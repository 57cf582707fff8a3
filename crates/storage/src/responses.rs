//! Stored responses. The whole record is one JSON text: it is always read and written whole.

use async_trait::async_trait;
use ports::responses::{Listed, Page, Responses, StoreError, StoredResponse};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Store;
use crate::error::{store_error, unreadable};

#[async_trait]
impl Responses for Store {
    async fn put(&self, stored: &StoredResponse) -> Result<(), StoreError> {
        let body = serde_json::to_string(stored).map_err(unreadable)?;
        sqlx::query(
            "insert into responses (id, owner, created_at, body) values ($1, $2, $3, $4)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&stored.response.id)
        .bind(stored.owner.as_deref())
        .bind(stored.response.created_at)
        .bind(body)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn get(&self, id: &str, owner: Option<&str>) -> Result<Option<StoredResponse>, StoreError> {
        let row = sqlx::query("select body from responses where id = $1 and coalesce(owner, '') = $2")
            .bind(id)
            .bind(owner.unwrap_or_default())
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn remove(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let done = sqlx::query("delete from responses where id = $1 and coalesce(owner, '') = $2")
            .bind(id)
            .bind(owner.unwrap_or_default())
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }

    async fn list(&self, page: &Page, owner: Option<&str>) -> Result<Listed<StoredResponse>, StoreError> {
        // Ids carry their time, so (created_at, id) is a total order and the cursor is the id alone.
        let newest_first = "select body from responses
             where coalesce(owner, '') = $1
               and ($2 = '' or (created_at, id) < (select created_at, id from responses where id = $2))
             order by created_at desc, id desc limit $3";
        let oldest_first = "select body from responses
             where coalesce(owner, '') = $1
               and ($2 = '' or (created_at, id) > (select created_at, id from responses where id = $2))
             order by created_at, id limit $3";
        let limit = i64::from(page.limit.clamp(1, 100));
        let rows = sqlx::query(if page.ascending { oldest_first } else { newest_first })
            .bind(owner.unwrap_or_default())
            .bind(page.after.as_deref().unwrap_or_default())
            .bind(limit + 1)
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        let has_more = rows.len() as i64 > limit;
        let rows = rows.iter().take(limit as usize).map(read).collect::<Result<_, _>>()?;
        Ok(Listed { rows, has_more })
    }
}

fn read(row: &AnyRow) -> Result<StoredResponse, StoreError> {
    let body: String = row.try_get("body").map_err(store_error)?;
    serde_json::from_str(&body).map_err(unreadable)
}
