//! Batches and the answers that have come so far.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ports::access::{Principal, kind};
use ports::batches::{Batch, BatchLine, BatchStatus, Batches};
use ports::responses::{Lease, Listed, Page, StoreError};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, one, read, text};

const ACTIVE: &str = "status in ('validating', 'in_progress', 'finalizing', 'cancelling')";

#[async_trait]
impl Batches for Store {
    async fn create_batch(&self, batch: &Batch) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "insert into batches (id, owner, access, created_at, status, body) values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do nothing",
        )
        .bind(&batch.id)
        .bind(name(batch.owner.as_deref()))
        .bind(self.access_of(batch.owner.as_deref()).await?)
        .bind(batch.created_at)
        .bind(batch.status.name())
        .bind(text(batch)?);
        changed(query.execute(self.pool().await?).await)
    }

    async fn batch_by_id(&self, id: &str, caller: Option<&Principal>) -> Result<Option<Batch>, StoreError> {
        let query = sqlx::query("select body from batches where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn batches(&self, page: &Page, caller: Option<&Principal>) -> Result<Listed<Batch>, StoreError> {
        let sight = self.sight(caller, kind::BATCH).await?;
        let list = List::of("batches", "body").seen(&sight);
        list.page(self, page, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn advance_batch(&self, batch: &Batch, from: &[BatchStatus]) -> Result<bool, StoreError> {
        // One statement a status: a list cannot be bound on both databases.
        for status in from {
            let query = sqlx::query("update batches set body = $1, status = $2 where id = $3 and status = $4")
                .bind(text(batch)?)
                .bind(batch.status.name())
                .bind(&batch.id)
                .bind(status.name());
            if changed(query.execute(self.pool().await?).await)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn claim_batches(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<Batch>, StoreError> {
        let free = format!(
            "select id, runner, body from batches
             where {ACTIVE} and runner <> $1 and (runner = '' or lease_until < $2 or $3 = 1)
             order by created_at, id limit $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(free))
            .bind(&lease.runner)
            .bind(now)
            .bind(i64::from(self.alone))
            .bind(i64::from(limit))
            .fetch_all(self.pool().await?)
            .await
            .map_err(store_error)?;
        let mut taken = Vec::new();
        for row in &rows {
            let field = |name: &str| row.try_get::<String, _>(name).map_err(store_error);
            // Two replicas may have read the same row; the runner it names tells who came first.
            let query = sqlx::query("update batches set runner = $1, lease_until = $2 where id = $3 and runner = $4")
                .bind(&lease.runner)
                .bind(lease.until)
                .bind(field("id")?)
                .bind(field("runner")?);
            if changed(query.execute(self.pool().await?).await)? {
                taken.push(read(row)?);
            }
        }
        Ok(taken)
    }

    async fn renew_batches(&self, lease: &Lease) -> Result<(), StoreError> {
        let renew = format!("update batches set lease_until = $1 where runner = $2 and {ACTIVE}");
        let query = sqlx::query(sqlx::AssertSqlSafe(renew)).bind(lease.until).bind(&lease.runner);
        query.execute(self.pool().await?).await.map_err(store_error)?;
        Ok(())
    }

    async fn put_line(&self, batch_id: &str, line: &BatchLine) -> Result<(), StoreError> {
        let query = sqlx::query(
            "insert into batch_lines (batch_id, line, ok, body) values ($1, $2, $3, $4)
             on conflict (batch_id, line) do nothing",
        )
        .bind(batch_id)
        .bind(line.line as i64)
        .bind(i64::from(line.ok))
        .bind(&line.body);
        query.execute(self.pool().await?).await.map_err(store_error)?;
        Ok(())
    }

    async fn lines_done(&self, batch_id: &str) -> Result<BTreeMap<u64, bool>, StoreError> {
        let query = sqlx::query("select line, ok from batch_lines where batch_id = $1").bind(batch_id);
        let rows = query.fetch_all(self.pool().await?).await.map_err(store_error)?;
        let number = |row: &AnyRow, name: &str| row.try_get::<i64, _>(name).map_err(store_error);
        rows.iter().map(|row| Ok((number(row, "line")? as u64, number(row, "ok")? != 0))).collect()
    }

    async fn lines(&self, batch_id: &str, ok: bool, after: u64, limit: u32) -> Result<Vec<BatchLine>, StoreError> {
        let rows = sqlx::query(
            "select line, body from batch_lines where batch_id = $1 and ok = $2 and line > $3 order by line limit $4",
        )
        .bind(batch_id)
        .bind(i64::from(ok))
        .bind(after as i64)
        .bind(i64::from(limit))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        let line = |row: &AnyRow| {
            let (line, body) = (row.try_get::<i64, _>("line"), row.try_get("body"));
            Ok(BatchLine { line: line.map_err(store_error)? as u64, ok, body: body.map_err(store_error)? })
        };
        rows.iter().map(line).collect()
    }

    async fn drop_lines(&self, batch_id: &str) -> Result<(), StoreError> {
        let query = sqlx::query("delete from batch_lines where batch_id = $1").bind(batch_id);
        query.execute(self.pool().await?).await.map_err(store_error)?;
        Ok(())
    }
}
