//! Counts of requests, one row for each client.

use async_trait::async_trait;
use ports::quotas::Quotas;
use ports::responses::StoreError;
use sqlx::Row;

use crate::Store;
use crate::error::store_error;

#[async_trait]
impl Quotas for Store {
    async fn count_request(&self, client: &str, window: i64) -> Result<u64, StoreError> {
        // A replica whose clock is behind counts in the window that has begun, not in its own.
        let row = sqlx::query(
            "insert into quotas (client, window_start, requests) values ($1, $2, 1)
             on conflict (client) do update set
               requests = case when quotas.window_start >= excluded.window_start then quotas.requests + 1 else 1 end,
               window_start = case when quotas.window_start >= excluded.window_start then quotas.window_start
                              else excluded.window_start end
             returning requests",
        )
        .bind(client)
        .bind(window)
        .fetch_one(self.pool().await?)
        .await
        .map_err(store_error)?;
        row.try_get::<i64, _>("requests").map(|requests| requests as u64).map_err(store_error)
    }

    async fn forget_clients(&self, window: i64) -> Result<(), StoreError> {
        sqlx::query("delete from quotas where window_start < $1")
            .bind(window)
            .execute(self.pool().await?)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
