//! Runs: accepted, started, ended, recovered; and their steps.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::decisions::{NewDecision, brief_json, store_decision};
use super::{SqlStore, add_event, counts, rows};
use crate::domain::{
    Claim, ClaimEvent, ClaimId, ClaimStatus, DecisionDocument, DecisionSource, Outcome, Run, RunId, RunState, Step,
    StepStatus, agrees, digest, step_digest,
};
use crate::store::{RunEnd, StoreError};

/// A run, by the rest of the statement.
macro_rules! run_sql {
    ($rest:literal) => {
        concat!(
            "select run_id, claim_id, attempt, state, priority, not_before, batch_id, queued_at, started_at, ",
            "ended_at, end_reason, model from runs ",
            $rest
        )
    };
}
pub(super) use run_sql;

pub(super) const RUN: &str = run_sql!("where run_id = $1");
const MAX_STEPS: i64 = 200;

impl SqlStore {
    pub(super) async fn find_run(&self, run: &RunId) -> Result<Option<Run>, StoreError> {
        let row = sqlx::query(RUN).bind(run.as_str()).fetch_optional(&self.read).await?;
        row.as_ref().map(rows::run).transpose()
    }

    pub(super) async fn close_run(&self, run: &RunId, end: RunEnd, now: Timestamp) -> Result<Claim, StoreError> {
        let mut tx = self.begin().await?;
        let id = claim_of(&mut tx, run).await?;
        let current = current_run(&mut tx, &id).await?;
        let row = sqlx::query(RUN).bind(run.as_str()).fetch_one(&mut *tx).await?;
        let found = rows::run(&row)?;
        if found.state != RunState::Running || current.as_deref() != Some(run.as_str()) {
            return Err(StoreError::StaleRun(id));
        }
        let words = end.agent_text.as_deref().map(|text| digest(&[text]));
        let (outcome, reason) = settle_decision(&mut tx, &id, run, &end, now).await?;
        let status = ClaimStatus::Processing.after(ClaimEvent::Decided(outcome)).unwrap_or(ClaimStatus::Failed);
        let began = found.started_at.unwrap_or(found.queued_at);
        let took_ms = (now.as_millisecond() - began.as_millisecond()).max(0);
        close_steps(&mut tx, &id, run, &reason, now).await?;
        sqlx::query(
            "update runs set state = 'finished', ended_at = $2, end_reason = $3, response_id = $4, model = $5 \
             where run_id = $1",
        )
        .bind(run.as_str())
        .bind(now.as_microsecond())
        .bind(&reason)
        .bind(end.response_id.clone())
        .bind(end.model.clone())
        .execute(&mut *tx)
        .await?;
        let moved = sqlx::query(
            "update claims set status = $3, processed_at = $4, total_processing_time_ms = $5 \
             where claim_id = $1 and status = $2",
        )
        .bind(id.as_str())
        .bind(ClaimStatus::Processing.as_str())
        .bind(status.as_str())
        .bind(now.as_microsecond())
        .bind(took_ms)
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::StaleRun(id));
        }
        let payload = json!({
            "status": status, "decision": outcome, "duration_ms": took_ms, "reason": reason, "words_sha256": words,
        });
        add_event(&mut tx, &id, Some(run), "finished", payload, now).await?;
        counts::moved(&mut tx, &id, Some(ClaimStatus::Processing), status).await?;
        tx.commit().await?;
        self.tell(&id);
        self.existing_claim(&id).await
    }

    pub(super) async fn upsert_step(&self, run: &RunId, step: &Step, now: Timestamp) -> Result<(), StoreError> {
        if step.index >= MAX_STEPS {
            return Err(StoreError::RunFull(MAX_STEPS));
        }
        let mut tx = self.begin().await?;
        let row = sqlx::query(RUN).bind(run.as_str()).fetch_optional(&mut *tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "run", id: run.to_string() })?;
        let found = rows::run(&row)?;
        if found.state != RunState::Running {
            return Err(StoreError::StaleRun(found.claim_id));
        }
        sqlx::query(
            "insert into steps (run_id, step_index, claim_id, kind, name, agent, tool, status, arguments, output, \
             error, started_at, completed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             on conflict (run_id, step_index) do update set status = excluded.status, arguments = excluded.arguments, \
             output = excluded.output, error = excluded.error, completed_at = excluded.completed_at",
        )
        .bind(run.as_str())
        .bind(step.index)
        .bind(found.claim_id.as_str())
        .bind(step.kind.as_str())
        .bind(&step.name)
        .bind(&step.agent)
        .bind(step.tool.clone())
        .bind(step.status.as_str())
        .bind(step.arguments.clone())
        .bind(step.output.clone())
        .bind(step.error.clone())
        .bind(step.started_at.as_microsecond())
        .bind(step.completed_at.map(Timestamp::as_microsecond))
        .execute(&mut *tx)
        .await?;
        let kind = if step.completed_at.is_some() { "step_completed" } else { "step_started" };
        // Arguments and output stay in the steps table: events go to more places.
        let payload = json!({
            "index": step.index, "kind": step.kind, "step_name": step.name, "agent_name": step.agent,
            "tool": step.tool, "status": step.status, "duration_ms": step.duration_ms(),
            "sha256": step_digest(step.arguments.as_deref(), step.output.as_deref(), step.error.as_deref()),
        });
        add_event(&mut tx, &found.claim_id, Some(run), kind, payload, now).await?;
        tx.commit().await?;
        self.tell(&found.claim_id);
        Ok(())
    }

    pub(super) async fn steps_of_current_run(&self, id: &ClaimId) -> Result<Vec<Step>, StoreError> {
        let found = sqlx::query(
            "select s.step_index, s.kind, s.name, s.agent, s.tool, s.status, s.arguments, s.output, s.error, \
             s.started_at, s.completed_at from steps s join claims c on c.current_run = s.run_id \
             where c.claim_id = $1 order by s.step_index",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await?;
        found.iter().map(rows::step).collect()
    }
}

/// The outcome that counts, and the run's end in one word: the run's own decision, else the one given for a run
/// without.
async fn settle_decision(
    tx: &mut Transaction<'static, Any>,
    id: &ClaimId,
    run: &RunId,
    end: &RunEnd,
    now: Timestamp,
) -> Result<(Outcome, String), StoreError> {
    let own = sqlx::query("select body from decisions where run_id = $1")
        .bind(run.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    let (document, reason) = match own {
        Some(row) => {
            let body: String = row.try_get("body")?;
            let document: DecisionDocument = serde_json::from_str(&body).map_err(|_| rows::unreadable("decision"))?;
            (document, end.failed.clone().unwrap_or_else(|| "decided".into()))
        }
        None => {
            let new = NewDecision {
                source: DecisionSource::System,
                document: &end.without_decision,
                evidence_sha256: "",
                retryable: end.retryable,
            };
            let record = store_decision(tx, id, run, new, now).await?;
            add_event(tx, id, Some(run), "decision_recorded", brief_json(&record), now).await?;
            (record.document, end.failed.clone().unwrap_or_else(|| "no_decision".into()))
        }
    };
    let agree = end.agent_text.as_deref().is_some_and(|text| agrees(text, &document, &end.evidence));
    sqlx::query("update decisions set agent_text = $2, agent_agrees = $3, model = $4 where run_id = $1")
        .bind(run.as_str())
        .bind(end.agent_text.clone())
        .bind(i64::from(agree))
        .bind(end.model.clone())
        .execute(&mut **tx)
        .await?;
    Ok((document.decision, reason))
}

/// Steps still open when their run ends will not be told of any more.
pub(super) async fn close_steps(
    tx: &mut AnyConnection,
    claim: &ClaimId,
    run: &RunId,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let open = "select step_index, arguments, output from steps where run_id = $1 and completed_at is null \
                order by step_index";
    let open = sqlx::query(open).bind(run.as_str()).fetch_all(&mut *tx).await?;
    sqlx::query(
        "update steps set status = $2, error = $3, completed_at = $4 where run_id = $1 and completed_at is null",
    )
    .bind(run.as_str())
    .bind(StepStatus::Failed.as_str())
    .bind(why)
    .bind(now.as_microsecond())
    .execute(&mut *tx)
    .await?;
    for row in open {
        let (arguments, output): (Option<String>, Option<String>) = (row.try_get("arguments")?, row.try_get("output")?);
        let sha256 = step_digest(arguments.as_deref(), output.as_deref(), Some(why));
        let index: i64 = row.try_get("step_index")?;
        let payload = json!({"index": index, "status": StepStatus::Failed, "sha256": sha256});
        add_event(tx, claim, Some(run), "step_completed", payload, now).await?;
    }
    Ok(())
}

/// Reads a claim's column for writing: the update that changes nothing locks the row, in both databases, until the
/// transaction ends.
pub(super) async fn locked(tx: &mut AnyConnection, id: &ClaimId) -> Result<AnyRow, StoreError> {
    let row = sqlx::query("update claims set event_seq = event_seq where claim_id = $1 returning status, current_run")
        .bind(id.as_str())
        .fetch_optional(tx)
        .await?;
    row.ok_or_else(|| StoreError::NotFound { what: "claim", id: id.to_string() })
}

pub(super) async fn status_of(tx: &mut AnyConnection, id: &ClaimId) -> Result<ClaimStatus, StoreError> {
    let row = locked(tx, id).await?;
    ClaimStatus::parse(&row.try_get::<String, _>("status")?).ok_or_else(|| rows::unreadable("status"))
}

/// The claim's current run, or an error when there is no such claim. Locks the claim.
pub(super) async fn current_run(tx: &mut AnyConnection, id: &ClaimId) -> Result<Option<String>, StoreError> {
    Ok(locked(tx, id).await?.try_get("current_run")?)
}

async fn claim_of(tx: &mut AnyConnection, run: &RunId) -> Result<ClaimId, StoreError> {
    let row = sqlx::query(RUN).bind(run.as_str()).fetch_optional(tx).await?;
    let row = row.ok_or_else(|| StoreError::NotFound { what: "run", id: run.to_string() })?;
    Ok(rows::run(&row)?.claim_id)
}

/// Refuses a run that is not current or has ended. Locks the claim.
pub(super) async fn require_live(tx: &mut AnyConnection, id: &ClaimId, run: &RunId) -> Result<(), StoreError> {
    let current = current_run(&mut *tx, id).await?;
    let row = sqlx::query(RUN).bind(run.as_str()).fetch_optional(tx).await?;
    let state = row.as_ref().map(rows::run).transpose()?.map(|run| run.state);
    if current.as_deref() == Some(run.as_str()) && state == Some(RunState::Running) {
        Ok(())
    } else {
        Err(StoreError::StaleRun(id.clone()))
    }
}
