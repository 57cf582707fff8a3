//! Search by PostgreSQL with its extension `vector`: a table with an HNSW index for each store, beside the chunks.
//!
//! The chunks stay the truth. Before each search the table takes in what has changed, so several replicas may share it
//! and it may be dropped at any time. Where the extension is not to be had, another search answers.

mod filter;
mod ranking;
mod table;

use std::sync::Arc;

use async_trait::async_trait;
use ports::responses::StoreError;
use ports::vectors::{SearchPlan, VectorHit, VectorQuery, VectorSearch, VectorStore};
use sqlx::Row;
use tokio::sync::OnceCell;

use crate::Store;
use crate::error::store_error;

/// What the database offers.
#[derive(Debug, Clone, Copy)]
struct Extension {
    /// From 0.8 on an index is scanned further when a filter leaves too few.
    iterative: bool,
}

pub struct PgVectorSearch {
    store: Store,
    /// Asked where there is no extension.
    otherwise: Arc<dyn VectorSearch>,
    extension: OnceCell<Option<Extension>>,
}

impl PgVectorSearch {
    pub fn new(store: Store, otherwise: Arc<dyn VectorSearch>) -> Self {
        Self { store, otherwise, extension: OnceCell::new() }
    }

    async fn extension(&self) -> Result<Option<Extension>, StoreError> {
        self.extension.get_or_try_init(|| self.looked_for()).await.copied()
    }

    async fn looked_for(&self) -> Result<Option<Extension>, StoreError> {
        let pool = self.store.pool().await?;
        let made = sqlx::query("create extension if not exists vector").execute(pool).await;
        let version = sqlx::query("select extversion from pg_extension where extname = 'vector'")
            .fetch_optional(pool)
            .await
            .map_err(store_error)?;
        let Some(row) = version else {
            let error = made.err().map(|error| error.to_string()).unwrap_or_default();
            tracing::warn!(%error, "PostgreSQL has no extension `vector`; vector stores are searched in this process");
            return Ok(None);
        };
        let version: String = row.try_get("extversion").map_err(store_error)?;
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let iterative = (parts.next(), parts.next()) >= (Some(0), Some(8));
        tracing::info!(version, iterative, "vector stores are searched by PostgreSQL");
        Ok(Some(Extension { iterative }))
    }
}

#[async_trait]
impl VectorSearch for PgVectorSearch {
    async fn search(&self, store: &VectorStore, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let Some(extension) = self.extension().await? else { return self.otherwise.search(store, query).await };
        let Some(table) = table::brought_up(&self.store, store).await? else { return Ok(Vec::new()) };
        ranking::search(&self.store, extension, &table, store, query).await
    }

    fn plan(&self, store_id: &str) -> Option<SearchPlan> {
        match self.extension.get()? {
            Some(_) => Some(SearchPlan { kind: "pgvector", chunks: None, building: false }),
            None => self.otherwise.plan(store_id),
        }
    }

    async fn forget(&self, store_id: &str) {
        self.otherwise.forget(store_id).await;
        if let Err(error) = table::drop(&self.store, store_id).await {
            tracing::warn!(vector_store = store_id, %error, "the index table of a removed vector store is left");
        }
    }
}
