//! What the queue shows of itself: runs by state, and how far a batch is.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;

use super::runs::run_sql;
use super::{SqlStore, rows};
use crate::domain::{ClaimId, Outcome, RunState};
use crate::store::{BatchReport, JobPage, QueueDepth, StoreError};

impl SqlStore {
    pub(super) async fn list_runs(
        &self,
        state: Option<RunState>,
        offset: i64,
        limit: i64,
    ) -> Result<JobPage, StoreError> {
        let found = sqlx::query(run_sql!(
            "where ($1 = '' or state = $1) order by queued_at desc, run_id desc limit $2 offset $3"
        ))
        .bind(state.map_or("", RunState::as_str))
        .bind(limit)
        .bind(offset)
        .fetch_all(&self.read)
        .await?;
        let runs = found.iter().map(rows::run).collect::<Result<_, _>>()?;
        Ok(JobPage { runs, depth: self.queue_depth().await? })
    }

    pub(super) async fn queue_depth(&self) -> Result<QueueDepth, StoreError> {
        let row = sqlx::query(
            "select (select count(*) from runs where state = 'queued') as waiting, \
             (select count(*) from runs where state = 'running') as running, \
             (select min(queued_at) from runs where state = 'queued') as oldest",
        )
        .fetch_one(&self.read)
        .await?;
        let oldest: Option<i64> = row.try_get("oldest")?;
        Ok(QueueDepth {
            waiting: row.try_get("waiting")?,
            running: row.try_get("running")?,
            oldest_waiting: oldest.and_then(|time| Timestamp::from_microsecond(time).ok()),
        })
    }

    pub(super) async fn batch_report(&self, batch: &str) -> Result<Option<BatchReport>, StoreError> {
        let row = sqlx::query("select claims, refused, created_at from batches where batch_id = $1")
            .bind(batch)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let refused: Value =
            serde_json::from_str(&row.try_get::<String, _>("refused")?).map_err(|_| rows::unreadable("refused"))?;
        let refused = refused.as_array().into_iter().flatten().filter_map(|pair| {
            let id = ClaimId::parse(pair[0].as_str()?).ok()?;
            Some((id, pair[1].as_str()?.to_owned()))
        });
        let mut report = BatchReport {
            created_at: Timestamp::from_microsecond(row.try_get("created_at")?)
                .map_err(|_| rows::unreadable("created_at"))?,
            refused: refused.collect(),
            ..BatchReport::default()
        };
        // A run that another one replaced is not counted beside it.
        let counted = sqlx::query(
            "select r.state, d.decision, count(*) as claims from runs r left join decisions d on d.run_id = r.run_id \
             where r.batch_id = $1 and r.state <> 'abandoned' group by r.state, d.decision",
        )
        .bind(batch)
        .fetch_all(&self.read)
        .await?;
        for row in &counted {
            let claims: i64 = row.try_get("claims")?;
            let state =
                RunState::parse(&row.try_get::<String, _>("state")?).ok_or_else(|| rows::unreadable("state"))?;
            report.total += claims;
            match state {
                RunState::Queued => report.waiting += claims,
                RunState::Running => report.running += claims,
                RunState::Cancelled => report.cancelled += claims,
                RunState::Finished | RunState::Abandoned => {
                    let outcome: Option<String> = row.try_get("decision")?;
                    let outcome = outcome.as_deref().and_then(Outcome::parse).unwrap_or(Outcome::ManualReview);
                    *report.decided.entry(outcome).or_default() += claims;
                }
            }
        }
        Ok(Some(report))
    }
}
