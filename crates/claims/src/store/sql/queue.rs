//! The queue: runs that wait, who holds one and for how long, and what becomes of those nobody holds any more.
//!
//! Locks are taken in one order everywhere, the claim's row before the run's, so that two replicas never wait for each
//! other in a ring.

use jiff::Timestamp;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::runs::{RUN, close_steps, current_run, locked, run_sql, status_of};
use super::{SqlStore, add_event, counts, rows};
use crate::domain::{ClaimEvent, ClaimId, ClaimStatus, Outcome, Run, RunId, RunOptions, RunState};
use crate::store::{Accepted, GivenUp, Lease, Orphans, Recovered, RunEnd, StoreError};

/// The run to take next: the most urgent, then the one that waited longest.
macro_rules! take_sql {
    ($lock:literal) => {
        concat!(
            "update runs set state = 'running', started_at = $1, worker = $2, lease_until = $3 where run_id = ",
            "(select run_id from runs where state = 'queued' and not_before <= $1 ",
            "order by priority desc, queued_at, run_id limit 1",
            $lock,
            ") and state = 'queued' returning run_id"
        )
    };
}

impl SqlStore {
    pub(super) async fn accept_run(
        &self,
        id: &ClaimId,
        options: &RunOptions,
        limit: i64,
        now: Timestamp,
    ) -> Result<Run, StoreError> {
        let mut tx = self.begin().await?;
        let run = accept(&mut tx, id, options, None, limit, now).await?;
        tx.commit().await?;
        self.tell(id);
        Ok(run)
    }

    pub(super) async fn accept_batch(
        &self,
        batch: &str,
        ids: &[ClaimId],
        options: &RunOptions,
        limit: i64,
        now: Timestamp,
    ) -> Result<Accepted, StoreError> {
        // Each claim by itself: a batch of thousands must not hold the one writer of SQLite for seconds. The batch's row
        // comes first, so whoever asks after a crash finds what was accepted until then.
        sqlx::query("insert into batches (batch_id, claims, refused, created_at) values ($1, 0, '[]', $2)")
            .bind(batch)
            .bind(now.as_microsecond())
            .execute(&self.write)
            .await?;
        let mut accepted = Accepted::default();
        for id in ids {
            let mut tx = self.begin().await?;
            match accept(&mut tx, id, options, Some(batch), limit, now).await {
                Ok(run) => {
                    tx.commit().await?;
                    self.tell(id);
                    accepted.runs.push(run);
                }
                Err(error @ (StoreError::Database(_) | StoreError::Unreadable { .. })) => return Err(error),
                Err(error) => accepted.refused.push((id.clone(), error.to_string())),
            }
        }
        let refused = json!(accepted.refused.iter().map(|(id, why)| json!([id, why])).collect::<Vec<_>>());
        sqlx::query("update batches set claims = $2, refused = $3 where batch_id = $1")
            .bind(batch)
            .bind(i64::try_from(accepted.runs.len()).unwrap_or(i64::MAX))
            .bind(refused.to_string())
            .execute(&self.write)
            .await?;
        Ok(accepted)
    }

    pub(super) async fn start_next_run(&self, lease: &Lease<'_>, now: Timestamp) -> Result<Option<Run>, StoreError> {
        let take = if self.shared { take_sql!(" for update skip locked") } else { take_sql!("") };
        loop {
            // Idle workers ask often: SQLite's one writer is not bothered for an empty queue.
            let waiting = sqlx::query("select 1 as one from runs where state = 'queued' and not_before <= $1 limit 1")
                .bind(now.as_microsecond())
                .fetch_optional(&self.read)
                .await?;
            if waiting.is_none() {
                return Ok(None);
            }
            let taken = sqlx::query(take)
                .bind(now.as_microsecond())
                .bind(lease.worker)
                .bind(lease.until.as_microsecond())
                .fetch_optional(&self.write)
                .await?;
            // Another worker was faster; each round someone gets a run, so the queue empties.
            let Some(taken) = taken else { continue };
            let id: String = taken.try_get("run_id")?;
            let mut tx = self.begin().await?;
            let row = sqlx::query(RUN).bind(&id).fetch_one(&mut *tx).await?;
            let claim = rows::run(&row)?.claim_id;
            let current = current_run(&mut tx, &claim).await?;
            let run = rows::run(&sqlx::query(RUN).bind(&id).fetch_one(&mut *tx).await?)?;
            // Called off between the two.
            if run.state != RunState::Running || current.as_deref() != Some(run.run_id.as_str()) {
                continue;
            }
            let payload = json!({"status": ClaimStatus::Processing, "attempt": run.attempt});
            add_event(&mut tx, &run.claim_id, Some(&run.run_id), "started", payload, now).await?;
            tx.commit().await?;
            self.tell(&run.claim_id);
            return Ok(Some(run));
        }
    }

    pub(super) async fn hold_run(&self, run: &RunId, lease: &Lease<'_>) -> Result<bool, StoreError> {
        let held =
            sqlx::query("update runs set lease_until = $3 where run_id = $1 and worker = $2 and state = 'running'")
                .bind(run.as_str())
                .bind(lease.worker)
                .bind(lease.until.as_microsecond())
                .execute(&self.write)
                .await?;
        Ok(held.rows_affected() == 1)
    }

    /// Ends a running run and lets a fresh one wait in its place, so that late writes of the old one are refused.
    pub(super) async fn replace_run(
        &self,
        run: &RunId,
        successor: Successor<'_>,
        now: Timestamp,
    ) -> Result<Option<Run>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(RUN).bind(run.as_str()).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(None) };
        let id = rows::run(&row)?.claim_id;
        locked(&mut tx, &id).await?;
        let old = sqlx::query(
            "update runs set state = 'abandoned', ended_at = $2, end_reason = $3 \
             where run_id = $1 and state = 'running' and ($4 = 0 or lease_until < $4) \
             and not exists (select 1 from decisions d where d.run_id = $1) returning options",
        )
        .bind(run.as_str())
        .bind(now.as_microsecond())
        .bind(successor.why)
        .bind(successor.if_lease_over_at.map_or(0, Timestamp::as_microsecond))
        .fetch_optional(&mut *tx)
        .await?;
        // Decided, ended, called off or taken over by somebody else meanwhile.
        let Some(old_row) = old else { return Ok(None) };
        let options: String = old_row.try_get("options")?;
        let old = rows::run(&row)?;
        close_steps(&mut tx, &id, run, successor.why, now).await?;
        let next = Run {
            run_id: RunId::fresh(),
            claim_id: id.clone(),
            attempt: old.attempt + i64::from(successor.counts),
            state: RunState::Queued,
            priority: old.priority,
            not_before: successor.not_before,
            batch_id: old.batch_id,
            end_reason: None,
            // Who was interrupted does not wait behind those who came later.
            queued_at: old.queued_at,
            started_at: None,
            ended_at: None,
            model: None,
        };
        insert_run(&mut tx, &next, &options).await?;
        let moved = sqlx::query("update claims set current_run = $3 where claim_id = $1 and status = $2")
            .bind(id.as_str())
            .bind(ClaimStatus::Processing.as_str())
            .bind(next.run_id.as_str())
            .execute(&mut *tx)
            .await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::StaleRun(id));
        }
        let payload = json!({
            "status": ClaimStatus::Processing, "attempt": next.attempt, "why": successor.why,
            "not_before": next.not_before.to_string(),
        });
        add_event(&mut tx, &id, Some(&next.run_id), "requeued", payload, now).await?;
        tx.commit().await?;
        self.tell(&id);
        Ok(Some(next))
    }

    pub(super) async fn recover_runs(
        &self,
        orphans: Orphans,
        max_attempts: i64,
        given_up: &GivenUp,
        now: Timestamp,
    ) -> Result<Vec<Recovered>, StoreError> {
        let over = match orphans {
            Orphans::All => None,
            Orphans::LeaseOver => Some(now),
        };
        let left = sqlx::query(run_sql!(
            "where state = 'running' and ($1 = 0 or lease_until < $1) order by queued_at, run_id limit 1000"
        ))
        .bind(over.map_or(0, Timestamp::as_microsecond))
        .fetch_all(&self.read)
        .await?;
        let mut recovered = Vec::new();
        for row in &left {
            recovered.extend(self.recover_run(rows::run(row)?, over, max_attempts, given_up, now).await?);
        }
        Ok(recovered)
    }

    async fn recover_run(
        &self,
        run: Run,
        over: Option<Timestamp>,
        max_attempts: i64,
        given_up: &GivenUp,
        now: Timestamp,
    ) -> Result<Option<Recovered>, StoreError> {
        let claim_id = run.claim_id.clone();
        let decided = sqlx::query("select count(*) as decided from decisions where run_id = $1")
            .bind(run.run_id.as_str())
            .fetch_one(&self.read)
            .await?;
        let decided = decided.try_get::<i64, _>("decided")? > 0;
        if decided || run.attempt >= max_attempts {
            let end = RunEnd {
                without_decision: given_up(&claim_id, run.attempt),
                retryable: true,
                passing: false,
                failed: Some("crashed".into()),
                agent_text: None,
                evidence: Default::default(),
                response_id: None,
                model: None,
            };
            return match self.close_run(&run.run_id, end, now).await {
                Ok(_) if decided => Ok(Some(Recovered::Decided { claim_id })),
                Ok(_) => Ok(Some(Recovered::GivenUp { claim_id })),
                // Another replica was faster.
                Err(StoreError::StaleRun(_)) => Ok(None),
                Err(error) => Err(error),
            };
        }
        let successor = Successor { why: "crashed", counts: true, not_before: now, if_lease_over_at: over };
        let next = self.replace_run(&run.run_id, successor, now).await?;
        Ok(next.map(|next| Recovered::Requeued { claim_id, run_id: next.run_id }))
    }

    pub(super) async fn call_off(&self, id: &ClaimId, by: &str, now: Timestamp) -> Result<RunId, StoreError> {
        let mut tx = self.begin().await?;
        let status = status_of(&mut tx, id).await?;
        let current = current_run(&mut tx, id).await?.filter(|_| status == ClaimStatus::Processing);
        let run =
            current.and_then(|run| RunId::parse(run).ok()).ok_or_else(|| StoreError::NotProcessing(id.clone()))?;
        let ended = sqlx::query(
            "update runs set state = 'cancelled', ended_at = $2, end_reason = 'cancelled' \
             where run_id = $1 and (state = 'queued' or state = 'running') \
             and not exists (select 1 from decisions d where d.run_id = $1)",
        )
        .bind(run.as_str())
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        if ended.rows_affected() != 1 {
            return Err(StoreError::NotProcessing(id.clone()));
        }
        close_steps(&mut tx, id, &run, "cancelled", now).await?;
        let before = sqlx::query(
            "select d.decision, d.run_id from decisions d join claims c on c.claim_id = d.claim_id \
             and c.decision_version = d.version where d.claim_id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let (outcome, last_run) = match &before {
            Some(row) => {
                (Outcome::parse(&row.try_get::<String, _>("decision")?), Some(row.try_get::<String, _>("run_id")?))
            }
            None => (None, None),
        };
        let back = status.after(ClaimEvent::Cancelled(outcome)).unwrap_or(ClaimStatus::Pending);
        sqlx::query("update claims set status = $2, current_run = $3 where claim_id = $1")
            .bind(id.as_str())
            .bind(back.as_str())
            .bind(last_run)
            .execute(&mut *tx)
            .await?;
        add_event(&mut tx, id, Some(&run), "cancelled", json!({"status": back, "by": by}), now).await?;
        counts::moved(&mut tx, id, Some(status), back).await?;
        tx.commit().await?;
        self.tell(id);
        Ok(run)
    }
}

/// What comes after a run that is cut short.
pub(super) struct Successor<'a> {
    pub why: &'a str,
    /// Whether it counts against the claim's attempts.
    pub counts: bool,
    pub not_before: Timestamp,
    /// Only if nobody has held the run since.
    pub if_lease_over_at: Option<Timestamp>,
}

async fn accept(
    tx: &mut AnyConnection,
    id: &ClaimId,
    options: &RunOptions,
    batch: Option<&str>,
    limit: i64,
    now: Timestamp,
) -> Result<Run, StoreError> {
    let status = status_of(&mut *tx, id).await?;
    let Some(next) = status.after(ClaimEvent::ProcessingAccepted) else {
        return Err(StoreError::AlreadyProcessing(id.clone()));
    };
    let waiting =
        sqlx::query("select count(*) as waiting from runs where state = 'queued'").fetch_one(&mut *tx).await?;
    if waiting.try_get::<i64, _>("waiting")? >= limit {
        return Err(StoreError::QueueFull(limit));
    }
    let run = Run {
        run_id: RunId::fresh(),
        claim_id: id.clone(),
        attempt: 1,
        state: RunState::Queued,
        priority: options.priority,
        not_before: now,
        batch_id: batch.map(str::to_owned),
        end_reason: None,
        queued_at: now,
        started_at: None,
        ended_at: None,
        model: None,
    };
    let options = serde_json::to_string(options).map_err(|_| rows::unreadable("options"))?;
    insert_run(&mut *tx, &run, &options).await?;
    let moved = sqlx::query(
        "update claims set status = $3, current_run = $4, processed_at = $5, total_processing_time_ms = $5 \
         where claim_id = $1 and status = $2",
    )
    .bind(id.as_str())
    .bind(status.as_str())
    .bind(next.as_str())
    .bind(run.run_id.as_str())
    .bind(None::<i64>)
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() != 1 {
        return Err(StoreError::AlreadyProcessing(id.clone()));
    }
    add_event(&mut *tx, id, Some(&run.run_id), "queued", json!({"status": next, "attempt": 1}), now).await?;
    counts::moved(tx, id, Some(status), next).await?;
    Ok(run)
}

async fn insert_run(tx: &mut AnyConnection, run: &Run, options: &str) -> Result<(), StoreError> {
    sqlx::query(
        "insert into runs (run_id, claim_id, attempt, state, options, queued_at, priority, not_before, batch_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(run.run_id.as_str())
    .bind(run.claim_id.as_str())
    .bind(run.attempt)
    .bind(run.state.as_str())
    .bind(options)
    .bind(run.queued_at.as_microsecond())
    .bind(run.priority)
    .bind(run.not_before.as_microsecond())
    .bind(run.batch_id.clone())
    .execute(tx)
    .await?;
    Ok(())
}
