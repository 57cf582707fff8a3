//! Stored chat completions.

use async_trait::async_trait;
use ports::completions::{Completions, StoredCompletion};
use ports::responses::{Listed, Page, StoreError};

use crate::Store;
use crate::error::store_error;
use crate::paging::Cursor;
use crate::rows::{changed, one, read, text};

#[async_trait]
impl Completions for Store {
    async fn put_completions(&self, stored: &[StoredCompletion]) -> Result<(), StoreError> {
        let mut work = self.pool.begin().await.map_err(store_error)?;
        for stored in stored {
            sqlx::query(
                "insert into chat_completions (id, owner, created_at, model, body) values ($1, $2, $3, $4, $5)
                 on conflict (id) do nothing",
            )
            .bind(&stored.completion.id)
            .bind(stored.owner.as_deref().unwrap_or_default())
            .bind(stored.completion.created)
            .bind(&stored.completion.model)
            .bind(text(stored)?)
            .execute(&mut *work)
            .await
            .map_err(store_error)?;
        }
        work.commit().await.map_err(store_error)
    }

    async fn completion(&self, id: &str, owner: Option<&str>) -> Result<Option<StoredCompletion>, StoreError> {
        let query = sqlx::query("select body from chat_completions where id = $1 and owner = $2")
            .bind(id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn completions(
        &self,
        page: &Page,
        model: Option<&str>,
        owner: Option<&str>,
    ) -> Result<Listed<StoredCompletion>, StoreError> {
        let newest_first = "select body from chat_completions
             where owner = $1 and ($2 = '' or model = $2)
               and ($3 = '' or (created_at, id) < (select created_at, id from chat_completions where id = $3))
               and ($4 = '' or (created_at, id) > (select created_at, id from chat_completions where id = $4))
             order by created_at desc, id desc limit $5";
        let oldest_first = "select body from chat_completions
             where owner = $1 and ($2 = '' or model = $2)
               and ($3 = '' or (created_at, id) > (select created_at, id from chat_completions where id = $3))
               and ($4 = '' or (created_at, id) < (select created_at, id from chat_completions where id = $4))
             order by created_at, id limit $5";
        let cursor = Cursor::of(page);
        let rows = sqlx::query(if cursor.ascending { oldest_first } else { newest_first })
            .bind(owner.unwrap_or_default())
            .bind(model.unwrap_or_default())
            .bind(cursor.after)
            .bind(cursor.before)
            .bind(cursor.fetch)
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        cursor.listed(&rows, read)
    }

    async fn remove_completion(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query = sqlx::query("delete from chat_completions where id = $1 and owner = $2")
            .bind(id)
            .bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
    }
}
