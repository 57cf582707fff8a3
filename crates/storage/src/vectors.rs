//! Vector stores, the files in them and their chunks.

use std::collections::HashMap;

use async_trait::async_trait;
use ports::access::{Action, Principal, kind};
use ports::responses::{Lease, Listed, Page, StoreError};
use ports::vectors::{
    Attached, AttachedFilter, Chunk, FileBatch, FileCounts, Kept, Place, Revision, VectorStore, VectorStores,
};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::Store;
use crate::access::name;
use crate::error::store_error;
use crate::paging::List;
use crate::rows::{changed, json, one, read, text};

#[async_trait]
impl VectorStores for Store {
    async fn put_vector_store(&self, store: &VectorStore) -> Result<(), StoreError> {
        sqlx::query(
            "insert into vector_stores (id, owner, access, created_at, expires_at, body) values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do update set body = excluded.body, expires_at = excluded.expires_at",
        )
        .bind(&store.id)
        .bind(name(store.owner.as_deref()))
        .bind(self.access_of(store.owner.as_deref()).await?)
        .bind(store.created_at)
        .bind(store.expires_at().unwrap_or(0))
        .bind(text(store)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn vector_store(&self, id: &str, caller: Option<&Principal>) -> Result<Option<VectorStore>, StoreError> {
        let query = sqlx::query("select body from vector_stores where id = $1").bind(id);
        Ok(self.shown(one(query.fetch_optional(self.pool().await?).await)?, caller))
    }

    async fn store_of_any(&self, id: &str) -> Result<Option<VectorStore>, StoreError> {
        let query = sqlx::query("select body from vector_stores where id = $1").bind(id);
        one(query.fetch_optional(self.pool().await?).await)
    }

    async fn vector_stores(&self, page: &Page, caller: Option<&Principal>) -> Result<Listed<VectorStore>, StoreError> {
        let sight = self.sight(caller, kind::VECTOR_STORE).await?;
        let list = List::of("vector_stores", "body").seen(&sight);
        list.page(self, page, |row| Ok(self.shown(Some(read(row)?), caller))).await
    }

    async fn remove_vector_store(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError> {
        let found = self.vector_store(id, caller).await?;
        match self.may(Action::Delete, found, caller)? {
            true => self.drop_store(id).await,
            false => Ok(false),
        }
    }

    async fn remove_expired_stores(&self, by: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "select id from vector_stores where expires_at > 0 and expires_at < $1 order by expires_at limit $2",
        )
        .bind(by)
        .bind(i64::from(limit))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        let mut removed = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: String = row.try_get("id").map_err(store_error)?;
            if self.drop_store(&id).await? {
                removed.push(id);
            }
        }
        Ok(removed)
    }

    async fn left_in_progress(&self, since: i64, limit: u32) -> Result<Vec<Attached>, StoreError> {
        let rows = sqlx::query(
            "select body from vector_store_files where status = 'in_progress' and batch_id = '' and created_at < $1
             order by created_at limit $2",
        )
        .bind(since)
        .bind(i64::from(limit))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        rows.iter().map(read).collect()
    }

    async fn begin_batch(&self, batch: &FileBatch, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query(
            "insert into vector_store_batches (id, store_id, runner, lease_until, body) values ($1, $2, $3, $4, $5)",
        )
        .bind(&batch.id)
        .bind(&batch.store_id)
        .bind(&lease.runner)
        .bind(lease.until)
        .bind(text(batch)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn renew_file_batches(&self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query("update vector_store_batches set lease_until = $1 where runner = $2")
            .bind(lease.until)
            .bind(&lease.runner)
            .execute(self.pool().await?)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn claim_file_batches(&self, lease: &Lease, now: i64, limit: u32) -> Result<Vec<FileBatch>, StoreError> {
        let rows = sqlx::query(
            "select id, runner, body from vector_store_batches b
             where runner <> $1 and (lease_until < $2 or $3 = 1) and exists
               (select 1 from vector_store_files f where f.status = 'in_progress' and f.batch_id = b.id)
             order by id limit $4",
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
            let field = |name: &str| row.try_get::<String, _>(name).map_err(store_error);
            // Two replicas may have read the same row; the runner it names tells who came first.
            let sql = "update vector_store_batches set runner = $1, lease_until = $2 where id = $3 and runner = $4";
            let query =
                sqlx::query(sql).bind(&lease.runner).bind(lease.until).bind(field("id")?).bind(field("runner")?);
            if changed(query.execute(self.pool().await?).await)? {
                taken.push(read(row)?);
            }
        }
        Ok(taken)
    }

    async fn put_attached(&self, file: &Attached) -> Result<(), StoreError> {
        sqlx::query(
            "insert into vector_store_files (store_id, file_id, batch_id, status, usage_bytes, created_at, body)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (store_id, file_id) do update set batch_id = excluded.batch_id, status = excluded.status,
               usage_bytes = excluded.usage_bytes, body = excluded.body",
        )
        .bind(&file.store_id)
        .bind(&file.file_id)
        .bind(file.batch_id.as_deref().unwrap_or_default())
        .bind(file.status.name())
        .bind(file.usage_bytes as i64)
        .bind(file.created_at)
        .bind(text(file)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn attached(&self, store_id: &str, file_id: &str) -> Result<Option<Attached>, StoreError> {
        let query = sqlx::query("select body from vector_store_files where store_id = $1 and file_id = $2")
            .bind(store_id)
            .bind(file_id);
        one(query.fetch_optional(self.pool().await?).await)
    }

    async fn all_attached(
        &self,
        store_id: &str,
        page: &Page,
        filter: &AttachedFilter,
    ) -> Result<Listed<Attached>, StoreError> {
        let list = List::of("vector_store_files", "body").by("file_id", &["created_at", "file_id"]);
        let list = list.within("store_id = {}", store_id).only("batch_id = {}", filter.batch.as_deref());
        let list = list.only("status = {}", filter.status.map(|status| status.name()));
        list.page(self, page, |row| read(row).map(Some)).await
    }

    async fn file_counts(&self, store_id: &str, batch: Option<&str>) -> Result<FileCounts, StoreError> {
        let rows = sqlx::query(
            "select status, count(*) as files, cast(sum(usage_bytes) as bigint) as bytes from vector_store_files
             where store_id = $1 and ($2 = '' or batch_id = $2) group by status",
        )
        .bind(store_id)
        .bind(batch.unwrap_or_default())
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        let mut counts = FileCounts::default();
        for row in &rows {
            let status: String = row.try_get("status").map_err(store_error)?;
            let files: i64 = row.try_get("files").map_err(store_error)?;
            let bytes: i64 = row.try_get("bytes").map_err(store_error)?;
            counts.usage_bytes += bytes as u64;
            let count = match status.as_str() {
                "in_progress" => &mut counts.in_progress,
                "completed" => &mut counts.completed,
                "cancelled" => &mut counts.cancelled,
                _ => &mut counts.failed,
            };
            *count += files as u64;
        }
        Ok(counts)
    }

    async fn detach(&self, store_id: &str, file_id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        next_revision(&mut transaction, store_id, true).await?;
        let done = sqlx::query("delete from vector_store_files where store_id = $1 and file_id = $2")
            .bind(store_id)
            .bind(file_id)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        sqlx::query("delete from vector_store_chunks where store_id = $1 and file_id = $2")
            .bind(store_id)
            .bind(file_id)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }

    async fn put_batch(&self, batch: &FileBatch) -> Result<(), StoreError> {
        sqlx::query(
            "insert into vector_store_batches (id, store_id, body) values ($1, $2, $3)
             on conflict (id) do update set body = excluded.body",
        )
        .bind(&batch.id)
        .bind(&batch.store_id)
        .bind(text(batch)?)
        .execute(self.pool().await?)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn batch(&self, store_id: &str, id: &str) -> Result<Option<FileBatch>, StoreError> {
        let query = sqlx::query("select body from vector_store_batches where id = $1 and store_id = $2")
            .bind(id)
            .bind(store_id);
        one(query.fetch_optional(self.pool().await?).await)
    }

    async fn add_chunks(&self, store_id: &str, chunks: &[Chunk]) -> Result<(), StoreError> {
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        let revision = next_revision(&mut transaction, store_id, false).await?;
        for chunk in chunks {
            sqlx::query("delete from vector_store_chunks where store_id = $1 and id = $2")
                .bind(store_id)
                .bind(&chunk.id)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
            sqlx::query(
                "insert into vector_store_chunks (store_id, id, file_id, ordinal, revision, body, metadata, vector)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(store_id)
            .bind(&chunk.id)
            .bind(&chunk.file_id)
            .bind(chunk.ordinal)
            .bind(revision)
            .bind(&chunk.text)
            .bind(text(&chunk.metadata)?)
            .bind(chunk.vector.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)
    }

    async fn rewritten(&self, store_id: &str, file_id: &str) -> Result<(), StoreError> {
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        let revision = next_revision(&mut transaction, store_id, false).await?;
        sqlx::query("update vector_store_chunks set revision = $1 where store_id = $2 and file_id = $3")
            .bind(revision)
            .bind(store_id)
            .bind(file_id)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)
    }

    async fn revision(&self, store_id: &str) -> Result<Revision, StoreError> {
        let row = sqlx::query("select revision, rewritten from vector_stores where id = $1")
            .bind(store_id)
            .fetch_optional(self.pool().await?)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(Revision::default()) };
        let number = |name: &str| row.try_get(name).map_err(store_error);
        Ok(Revision { now: number("revision")?, rewritten: number("rewritten")? })
    }

    async fn chunks_after(&self, store_id: &str, after: &Place, limit: u32) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query(
            "select id, file_id, ordinal, revision, body, metadata, vector from vector_store_chunks
             where store_id = $1 and (revision, file_id, ordinal, id) > ($2, $3, $4, $5)
             order by revision, file_id, ordinal, id limit $6",
        )
        .bind(store_id)
        .bind(after.revision)
        .bind(&after.file_id)
        .bind(after.ordinal)
        .bind(&after.id)
        .bind(i64::from(limit))
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        rows.iter().map(kept).collect()
    }

    async fn chunk_ids(&self, store_id: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("select id from vector_store_chunks where store_id = $1")
            .bind(store_id)
            .fetch_all(self.pool().await?)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| row.try_get("id").map_err(store_error)).collect()
    }

    async fn vectors_of(&self, store_id: &str, chunk_ids: &[String]) -> Result<HashMap<String, Vec<f32>>, StoreError> {
        let mut vectors = HashMap::with_capacity(chunk_ids.len());
        for id in chunk_ids {
            let row = sqlx::query(
                "select id, file_id, ordinal, body, metadata, vector from vector_store_chunks
                 where store_id = $1 and id = $2",
            )
            .bind(store_id)
            .bind(id)
            .fetch_optional(self.pool().await?)
            .await
            .map_err(store_error)?;
            if let Some(row) = row {
                vectors.insert(id.clone(), chunk(&row)?.vector);
            }
        }
        Ok(vectors)
    }

    async fn chunks_of(&self, store_id: &str, file_id: &str) -> Result<Vec<Chunk>, StoreError> {
        let rows = sqlx::query(
            "select id, file_id, ordinal, body, metadata, vector from vector_store_chunks
             where store_id = $1 and file_id = $2 order by ordinal",
        )
        .bind(store_id)
        .bind(file_id)
        .fetch_all(self.pool().await?)
        .await
        .map_err(store_error)?;
        rows.iter().map(chunk).collect()
    }
}

impl Store {
    /// Removes a vector store with all that is in it; whether there was one.
    async fn drop_store(&self, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.pool().await?.begin().await.map_err(store_error)?;
        let done = sqlx::query("delete from vector_stores where id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        for sql in [
            "delete from vector_store_chunks where store_id = $1",
            "delete from vector_store_files where store_id = $1",
            "delete from vector_store_batches where store_id = $1",
        ] {
            sqlx::query(sql).bind(id).execute(&mut *transaction).await.map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(true)
    }
}

/// The next number of the store's contents. It locks the store's row, so numbers come in the order of commits.
async fn next_revision(
    transaction: &mut Transaction<'static, Any>,
    store_id: &str,
    rewritten: bool,
) -> Result<i64, StoreError> {
    let sql = match rewritten {
        false => "update vector_stores set revision = revision + 1 where id = $1 returning revision",
        true => {
            "update vector_stores set revision = revision + 1, rewritten = revision + 1 where id = $1
             returning revision"
        }
    };
    let row = sqlx::query(sql).bind(store_id).fetch_optional(&mut **transaction).await.map_err(store_error)?;
    match row {
        Some(row) => row.try_get("revision").map_err(store_error),
        None => Err(StoreError::Internal("the vector store is gone".into())),
    }
}

fn kept(row: &AnyRow) -> Result<Kept, StoreError> {
    Ok(Kept { revision: row.try_get("revision").map_err(store_error)?, chunk: chunk(row)? })
}

fn chunk(row: &AnyRow) -> Result<Chunk, StoreError> {
    let bytes: Vec<u8> = row.try_get("vector").map_err(store_error)?;
    let (values, _) = bytes.as_chunks::<4>();
    Ok(Chunk {
        id: row.try_get("id").map_err(store_error)?,
        file_id: row.try_get("file_id").map_err(store_error)?,
        ordinal: row.try_get("ordinal").map_err(store_error)?,
        text: row.try_get("body").map_err(store_error)?,
        metadata: json(row, "metadata")?,
        vector: values.iter().map(|value| f32::from_le_bytes(*value)).collect(),
    })
}
