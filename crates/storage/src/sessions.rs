//! Agent sessions whose ids callers may choose: an id is taken once for each owner.

use async_trait::async_trait;
use ports::access::Principal;
use ports::responses::StoreError;
use ports::sessions::{Session, Sessions};

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::rows::{read, text};

/// Owners of one chosen id that are looked through for one that the caller may see.
const NAMESAKES: i64 = 100;

#[async_trait]
impl Sessions for Store {
    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        sqlx::query(
            "insert into sessions (id, owner, body) values ($1, $2, $3)
             on conflict (owner, id) do update set body = excluded.body",
        )
        .bind(&session.id)
        .bind(name(session.owner.as_deref()))
        .bind(text(session)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn session(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Session>, StoreError> {
        let rows = sqlx::query(
            "select body from sessions where id = $1 order by case when owner = $2 then 0 else 1 end, owner limit $3",
        )
        .bind(id)
        .bind(name(caller))
        .bind(NAMESAKES)
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        // Of a name that others have taken too, the caller's own is meant; else one that they may see.
        for row in &rows {
            let session: Option<Session> = self.shown(Some(read(row)?), caller);
            if session.is_some() {
                return Ok(session);
            }
        }
        Ok(None)
    }
}
