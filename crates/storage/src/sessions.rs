//! Agent sessions.

use async_trait::async_trait;
use ports::responses::StoreError;
use ports::sessions::{Session, Sessions};
use sqlx::Row;

use crate::Store;
use crate::error::{store_error, unreadable};

#[async_trait]
impl Sessions for Store {
    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let body = serde_json::to_string(session).map_err(unreadable)?;
        sqlx::query(
            "insert into sessions (id, owner, body) values ($1, $2, $3)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&session.id)
        .bind(session.owner.as_deref())
        .bind(body)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn session(&self, id: &str, owner: Option<&str>) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query("select body from sessions where id = $1 and coalesce(owner, '') = $2")
            .bind(id)
            .bind(owner.unwrap_or_default())
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let body: String = row.try_get("body").map_err(store_error)?;
        serde_json::from_str(&body).map(Some).map_err(unreadable)
    }
}
