//! The store over `sqlx::Any`: one SQL text for SQLite and PostgreSQL.

mod audit;
mod claims;
mod counts;
mod decisions;
mod jobs;
mod list;
mod listed;
mod questions;
mod queue;
mod reference;
mod reviews;
mod rows;
mod runs;

use std::path::Path;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Executor, Row, Transaction};
use tokio::sync::broadcast;

use self::queue::Successor;
use super::{
    Accepted, BatchReport, ClaimEventRow, ClaimFilter, ClaimPage, ClaimStore, GivenUp, JobPage, Lease, Orphans,
    QueueDepth, Recovered, ReviewFigures, RunEnd, Statistics, StoreError, SubmissionKey, Written,
};
use crate::domain::{
    AuditEvent, AuditFile, Claim, ClaimId, ClaimStatus, DecisionDocument, DecisionRecord, Evidence, NewClaim,
    NewEvidence, Question, Review, ReviewTask, Run, RunId, RunOptions, RunState, Step,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

const READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;
const WATCHERS_LAG: usize = 1024;

/// SQLite (one writer, a few readers) or PostgreSQL, by the URL.
pub struct SqlStore {
    read: AnyPool,
    write: AnyPool,
    begin: &'static str,
    /// PostgreSQL: other processes may work on it.
    shared: bool,
    feed: broadcast::Sender<ClaimId>,
}

impl SqlStore {
    /// Connects and brings the schema up to date. `url` is `sqlite://PATH` or `postgres://…`.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (feed, _) = broadcast::channel(WATCHERS_LAG);
        let store = if url.starts_with("sqlite:") {
            let options = AnyConnectOptions::from_str(url)?;
            let write = sqlite_pool(1).connect_with(options.clone()).await?;
            let read = sqlite_pool(READERS).connect_with(options).await?;
            // Taking the write lock at the start avoids a failed upgrade when another process writes too.
            Self { read, write, begin: "BEGIN IMMEDIATE", shared: false, feed }
        } else {
            let pool = AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).connect(url).await?;
            Self { read: pool.clone(), write: pool, begin: "BEGIN", shared: true, feed }
        };
        MIGRATIONS.run(&store.write).await?;
        Ok(store)
    }

    /// A SQLite database in a file, made when it is not there.
    pub async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        let path = percent_encoding::utf8_percent_encode(&file.to_string_lossy(), PATH_SAFE).to_string();
        Self::connect(&format!("sqlite://{path}?mode=rwc")).await
    }

    async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(self.write.begin_with(self.begin).await?)
    }

    fn tell(&self, id: &ClaimId) {
        // Nobody watching is fine.
        let _ = self.feed.send(id.clone());
    }
}

const PATH_SAFE: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'?').add(b'#').add(b'%');

/// WAL lets readers go on while one writes. `synchronous=FULL` because an accepted claim must survive a power
/// cut, and a claim writes a few dozen rows over seconds: the extra fsync is not felt.
fn sqlite_pool(connections: u32) -> AnyPoolOptions {
    // A connection to a file does not go stale: asking it before each use would double the ways to its thread.
    let options = AnyPoolOptions::new().max_connections(connections).min_connections(1).test_before_acquire(false);
    options.after_connect(|connection, _| {
        Box::pin(async move {
            for pragma in [
                "pragma journal_mode = wal",
                "pragma foreign_keys = on",
                "pragma synchronous = full",
                "pragma busy_timeout = 5000",
            ] {
                connection.execute(pragma).await?;
            }
            Ok(())
        })
    })
}

/// Appends to the claim's history, chained to what is there, and returns its number.
async fn add_event(
    tx: &mut AnyConnection,
    claim: &ClaimId,
    run: Option<&RunId>,
    kind: &'static str,
    payload: Value,
    now: Timestamp,
) -> Result<i64, StoreError> {
    // The claim's row is locked until the transaction ends, so no two events follow the same one.
    let row = sqlx::query(
        "update claims set event_seq = event_seq + 1, updated_at = $2 where claim_id = $1 returning event_seq",
    )
    .bind(claim.as_str())
    .bind(now.as_microsecond())
    .fetch_one(&mut *tx)
    .await?;
    let seq: i64 = row.try_get("event_seq")?;
    let before = sqlx::query("select hash from events where claim_id = $1 and seq = $2")
        .bind(claim.as_str())
        .bind(seq - 1)
        .fetch_optional(&mut *tx)
        .await?;
    let before: String = before.map_or(Ok(String::new()), |row| row.try_get("hash"))?;
    let run_id = run.map(|run| run.as_str().to_owned());
    let event = AuditEvent { seq, run_id, kind: kind.into(), payload, at: now.as_microsecond(), hash: String::new() };
    sqlx::query(
        "insert into events (claim_id, seq, run_id, kind, payload, created_at, hash) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(claim.as_str())
    .bind(seq)
    .bind(event.run_id.clone())
    .bind(kind)
    .bind(event.payload.to_string())
    .bind(event.at)
    .bind(event.link(claim.as_str(), &before))
    .execute(&mut *tx)
    .await?;
    Ok(seq)
}

#[async_trait]
impl ClaimStore for SqlStore {
    async fn submit(&self, claim: NewClaim, now: Timestamp) -> Result<Claim, StoreError> {
        self.insert_claim(claim, now).await
    }

    async fn submit_once(
        &self,
        claim: NewClaim,
        key: &SubmissionKey,
        now: Timestamp,
    ) -> Result<(Claim, Written), StoreError> {
        self.insert_claim_once(claim, key, now).await
    }

    async fn claims_with_document(&self, sha256: &str) -> Result<Vec<ClaimId>, StoreError> {
        self.find_claims_with_document(sha256).await
    }

    async fn claim(&self, id: &ClaimId) -> Result<Option<Claim>, StoreError> {
        self.find_claim(id).await
    }

    async fn claim_by_number(&self, number: &str) -> Result<Option<Claim>, StoreError> {
        self.find_claim_by_number(number).await
    }

    async fn list(&self, filter: &ClaimFilter) -> Result<ClaimPage, StoreError> {
        self.list_claims(filter).await
    }

    async fn statistics(&self) -> Result<Statistics, StoreError> {
        self.count_claims().await
    }

    async fn enqueue(&self, id: &ClaimId, options: &RunOptions, limit: i64, now: Timestamp) -> Result<Run, StoreError> {
        self.accept_run(id, options, limit, now).await
    }

    async fn enqueue_batch(
        &self,
        batch: &str,
        ids: &[ClaimId],
        options: &RunOptions,
        limit: i64,
        now: Timestamp,
    ) -> Result<Accepted, StoreError> {
        self.accept_batch(batch, ids, options, limit, now).await
    }

    async fn batch(&self, batch: &str) -> Result<Option<BatchReport>, StoreError> {
        self.batch_report(batch).await
    }

    async fn jobs(&self, state: Option<RunState>, offset: i64, limit: i64) -> Result<JobPage, StoreError> {
        self.list_runs(state, offset, limit).await
    }

    async fn queue_depth(&self) -> Result<QueueDepth, StoreError> {
        SqlStore::queue_depth(self).await
    }

    async fn next_queued(&self, lease: &Lease<'_>, now: Timestamp) -> Result<Option<Run>, StoreError> {
        self.start_next_run(lease, now).await
    }

    async fn keep(&self, run: &RunId, lease: &Lease<'_>) -> Result<bool, StoreError> {
        self.hold_run(run, lease).await
    }

    async fn requeue(&self, run: &RunId, now: Timestamp) -> Result<(), StoreError> {
        let successor = Successor { why: "stopped", counts: false, not_before: now, if_lease_over_at: None };
        self.replace_run(run, successor, now).await.map(drop)
    }

    async fn retry(&self, run: &RunId, why: &str, not_before: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let successor = Successor { why, counts: true, not_before, if_lease_over_at: None };
        Ok(self.replace_run(run, successor, now).await?.is_some())
    }

    async fn cancel(&self, id: &ClaimId, by: &str, now: Timestamp) -> Result<RunId, StoreError> {
        self.call_off(id, by, now).await
    }

    async fn recover(
        &self,
        orphans: Orphans,
        max_attempts: i64,
        given_up: &GivenUp,
        now: Timestamp,
    ) -> Result<Vec<Recovered>, StoreError> {
        self.recover_runs(orphans, max_attempts, given_up, now).await
    }

    fn shared(&self) -> bool {
        self.shared
    }

    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        self.find_run(run).await
    }

    async fn finish_run(&self, run: &RunId, end: RunEnd, now: Timestamp) -> Result<Claim, StoreError> {
        self.close_run(run, end, now).await
    }

    async fn put_step(&self, run: &RunId, step: &Step, now: Timestamp) -> Result<(), StoreError> {
        self.upsert_step(run, step, now).await
    }

    async fn steps(&self, id: &ClaimId) -> Result<Vec<Step>, StoreError> {
        self.steps_of_current_run(id).await
    }

    async fn record_evidence(
        &self,
        id: &ClaimId,
        run: &RunId,
        evidence: &NewEvidence,
        now: Timestamp,
    ) -> Result<(Evidence, Written), StoreError> {
        self.insert_evidence(id, run, evidence, now).await
    }

    async fn evidence(&self, id: &ClaimId) -> Result<Vec<Evidence>, StoreError> {
        self.evidence_of_current_run(id).await
    }

    async fn record_decision(
        &self,
        id: &ClaimId,
        run: &RunId,
        document: &DecisionDocument,
        evidence_sha256: &str,
        now: Timestamp,
    ) -> Result<(DecisionRecord, Written), StoreError> {
        self.insert_decision(id, run, document, evidence_sha256, now).await
    }

    async fn decisions(&self, id: &ClaimId) -> Result<Vec<DecisionRecord>, StoreError> {
        self.decisions_of(id).await
    }

    async fn review(&self, id: &ClaimId) -> Result<ReviewTask, StoreError> {
        self.review_task(id).await
    }

    async fn record_review(
        &self,
        id: &ClaimId,
        review: &Review,
        status: Option<ClaimStatus>,
        assignee: Option<Option<&str>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_review(id, review, status, assignee, now).await
    }

    async fn review_figures(&self) -> Result<ReviewFigures, StoreError> {
        self.count_reviews().await
    }

    async fn record_question(&self, id: &ClaimId, question: &Question, now: Timestamp) -> Result<(), StoreError> {
        self.write_question(id, question, now).await
    }

    async fn questions(&self, id: &ClaimId) -> Result<Vec<Question>, StoreError> {
        self.list_questions(id).await
    }

    async fn audit(&self, id: &ClaimId) -> Result<Option<AuditFile>, StoreError> {
        self.audit_of(id).await
    }

    async fn events(&self, id: &ClaimId, after: i64, limit: i64) -> Result<Vec<ClaimEventRow>, StoreError> {
        self.events_after(id, after, limit).await
    }

    fn watch(&self) -> broadcast::Receiver<ClaimId> {
        self.feed.subscribe()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select count(*) as n from reference_marks").fetch_one(&self.read).await?;
        Ok(())
    }
}
