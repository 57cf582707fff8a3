//! What people did with a claim: written once, under the version they saw.

use jiff::Timestamp;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::runs::status_of;
use super::{SqlStore, add_event, counts, rows};
use crate::domain::{ClaimEvent, ClaimId, ClaimStatus, Review, ReviewTask, digest};
use crate::store::{ReviewFigures, StoreError};

impl SqlStore {
    pub(super) async fn review_task(&self, id: &ClaimId) -> Result<ReviewTask, StoreError> {
        let task = sqlx::query("select version, assignee from review_tasks where claim_id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        let Some(task) = task else { return Ok(ReviewTask::default()) };
        let found = sqlx::query(
            "select version, decision_version, action, state, outcome, amount_minor, currency, reason, reviewer, \
             reviewer_name, overrides, created_at from reviews where claim_id = $1 order by version limit 1000",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await?;
        Ok(ReviewTask {
            version: task.try_get("version")?,
            assignee: task.try_get("assignee")?,
            history: found.iter().map(rows::review).collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn write_review(
        &self,
        id: &ClaimId,
        review: &Review,
        status: Option<ClaimStatus>,
        assignee: Option<Option<&str>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let before = status_of(&mut tx, id).await?;
        if before == ClaimStatus::Processing {
            return Err(StoreError::AlreadyProcessing(id.clone()));
        }
        advance(&mut tx, id, review).await?;
        if let Some(assignee) = assignee {
            sqlx::query("update review_tasks set assignee = $2 where claim_id = $1")
                .bind(id.as_str())
                .bind(assignee.map(str::to_owned))
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "insert into reviews (claim_id, version, decision_version, action, state, outcome, amount_minor, \
             currency, reason, reviewer, reviewer_name, overrides, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(id.as_str())
        .bind(review.version)
        .bind(review.decision_version)
        .bind(review.action.as_str())
        .bind(review.state.as_str())
        .bind(review.outcome.map(|outcome| outcome.as_str().to_owned()))
        .bind(review.amount.map(|amount| amount.minor()))
        .bind(review.currency.clone())
        .bind(&review.reason)
        .bind(&review.reviewer)
        .bind(review.reviewer_name.clone())
        .bind(i64::from(review.overrides))
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        let status = status.and_then(|wanted| before.after(ClaimEvent::Reviewed(wanted))).unwrap_or(before);
        sqlx::query("update claims set status = $2 where claim_id = $1")
            .bind(id.as_str())
            .bind(status.as_str())
            .execute(&mut *tx)
            .await?;
        // The reason may name people: the event carries its digest, as it does for every text.
        let payload = json!({
            "version": review.version, "action": review.action, "state": review.state, "by": review.reviewer,
            "decision_version": review.decision_version, "decision": review.outcome,
            "amount": review.amount.map(|amount| amount.to_string()), "currency": review.currency,
            "overrides": review.overrides, "status": status, "assignee": assignee.flatten(),
            "reason_sha256": digest(&[&review.reason]),
        });
        add_event(&mut tx, id, None, "reviewed", payload, now).await?;
        counts::moved(&mut tx, id, Some(before), status).await?;
        tx.commit().await?;
        self.tell(id);
        Ok(())
    }

    pub(super) async fn count_reviews(&self) -> Result<ReviewFigures, StoreError> {
        // A supervisor's correction replaces the decision it corrects: the latest final one of each version counts.
        // The cast because a sum over BIGINT is NUMERIC in PostgreSQL, which `Any` cannot carry.
        let row = sqlx::query(
            "select count(*) as decided, cast(coalesce(sum(r.overrides), 0) as bigint) as overridden from reviews r \
             where r.state = 'final' and not exists (select 1 from reviews n where n.claim_id = r.claim_id \
             and n.decision_version = r.decision_version and n.state = 'final' and n.version > r.version)",
        )
        .fetch_one(&self.read)
        .await?;
        let machine = sqlx::query(
            "select count(*) as automatic from claims c join decisions d on d.claim_id = c.claim_id \
             and d.version = c.decision_version where d.decision <> 'manual_review'",
        )
        .fetch_one(&self.read)
        .await?;
        let waiting = sqlx::query(
            "select count(*) as waiting from claims c where c.status = 'manual_review' or c.status = 'pending_info'",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(ReviewFigures {
            decided_by_people: row.try_get("decided")?,
            overridden: row.try_get("overridden")?,
            decided_by_policy: machine.try_get("automatic")?,
            waiting: waiting.try_get("waiting")?,
        })
    }
}

/// Moves the claim's review on by one, or says that somebody else did.
async fn advance(tx: &mut AnyConnection, id: &ClaimId, review: &Review) -> Result<(), StoreError> {
    let changed = || StoreError::ReviewChanged(id.clone());
    let decided = sqlx::query("select decision_version from claims where claim_id = $1")
        .bind(id.as_str())
        .fetch_one(&mut *tx)
        .await?;
    if decided.try_get::<i64, _>("decision_version")? != review.decision_version {
        return Err(changed());
    }
    let moved = if review.version == 1 {
        sqlx::query("insert into review_tasks (claim_id, version) values ($1, 1) on conflict do nothing")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?
    } else {
        sqlx::query("update review_tasks set version = $2 where claim_id = $1 and version = $3")
            .bind(id.as_str())
            .bind(review.version)
            .bind(review.version - 1)
            .execute(&mut *tx)
            .await?
    };
    if moved.rows_affected() == 1 { Ok(()) } else { Err(changed()) }
}
