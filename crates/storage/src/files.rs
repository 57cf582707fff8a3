//! Records of uploaded files.

use async_trait::async_trait;
use ports::files::{Files, StoredFile};
use ports::responses::{Listed, Page, StoreError};
use sqlx::Row;

use crate::Store;
use crate::error::store_error;
use crate::rows::{changed, listed, one, text};

#[async_trait]
impl Files for Store {
    async fn put_file(&self, file: &StoredFile) -> Result<(), StoreError> {
        sqlx::query(
            "insert into files (id, owner, purpose, created_at, expires_at, body) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&file.id)
        .bind(file.owner.as_deref().unwrap_or_default())
        .bind(&file.purpose)
        .bind(file.created_at)
        .bind(file.expires_at)
        .bind(text(file)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn file(&self, id: &str, owner: Option<&str>) -> Result<Option<StoredFile>, StoreError> {
        let query =
            sqlx::query("select body from files where id = $1 and owner = $2").bind(id).bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn files(
        &self,
        page: &Page,
        purpose: Option<&str>,
        now: i64,
        owner: Option<&str>,
    ) -> Result<Listed<StoredFile>, StoreError> {
        let newest_first = "select body from files
             where owner = $1 and expires_at > $2 and ($3 = '' or purpose = $3)
               and ($4 = '' or (created_at, id) < (select created_at, id from files where id = $4))
             order by created_at desc, id desc limit $5";
        let oldest_first = "select body from files
             where owner = $1 and expires_at > $2 and ($3 = '' or purpose = $3)
               and ($4 = '' or (created_at, id) > (select created_at, id from files where id = $4))
             order by created_at, id limit $5";
        let query = sqlx::query(if page.ascending { oldest_first } else { newest_first })
            .bind(owner.unwrap_or_default())
            .bind(now)
            .bind(purpose.unwrap_or_default())
            .bind(page.after.as_deref().unwrap_or_default())
            .bind(i64::from(page.limit) + 1);
        listed(query.fetch_all(&self.pool).await, page.limit)
    }

    async fn remove_file(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query =
            sqlx::query("delete from files where id = $1 and owner = $2").bind(id).bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
    }

    async fn expired_files(&self, now: i64) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("delete from files where expires_at <= $1 returning id")
            .bind(now)
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| row.try_get("id").map_err(store_error)).collect()
    }
}
