//! Agent sessions.

use async_trait::async_trait;
use ports::responses::StoreError;
use ports::sessions::{Session, Sessions};

use crate::Store;
use crate::error::store_error;
use crate::rows::{one, text};

#[async_trait]
impl Sessions for Store {
    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "insert into sessions (id, owner, body) values ($1, $2, $3)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&session.id)
        .bind(session.owner.as_deref())
        .bind(text(session)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn session(&self, id: &str, owner: Option<&str>) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query("select body from sessions where id = $1 and coalesce(owner, '') = $2")
            .bind(id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }
}
