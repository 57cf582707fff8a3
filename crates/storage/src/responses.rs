//! Stored responses. The whole record is one JSON text: it is always read and written whole.

use async_trait::async_trait;
use ports::access::{Action, Principal, kind};
use ports::responses::{Lease, Listed, Page, Responses, StoreError, StoredResponse};
use sqlx::Row;

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, one, read, text};

#[async_trait]
impl Responses for Store {
    async fn put(&self, stored: &StoredResponse) -> Result<(), StoreError> {
        self.save(stored, &Lease { runner: String::new(), until: 0 }).await
    }

    async fn get(&self, id: &str, caller: Option<&Principal>) -> Result<Option<StoredResponse>, StoreError> {
        let query = sqlx::query("select body from responses where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn remove(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let found = self.get(id, caller).await?;
        if !self.may(Action::Delete, found, caller)? {
            return Ok(false);
        }
        let query = sqlx::query("delete from responses where id = $1").bind(id);
        changed(query.execute(self.pool().await?).await)
    }

    async fn list(
        &self,
        page: &Page,
        model: Option<&str>,
        caller: Option<&Principal>,
    ) -> Result<Listed<StoredResponse>, StoreError> {
        let sight = self.sight(caller, kind::RESPONSE).await?;
        let list = List::of("responses", "body").only("model = {}", model).seen(&sight);
        list.page(self, page, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn begin(&self, stored: &StoredResponse, lease: &Lease) -> Result<(), StoreError> {
        self.save(stored, lease).await
    }

    async fn advance(&self, stored: &StoredResponse) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "update responses set body = $1, status = $2, model = $3
             where id = $4 and owner = $5 and status in ('queued', 'in_progress')",
        )
        .bind(text(stored)?)
        .bind(stored.response.status.name())
        .bind(&stored.response.model)
        .bind(&stored.response.id)
        .bind(name(stored.owner.as_deref()));
        changed(query.execute(self.pool().await?).await)
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query("update responses set lease_until = $1 where status in ('queued', 'in_progress') and runner = $2")
            .bind(lease.until)
            .bind(&lease.runner)
            .execute(self.pool().await?)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn take_over(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<StoredResponse>, StoreError> {
        let rows = sqlx::query(
            "select id, runner, body from responses
             where status in ('queued', 'in_progress') and runner <> $1 and (lease_until < $2 or $3 = 1)
             order by created_at, id limit $4",
        )
        .bind(&lease.runner)
        .bind(now)
        .bind(i64::from(self.alone))
        .bind(i64::from(limit))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        let mut taken = Vec::new();
        for row in &rows {
            let id: String = row.try_get("id").map_err(store_error)?;
            let runner: String = row.try_get("runner").map_err(store_error)?;
            // Two replicas may have read the same row; the runner it names tells who came first.
            let done = sqlx::query("update responses set runner = $1, lease_until = $2 where id = $3 and runner = $4")
                .bind(&lease.runner)
                .bind(lease.until)
                .bind(id)
                .bind(runner)
                .execute(self.pool().await?)
                .await
                .map_err(store_error)?;
            if done.rows_affected() > 0 {
                taken.push(read(row)?);
            }
        }
        Ok(taken)
    }
}

impl Store {
    async fn save(&self, stored: &StoredResponse, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query(
            "insert into responses (id, owner, access, created_at, body, status, model, runner, lease_until)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (id) do update set body = excluded.body, status = excluded.status, model = excluded.model,
               runner = excluded.runner, lease_until = excluded.lease_until",
        )
        .bind(&stored.response.id)
        .bind(name(stored.owner.as_deref()))
        .bind(self.access_of(stored.owner.as_deref()).await?)
        .bind(stored.response.created_at)
        .bind(text(stored)?)
        .bind(stored.response.status.name())
        .bind(&stored.response.model)
        .bind(&lease.runner)
        .bind(lease.until)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }
}
