//! The table of one store: made with its first chunk, brought up to the store's revision before each search.

use ports::responses::StoreError;
use ports::vectors::{Kept, Metric, Place, Revision, VectorStore, VectorStores};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::Store;
use crate::error::store_error;

/// Chunks taken in with one statement.
const PAGE: u32 = 256;
/// HNSW of `vector` takes so many dimensions, of half floats so many.
const MOST_WHOLE: usize = 2_000;
const MOST_HALF: usize = 4_000;

pub struct Table {
    pub name: String,
    pub dimension: usize,
}

impl Table {
    /// What the index is over; questions must say the same to be answered by it.
    pub fn embedding(&self) -> String {
        match self.dimension {
            whole if whole <= MOST_WHOLE => "embedding".into(),
            half => format!("embedding::halfvec({half})"),
        }
    }

    /// The type of a question's vector.
    pub fn kind(&self) -> &'static str {
        if self.dimension <= MOST_WHOLE { "vector" } else { "halfvec" }
    }
}

fn name(store_id: &str) -> String {
    format!("vector_index_{}", &hex::encode(Sha256::digest(store_id.as_bytes()))[..32])
}

/// Folded words: PostgreSQL's own folding is an extension that not every server has.
pub fn words(text: &str) -> Vec<String> {
    let folded: String = text.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)).collect();
    let folded = folded.replace('œ', "oe").replace('æ', "ae");
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

pub fn literal(vector: &[f32]) -> String {
    let numbers: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("[{}]", numbers.join(","))
}

async fn taken_in(store: &Store, id: &str) -> Result<Option<(Table, i64)>, StoreError> {
    let row = sqlx::query("select dimension, revision from vector_store_indexes where store_id = $1")
        .bind(id)
        .fetch_optional(store.pool().await?)
        .await
        .map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(store_error);
    Ok(Some((Table { name: name(id), dimension: number("dimension")? as usize }, number("revision")?)))
}

/// `None` while the store is empty.
pub async fn brought_up(store: &Store, vectors: &VectorStore) -> Result<Option<Table>, StoreError> {
    let now = store.revision(&vectors.id).await?;
    match taken_in(store, &vectors.id).await? {
        Some((table, revision)) if revision >= now.now => Ok(Some(table)),
        None if now.now == 0 => Ok(None),
        _ => take_in(store, vectors, now).await,
    }
}

async fn take_in(store: &Store, vectors: &VectorStore, now: Revision) -> Result<Option<Table>, StoreError> {
    let mut transaction = store.pool().await?.begin().await.map_err(store_error)?;
    // One replica at a time; the others find the work done.
    sqlx::query("select cast(pg_advisory_xact_lock(hashtextextended($1, 0)) as text)")
        .bind(name(&vectors.id))
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let held = taken_in(store, &vectors.id).await?;
    let seen = held.as_ref().map_or(0, |(_, revision)| *revision);
    let mut table = held.map(|(table, _)| table);
    if seen >= now.now && table.is_some() {
        return Ok(table);
    }
    if let Some(table) = table.as_ref().filter(|_| now.rewritten > seen) {
        let sql = format!(
            "delete from {} t where not exists (select 1 from vector_store_chunks c where c.store_id = $1 and c.id = t.id)",
            table.name
        );
        run(&mut transaction, sql, &vectors.id).await?;
    }
    let mut place = Place::behind(seen);
    loop {
        let page = store.chunks_after(&vectors.id, &place, PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
        place = Place::from(last);
        let table = match &mut table {
            Some(table) => table,
            none => none.insert(made(&mut transaction, vectors, first.chunk.vector.len()).await?),
        };
        put(store, &mut transaction, vectors, table, page).await?;
    }
    let Some(table) = table else { return Ok(None) };
    sqlx::query(
        "insert into vector_store_indexes (store_id, dimension, revision) values ($1, $2, $3)
         on conflict (store_id) do update set revision = excluded.revision",
    )
    .bind(&vectors.id)
    .bind(table.dimension as i64)
    .bind(now.now)
    .execute(&mut *transaction)
    .await
    .map_err(store_error)?;
    transaction.commit().await.map_err(store_error)?;
    Ok(Some(table))
}

async fn run(transaction: &mut Transaction<'static, Any>, sql: String, bound: &str) -> Result<(), StoreError> {
    // The SQL holds table names of ours and numbers; what callers gave is bound.
    sqlx::query(AssertSqlSafe(sql)).bind(bound).execute(&mut **transaction).await.map(|_| ()).map_err(store_error)
}

async fn made(
    transaction: &mut Transaction<'static, Any>,
    vectors: &VectorStore,
    dimension: usize,
) -> Result<Table, StoreError> {
    let table = Table { name: name(&vectors.id), dimension };
    let operators = match vectors.metric {
        Metric::Cosine => "cosine_ops",
        Metric::Dot => "ip_ops",
        Metric::L2 => "l2_ops",
    };
    let (name, kind, embedding) = (&table.name, table.kind(), table.embedding());
    let mut sql = vec![
        format!("drop table if exists {name}"),
        format!(
            "create table {name} (id text primary key, file_id text not null, filename text not null,
             attributes jsonb not null, terms tsvector not null, embedding vector({dimension}) not null)"
        ),
        format!("create index on {name} using gin (terms)"),
    ];
    if dimension <= MOST_HALF {
        sql.push(format!(
            "create index on {name} using hnsw (({embedding}) {kind}_{operators}) with (m = 16, ef_construction = 128)"
        ));
    }
    for sql in sql {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut **transaction).await.map_err(store_error)?;
    }
    Ok(table)
}

async fn put(
    store: &Store,
    transaction: &mut Transaction<'static, Any>,
    vectors: &VectorStore,
    table: &Table,
    page: Vec<Kept>,
) -> Result<(), StoreError> {
    let mut files = std::collections::HashMap::new();
    let mut rows = Vec::with_capacity(page.len());
    // A vector of another length cannot be compared.
    for chunk in page.into_iter().map(|kept| kept.chunk).filter(|chunk| chunk.vector.len() == table.dimension) {
        if !files.contains_key(&chunk.file_id) {
            let file = match chunk.file_id.is_empty() {
                true => None,
                false => store.attached(&vectors.id, &chunk.file_id).await?,
            };
            let about = file.map(|file| (file.filename, file.attributes)).unwrap_or_default();
            files.insert(chunk.file_id.clone(), about);
        }
        let (filename, mut attributes) = files.get(&chunk.file_id).cloned().unwrap_or_default();
        attributes.extend(chunk.metadata);
        rows.push(json!({
            "id": chunk.id, "file_id": chunk.file_id, "filename": filename, "attributes": attributes,
            "words": words(&chunk.text).join(" "), "embedding": literal(&chunk.vector),
        }));
    }
    let sql = format!(
        "insert into {} (id, file_id, filename, attributes, terms, embedding)
         select id, file_id, filename, attributes, to_tsvector('english', words) || to_tsvector('french', words),
           cast(embedding as vector)
         from jsonb_to_recordset(cast($1 as jsonb))
           as given(id text, file_id text, filename text, attributes jsonb, words text, embedding text)
         on conflict (id) do update set file_id = excluded.file_id, filename = excluded.filename,
           attributes = excluded.attributes, terms = excluded.terms, embedding = excluded.embedding",
        table.name
    );
    run(transaction, sql, &serde_json::Value::Array(rows).to_string()).await
}

pub async fn drop(store: &Store, store_id: &str) -> Result<(), StoreError> {
    let pool = store.pool().await?;
    let sql = format!("drop table if exists {}", name(store_id));
    sqlx::query(AssertSqlSafe(sql)).execute(pool).await.map_err(store_error)?;
    let sql = "delete from vector_store_indexes where store_id = $1";
    sqlx::query(sql).bind(store_id).execute(pool).await.map(|_| ()).map_err(store_error)
}
