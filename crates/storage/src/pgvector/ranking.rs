//! One question, one statement: the filter inside, both rankings and their fusion.

use ports::responses::StoreError;
use ports::vectors::{Fusion, Metric, VectorHit, VectorQuery, VectorStore};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use wire::openai::vector_stores::SearchMode;

use super::Extension;
use super::filter::{Binds, condition};
use super::table::{Table, literal, words};
use crate::Store;
use crate::error::store_error;
use crate::rows::json;

/// Candidates of each ranking that a hybrid search fuses, per result asked for.
const CANDIDATES: usize = 4;
/// Width of the walk through the index, and how many rows it may look at for a filter.
const EF_SEARCH: usize = 128;
const MOST_SCANNED: usize = 100_000;

pub async fn search(
    store: &Store,
    extension: Extension,
    table: &Table,
    vectors: &VectorStore,
    query: &VectorQuery,
) -> Result<Vec<VectorHit>, StoreError> {
    if query.mode != SearchMode::Keyword && query.vector.len() != table.dimension {
        return Ok(Vec::new());
    }
    let hits = asked(store, extension, table, vectors, query, true).await?;
    if hits.len() >= query.limit || query.mode == SearchMode::Keyword {
        return Ok(passing(hits, query));
    }
    // The index may have given up before the filter was satisfied; comparing all rows does not.
    Ok(passing(asked(store, extension, table, vectors, query, false).await?, query))
}

fn passing(hits: Vec<VectorHit>, query: &VectorQuery) -> Vec<VectorHit> {
    hits.into_iter().filter(|hit| hit.score >= query.threshold).collect()
}

async fn asked(
    store: &Store,
    extension: Extension,
    table: &Table,
    vectors: &VectorStore,
    query: &VectorQuery,
    indexed: bool,
) -> Result<Vec<VectorHit>, StoreError> {
    let mut binds = Binds::default();
    let sql = statement(table, vectors, query, &mut binds);
    let mut transaction = store.pool().await?.begin().await.map_err(store_error)?;
    let mut settings = vec![format!("set local hnsw.ef_search = {EF_SEARCH}")];
    if extension.iterative {
        settings.push("set local hnsw.iterative_scan = strict_order".into());
        settings.push(format!("set local hnsw.max_scan_tuples = {MOST_SCANNED}"));
    }
    if !indexed {
        settings.push("set local enable_indexscan = off".into());
    }
    for setting in settings {
        sqlx::query(AssertSqlSafe(setting)).execute(&mut *transaction).await.map_err(store_error)?;
    }
    // The SQL is made of our own words and numbers; what the caller gave is bound.
    let mut asked = sqlx::query(AssertSqlSafe(sql));
    for text in &binds.0 {
        asked = asked.bind(text);
    }
    let rows = asked.fetch_all(&mut *transaction).await.map_err(store_error)?;
    transaction.commit().await.map_err(store_error)?;
    rows.iter().map(hit).collect()
}

fn statement(table: &Table, vectors: &VectorStore, query: &VectorQuery, binds: &mut Binds) -> String {
    let open = query.filter.as_ref().map_or_else(|| "true".to_owned(), |filter| condition(filter, binds));
    let (limit, many) = (query.limit, (query.limit * CANDIDATES).max(50));
    let ranking = match query.mode {
        SearchMode::Vector => nearest(table, vectors, query, &open, limit, binds),
        SearchMode::Keyword => worded(table, query, &open, limit, binds),
        SearchMode::Hybrid => {
            let vector = nearest(table, vectors, query, &open, many, binds);
            let words = worded(table, query, &open, many, binds);
            let (vector, words) = (part(&vector, query.fusion, true), part(&words, query.fusion, false));
            format!("select id, sum(score) as score from ({vector} union all {words}) parts group by id")
        }
    };
    let id = binds.add(&vectors.id);
    format!(
        "select t.id, t.file_id, t.filename, cast(t.attributes as text) as attributes, c.body,
           cast(r.score as double precision) as score
         from ({ranking}) r join {} t on t.id = r.id join vector_store_chunks c on c.store_id = {id} and c.id = r.id
         order by r.score desc, r.id limit {limit}",
        table.name
    )
}

fn nearest(
    table: &Table,
    vectors: &VectorStore,
    query: &VectorQuery,
    open: &str,
    limit: usize,
    binds: &mut Binds,
) -> String {
    let (operator, score) = match vectors.metric {
        Metric::Cosine => ("<=>", "1 - coalesce(nullif(distance, 'NaN'), 1)"),
        Metric::Dot => ("<#>", "-distance"),
        Metric::L2 => ("<->", "1 / (1 + distance)"),
    };
    let asked = binds.add(literal(&query.vector));
    let distance = format!("({}) {operator} cast({asked} as {})", table.embedding(), table.kind());
    format!(
        "select id, {score} as score from (select id, {distance} as distance from {} where {open}
           order by {distance} limit {limit}) near",
        table.name
    )
}

fn worded(table: &Table, query: &VectorQuery, open: &str, limit: usize, binds: &mut Binds) -> String {
    // Any of the words; each is letters and digits only, so it is no operator.
    let asked = binds.add(words(&query.words).join(" | "));
    let wanted = format!("(to_tsquery('english', {asked}) || to_tsquery('french', {asked}))");
    format!(
        "select id, cast(ts_rank(terms, {wanted}, 1) as double precision) as score from {}
         where terms @@ {wanted} and {open} order by score desc, id limit {limit}",
        table.name
    )
}

/// The share of one ranking in the fused score.
fn part(ranking: &str, fusion: Fusion, by_vector: bool) -> String {
    match fusion {
        Fusion::ReciprocalRank { impact } => format!(
            "select id, 1.0 / ({impact}::double precision + row_number() over (order by score desc, id)) as score
             from ({ranking}) ranked"
        ),
        Fusion::Weighted { vector } => {
            let share = if by_vector { vector } else { 1.0 - vector };
            let spread = "max(score) over () - min(score) over ()";
            format!(
                "select id, {share}::double precision *
                   case when {spread} > 0 then (score - min(score) over ()) / ({spread}) else 1 end as score
                 from ({ranking}) ranked"
            )
        }
    }
}

fn hit(row: &AnyRow) -> Result<VectorHit, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(store_error);
    let score: f64 = row.try_get("score").map_err(store_error)?;
    Ok(VectorHit {
        chunk_id: text("id")?,
        file_id: text("file_id")?,
        filename: text("filename")?,
        text: text("body")?,
        attributes: json(row, "attributes")?,
        score: score as f32,
    })
}
