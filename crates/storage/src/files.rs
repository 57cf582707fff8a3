//! Records of uploaded files.

use async_trait::async_trait;
use ports::access::{Action, Principal, kind};
use ports::files::{Files, StoredFile};
use ports::responses::{Listed, Page, StoreError};
use sqlx::Row;

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, one, read, text};

#[async_trait]
impl Files for Store {
    async fn put_file(&self, file: &StoredFile) -> Result<(), StoreError> {
        sqlx::query(
            "insert into files (id, owner, access, purpose, created_at, expires_at, body)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&file.id)
        .bind(name(file.owner.as_deref()))
        .bind(self.access_of(file.owner.as_deref()).await?)
        .bind(&file.purpose)
        .bind(file.created_at)
        .bind(file.expires_at)
        .bind(text(file)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn file(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredFile>, StoreError> {
        let query = sqlx::query("select body from files where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn files(
        &self,
        page: &Page,
        purpose: Option<&str>,
        now: i64,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredFile>, StoreError> {
        let sight = self.sight(caller, kind::FILE).await?;
        let list = List::of("files", "body").only("expires_at > {}", Some(now)).only("purpose = {}", purpose);
        list.seen(&sight).page(self, page, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn remove_file(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let found = self.file(id, caller).await?;
        if !self.may(Action::Delete, found, caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from files where id = $1").bind(id);
        changed(query.execute(self.pool().await?).await)
    }

    async fn expired_files(&self, now: i64) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("delete from files where expires_at <= $1 returning id")
            .bind(now)
            .fetch_all(self.pool().await?)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| row.try_get("id").map_err(store_error)).collect()
    }
}
