//! Registered tool groups and shields.

use async_trait::async_trait;
use ports::registrations::{Registration, Registrations};
use ports::responses::StoreError;
use serde_json::Value;
use sqlx::Row;

use crate::Store;
use crate::error::store_error;
use crate::rows::{changed, one, read, text};

#[async_trait]
impl Registrations for Store {
    async fn register(&self, registration: &Registration) -> Result<(), StoreError> {
        sqlx::query(
            "insert into registrations (kind, id, owner, created_at, body) values ($1, $2, $3, $4, $5)
             on conflict (kind, owner, id) do update set body = excluded.body",
        )
        .bind(registration.kind)
        .bind(&registration.id)
        .bind(registration.owner.as_deref().unwrap_or_default())
        .bind(registration.created_at)
        .bind(text(&registration.body)?)
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn registered(&self, kind: &str, id: &str, owner: Option<&str>) -> Result<Option<Value>, StoreError> {
        let query = sqlx::query("select body from registrations where kind = $1 and id = $2 and owner = $3")
            .bind(kind)
            .bind(id)
            .bind(owner.unwrap_or_default());
        one(query.fetch_optional(&self.pool).await)
    }

    async fn all_registered(&self, kind: &str, owner: Option<&str>) -> Result<Vec<(String, Value)>, StoreError> {
        let rows = sqlx::query(
            "select id, body from registrations where kind = $1 and owner = $2 order by created_at, id limit 1000",
        )
        .bind(kind)
        .bind(owner.unwrap_or_default())
        .fetch_all(&self.pool)
        .await
        .map_err(store_error)?;
        rows.iter().map(|row| Ok((row.try_get("id").map_err(store_error)?, read(row)?))).collect()
    }

    async fn unregister(&self, kind: &str, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let query = sqlx::query("delete from registrations where kind = $1 and id = $2 and owner = $3")
            .bind(kind)
            .bind(id)
            .bind(owner.unwrap_or_default());
        changed(query.execute(&self.pool).await)
    }
}
