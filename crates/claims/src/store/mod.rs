//! The system of record: claims, runs, evidence, decisions and reference data.
//!
//! Each method is one use-case and one transaction. A look-up answers `Option`; time comes in as an argument.

mod documents;
mod sql;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::domain::{
    AuditFile, Claim, ClaimId, ClaimStatus, DecisionDocument, DecisionRecord, Evidence, NewClaim, NewEvidence, Outcome,
    Question, Review, ReviewTask, Run, RunId, RunOptions, RunState, Step, Vocabulary,
};

pub use documents::{DocumentStore, DocumentStoreError, OpenDocument, filename_of};
pub use sql::SqlStore;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{what} {id} not found")]
    NotFound { what: &'static str, id: String },
    #[error("claim number {0} is already in use")]
    ClaimNumberTaken(String),
    #[error("claim id {0} is already in use")]
    ClaimIdTaken(String),
    #[error("claim {0} is being processed already")]
    AlreadyProcessing(ClaimId),
    #[error("claim {0} is not being processed, or is decided already")]
    NotProcessing(ClaimId),
    #[error("this Idempotency-Key was used for another submission, of claim {0}")]
    KeyTaken(ClaimId),
    #[error("the queue holds {0} claims and takes no more; try again later")]
    QueueFull(i64),
    #[error("somebody else acted on claim {0} meanwhile: look again")]
    ReviewChanged(ClaimId),
    /// The run is not the claim's current one, or has ended: its late writes are refused.
    #[error("run is not the current run of claim {0}")]
    StaleRun(ClaimId),
    #[error("the run holds {0} findings or steps and takes no more")]
    RunFull(i64),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("database schema: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that this version cannot read.
    #[error("stored {what} cannot be read")]
    Unreadable { what: &'static str },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClaimOrder {
    #[default]
    SubmittedAt,
    ReceivedDate,
    UpdatedAt,
    ClaimNumber,
    UserId,
    Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    Ascending,
    #[default]
    Descending,
}

/// What to list. Empty lists and `None` do not restrict.
#[derive(Debug, Clone, Default)]
pub struct ClaimFilter {
    pub statuses: Vec<ClaimStatus>,
    pub claim_type: Option<String>,
    pub user_id: Option<String>,
    /// Part of the claim number, claim id or user id, without regard to case.
    pub search: Option<String>,
    pub include_archived: bool,
    pub order: ClaimOrder,
    pub direction: Direction,
    /// From 1. Pages are counted off, so a late one costs more than an early one.
    pub page: i64,
    /// Only claims behind this one, at once wherever it stands; `page` does not count then.
    pub after: Option<PageMark>,
    pub page_size: i64,
}

/// Where a claim stands in a list: its value in the list's order, then its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMark {
    /// As text; times in microseconds since 1970.
    pub key: String,
    pub claim_id: String,
}

#[derive(Debug, Clone)]
pub struct ClaimPage {
    pub claims: Vec<Claim>,
    /// Matches on all pages.
    pub total: i64,
    /// The last claim here, when there are more behind it.
    pub next: Option<PageMark>,
}

#[derive(Debug, Clone, Default)]
pub struct Statistics {
    pub by_status: Vec<(ClaimStatus, i64)>,
    pub total: i64,
    pub average_processing_time_ms: Option<f64>,
}

/// Whether a write made something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Created,
    /// The same thing was there before; nothing changed.
    Same,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// Recorded when the run has no decision of its own.
    pub without_decision: DecisionDocument,
    pub retryable: bool,
    /// What failed is likely to pass by itself.
    pub passing: bool,
    /// One word for what broke the run, e.g. `stack_unreachable`; `None` when it ended in good order.
    pub failed: Option<String>,
    pub agent_text: Option<String>,
    /// What the run's tools gave, to check the agent's words against.
    pub evidence: Vocabulary,
    pub response_id: Option<String>,
    pub model: Option<String>,
}

/// One line of a claim's history. `seq` grows by one from 1 within the claim.
#[derive(Debug, Clone)]
pub struct ClaimEventRow {
    pub seq: i64,
    pub run_id: Option<String>,
    pub kind: String,
    pub payload: Value,
    pub created_at: Timestamp,
}

/// Who holds a run, and until when nobody else takes it over.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    pub worker: &'a str,
    pub until: Timestamp,
}

/// Whose running runs are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// Everybody's: at the start of the only process on a database.
    All,
    /// Of workers that did not renew their lease.
    LeaseOver,
}

/// What became of a batch that was handed in.
#[derive(Debug, Default)]
pub struct Accepted {
    pub runs: Vec<Run>,
    /// Claims that were not taken, and why.
    pub refused: Vec<(ClaimId, String)>,
}

#[derive(Debug, Clone, Default)]
pub struct QueueDepth {
    pub waiting: i64,
    pub running: i64,
    pub oldest_waiting: Option<Timestamp>,
}

#[derive(Debug)]
pub struct JobPage {
    /// Latest first.
    pub runs: Vec<Run>,
    pub depth: QueueDepth,
}

/// How far a batch is. `total` is of the claims that were accepted.
#[derive(Debug, Default)]
pub struct BatchReport {
    pub created_at: Timestamp,
    pub total: i64,
    pub waiting: i64,
    pub running: i64,
    pub cancelled: i64,
    pub decided: BTreeMap<Outcome, i64>,
    pub refused: Vec<(ClaimId, String)>,
}

/// A caller's own key for a submission, with the digest of what was asked.
#[derive(Debug, Clone)]
pub struct SubmissionKey {
    pub caller: String,
    pub key: String,
    pub request_sha256: String,
}

/// How often people decide, and otherwise than the policy.
#[derive(Debug, Clone, Default)]
pub struct ReviewFigures {
    /// Claims whose latest decision is the policy's own approval or refusal.
    pub decided_by_policy: i64,
    pub decided_by_people: i64,
    /// Of those, with another outcome or amount than the policy's.
    pub overridden: i64,
    /// Claims that wait for a person, or for an answer to one.
    pub waiting: i64,
}

/// What a restart found of a run that was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// A new run waits in the queue.
    Requeued { claim_id: ClaimId, run_id: RunId },
    /// The run had recorded its decision: it counts.
    Decided { claim_id: ClaimId },
    /// Too many crashes: a person must look.
    GivenUp { claim_id: ClaimId },
}

#[async_trait]
pub trait ClaimStore: Send + Sync {
    async fn submit(&self, claim: NewClaim, now: Timestamp) -> Result<Claim, StoreError>;
    /// The same under a key: a submission that was made before gives its claim again, and writes nothing.
    async fn submit_once(
        &self,
        claim: NewClaim,
        key: &SubmissionKey,
        now: Timestamp,
    ) -> Result<(Claim, Written), StoreError>;
    /// Other claims that came with this very document, latest first, at most 20.
    async fn claims_with_document(&self, sha256: &str) -> Result<Vec<ClaimId>, StoreError>;
    async fn claim(&self, id: &ClaimId) -> Result<Option<Claim>, StoreError>;
    async fn claim_by_number(&self, number: &str) -> Result<Option<Claim>, StoreError>;
    async fn list(&self, filter: &ClaimFilter) -> Result<ClaimPage, StoreError>;
    async fn statistics(&self) -> Result<Statistics, StoreError>;

    /// Accepts a claim for processing. Durable when this returns: a crash afterwards does not lose it.
    async fn enqueue(&self, id: &ClaimId, options: &RunOptions, limit: i64, now: Timestamp) -> Result<Run, StoreError>;
    /// Accepts many, each by itself: what is refused is said and keeps no other back.
    async fn enqueue_batch(
        &self,
        batch: &str,
        ids: &[ClaimId],
        options: &RunOptions,
        limit: i64,
        now: Timestamp,
    ) -> Result<Accepted, StoreError>;
    async fn batch(&self, batch: &str) -> Result<Option<BatchReport>, StoreError>;
    /// Runs by the time they were accepted, latest first.
    async fn jobs(&self, state: Option<RunState>, offset: i64, limit: i64) -> Result<JobPage, StoreError>;
    async fn queue_depth(&self) -> Result<QueueDepth, StoreError>;
    /// The most urgent run that waits, among them the oldest, now held by the worker; `None` when none is due.
    async fn next_queued(&self, lease: &Lease<'_>, now: Timestamp) -> Result<Option<Run>, StoreError>;
    /// Holds a run for longer. False when it is no longer the worker's: ended, called off or taken over.
    async fn keep(&self, run: &RunId, lease: &Lease<'_>) -> Result<bool, StoreError>;
    /// Puts the claim of a run that a stop interrupted back into the queue, under a new run. Not counted as a crash.
    async fn requeue(&self, run: &RunId, now: Timestamp) -> Result<(), StoreError>;
    /// Tries the claim of a failed run again, not before `not_before`; counted as an attempt. False when the run was
    /// not running any more.
    async fn retry(&self, run: &RunId, why: &str, not_before: Timestamp, now: Timestamp) -> Result<bool, StoreError>;
    /// Calls a waiting or running claim off. It stands where its last decision left it.
    async fn cancel(&self, id: &ClaimId, by: &str, now: Timestamp) -> Result<RunId, StoreError>;
    /// Deals with running runs that nobody holds: each gets a new run id, so that late writes of the old one are refused.
    async fn recover(
        &self,
        orphans: Orphans,
        max_attempts: i64,
        given_up: &GivenUp,
        now: Timestamp,
    ) -> Result<Vec<Recovered>, StoreError>;
    /// Whether other processes may work on the same database.
    fn shared(&self) -> bool;
    async fn run(&self, run: &RunId) -> Result<Option<Run>, StoreError>;
    /// Ends the run and decides the claim: by the run's own decision, else by `end.without_decision`.
    async fn finish_run(&self, run: &RunId, end: RunEnd, now: Timestamp) -> Result<Claim, StoreError>;
    async fn put_step(&self, run: &RunId, step: &Step, now: Timestamp) -> Result<(), StoreError>;
    /// Steps of the claim's latest run.
    async fn steps(&self, id: &ClaimId) -> Result<Vec<Step>, StoreError>;

    async fn record_evidence(
        &self,
        id: &ClaimId,
        run: &RunId,
        evidence: &NewEvidence,
        now: Timestamp,
    ) -> Result<(Evidence, Written), StoreError>;
    /// Of the claim's latest run, latest first.
    async fn evidence(&self, id: &ClaimId) -> Result<Vec<Evidence>, StoreError>;
    /// One decision for each run: the same evidence answers the stored one; other evidence of the same live run
    /// replaces it, because the policy then saw more.
    async fn record_decision(
        &self,
        id: &ClaimId,
        run: &RunId,
        document: &DecisionDocument,
        evidence_sha256: &str,
        now: Timestamp,
    ) -> Result<(DecisionRecord, Written), StoreError>;
    /// Latest first.
    async fn decisions(&self, id: &ClaimId) -> Result<Vec<DecisionRecord>, StoreError>;

    async fn review(&self, id: &ClaimId) -> Result<ReviewTask, StoreError>;
    /// Writes an act, if nobody acted and nothing was decided since it was judged. `assignee`: whose the claim is now.
    async fn record_review(
        &self,
        id: &ClaimId,
        review: &Review,
        status: Option<ClaimStatus>,
        assignee: Option<Option<&str>>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    async fn review_figures(&self) -> Result<ReviewFigures, StoreError>;

    /// Keeps what was asked and answered.
    async fn record_question(&self, id: &ClaimId, question: &Question, now: Timestamp) -> Result<(), StoreError>;
    /// Latest first, at most 200.
    async fn questions(&self, id: &ClaimId) -> Result<Vec<Question>, StoreError>;

    /// Everything there is about the claim, with the chain that holds it together.
    async fn audit(&self, id: &ClaimId) -> Result<Option<AuditFile>, StoreError>;

    async fn events(&self, id: &ClaimId, after: i64, limit: i64) -> Result<Vec<ClaimEventRow>, StoreError>;
    /// Tells which claims got events, after they are written. A hint: a slow reader loses some and reads the
    /// table instead.
    fn watch(&self) -> broadcast::Receiver<ClaimId>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Builds the decision of a claim whose runs crashed too often.
pub type GivenUp = dyn Fn(&ClaimId, i64) -> DecisionDocument + Send + Sync;

/// Keys to look past claims up by; each given key restricts.
#[derive(Debug, Clone, Default)]
pub struct PastClaimKeys {
    pub user_id: Option<String>,
    pub contract_number: Option<String>,
    pub invoice_number: Option<String>,
    pub provider_name: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// Month, currency, EUR per unit.
    pub fx_rates: Vec<(String, String, String)>,
    pub provider_watchlist: Vec<String>,
    pub public_holidays: Vec<String>,
}

/// Reference data to be written: rows by key, whole documents as JSON text.
#[derive(Debug, Clone, Default)]
pub struct ReferenceBatch {
    pub users: Vec<UserRow>,
    pub contracts: Vec<ContractRow>,
    pub past_claims: Vec<PastClaimRow>,
    pub articles: Vec<ArticleRow>,
    pub fx_rates: Vec<(String, String, String)>,
    pub watchlist: Vec<(String, String)>,
    pub holidays: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct UserRow {
    pub user_id: String,
    pub language: String,
    pub is_active: bool,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct ContractRow {
    pub contract_number: String,
    pub user_id: String,
    pub product: String,
    pub start_date: String,
    pub end_date: String,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct PastClaimRow {
    pub claim_number: String,
    pub user_id: String,
    pub contract_number: String,
    pub invoice_number: String,
    pub provider_name: String,
    pub incident_date: String,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct ArticleRow {
    pub article_id: String,
    pub language: String,
    pub category: String,
    pub body: String,
}

#[async_trait]
pub trait ReferenceStore: Send + Sync {
    /// Writes all of it or nothing; a row whose key exists is replaced.
    async fn import(&self, batch: &ReferenceBatch) -> Result<(), StoreError>;
    /// The user's document with `contracts` and `past_claims` added.
    async fn user(&self, user_id: &str) -> Result<Option<Value>, StoreError>;
    /// The language the user reads, without the rest of the document.
    async fn user_language(&self, user_id: &str) -> Result<Option<String>, StoreError>;
    /// Past claims as JSON text, by claim number after `after`, at most `limit`; with the last claim number.
    async fn history_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError>;
    /// Changes when the history changes.
    async fn history_mark(&self) -> Result<String, StoreError>;
    async fn history_lookup(&self, keys: &PastClaimKeys, limit: i64) -> Result<Vec<String>, StoreError>;
    /// Users as documents with their `contracts`, by user id after `after`, at most `limit`; with the last user id.
    async fn policyholders_page(&self, after: &str, limit: i64) -> Result<Vec<(String, String)>, StoreError>;
    /// Articles as JSON text, by article id, at most `limit`.
    async fn articles(&self, limit: i64) -> Result<Vec<String>, StoreError>;
    async fn parameters(&self) -> Result<Parameters, StoreError>;
}

/// A look-up key: lower case, letters and digits only.
pub fn lookup_key(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
