//! Claims: submit and find; and their events.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{SqlStore, add_event, counts, rows};
use crate::domain::{Claim, ClaimId, ClaimStatus, NewClaim};
use crate::store::{ClaimEventRow, StoreError, SubmissionKey, Written};

/// A claim with its document and its latest decision.
macro_rules! claim_sql {
    ($($rest:expr),+) => {
        concat!(
            "select c.claim_id, c.claim_number, c.user_id, c.claim_type, c.received_date, c.document_path, ",
            "c.document_sha256, c.status, c.current_run, c.is_archived, c.metadata, c.submitted_at, c.processed_at, ",
            "c.total_processing_time_ms, c.updated_at, o.filename, o.media_type, o.size_bytes, d.version, ",
            "d.decision, d.payable_minor, d.proposed_minor, d.currency, d.confidence, d.first_reason ",
            "from claims c ",
            "join documents o on o.claim_id = c.claim_id and o.sha256 = c.document_sha256 ",
            "left join decisions d on d.claim_id = c.claim_id and d.version = c.decision_version ",
            $($rest),+
        )
    };
}

pub(super) const CLAIM: &str = claim_sql!("");

impl SqlStore {
    pub(super) async fn insert_claim(&self, claim: NewClaim, now: Timestamp) -> Result<Claim, StoreError> {
        let mut tx = self.begin().await?;
        if !insert(&mut tx, &claim, now).await? {
            tx.rollback().await?;
            return Err(self.taken(claim).await?);
        }
        tx.commit().await?;
        self.tell(&claim.claim_id);
        self.existing_claim(&claim.claim_id).await
    }

    pub(super) async fn insert_claim_once(
        &self,
        claim: NewClaim,
        key: &SubmissionKey,
        now: Timestamp,
    ) -> Result<(Claim, Written), StoreError> {
        if let Some(known) = self.submitted_under(key).await? {
            return Ok((known, Written::Same));
        }
        let mut tx = self.begin().await?;
        if !insert(&mut tx, &claim, now).await? {
            tx.rollback().await?;
            // The same request beside this one may have made it.
            return match self.submitted_under(key).await? {
                Some(known) => Ok((known, Written::Same)),
                None => Err(self.taken(claim).await?),
            };
        }
        let kept = sqlx::query(
            "insert into submission_keys (caller, submission_key, request_sha256, claim_id, created_at) \
             values ($1, $2, $3, $4, $5) on conflict do nothing",
        )
        .bind(&key.caller)
        .bind(&key.key)
        .bind(&key.request_sha256)
        .bind(claim.claim_id.as_str())
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        if kept.rows_affected() == 0 {
            tx.rollback().await?;
            let known = self.submitted_under(key).await?;
            return Ok((known.ok_or_else(|| rows::unreadable("submission_keys"))?, Written::Same));
        }
        tx.commit().await?;
        self.tell(&claim.claim_id);
        Ok((self.existing_claim(&claim.claim_id).await?, Written::Created))
    }

    /// The claim that this key made, or an error when it made it of something else.
    async fn submitted_under(&self, key: &SubmissionKey) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query(
            "select request_sha256, claim_id from submission_keys where caller = $1 and submission_key = $2",
        )
        .bind(&key.caller)
        .bind(&key.key)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = ClaimId::parse(row.try_get::<String, _>("claim_id")?).map_err(|_| rows::unreadable("claim_id"))?;
        if row.try_get::<String, _>("request_sha256")? != key.request_sha256 {
            return Err(StoreError::KeyTaken(id));
        }
        self.existing_claim(&id).await.map(Some)
    }

    /// Why a claim could not be inserted.
    async fn taken(&self, claim: NewClaim) -> Result<StoreError, StoreError> {
        Ok(match self.find_claim(&claim.claim_id).await? {
            Some(_) => StoreError::ClaimIdTaken(claim.claim_id.to_string()),
            None => StoreError::ClaimNumberTaken(claim.claim_number),
        })
    }

    pub(super) async fn find_claims_with_document(&self, sha256: &str) -> Result<Vec<ClaimId>, StoreError> {
        let found = sqlx::query(
            "select claim_id from documents where sha256 = $1 order by created_at desc, claim_id desc limit 20",
        )
        .bind(sha256)
        .fetch_all(&self.read)
        .await?;
        let id = |row: &AnyRow| {
            ClaimId::parse(row.try_get::<String, _>("claim_id")?).map_err(|_| rows::unreadable("claim_id"))
        };
        found.iter().map(id).collect()
    }

    pub(super) async fn find_claim(&self, id: &ClaimId) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query(claim_sql!("where c.claim_id = $1")).bind(id.as_str()).fetch_optional(&self.read).await?;
        row.as_ref().map(rows::claim).transpose()
    }

    pub(super) async fn find_claim_by_number(&self, number: &str) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query(claim_sql!("where c.claim_number = $1")).bind(number).fetch_optional(&self.read).await?;
        row.as_ref().map(rows::claim).transpose()
    }

    pub(super) async fn existing_claim(&self, id: &ClaimId) -> Result<Claim, StoreError> {
        let found = self.find_claim(id).await?;
        found.ok_or_else(|| StoreError::NotFound { what: "claim", id: id.to_string() })
    }

    pub(super) async fn events_after(
        &self,
        id: &ClaimId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ClaimEventRow>, StoreError> {
        let found = sqlx::query(
            "select seq, run_id, kind, payload, created_at from events \
             where claim_id = $1 and seq > $2 order by seq limit $3",
        )
        .bind(id.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        found.iter().map(rows::event).collect()
    }
}

/// The claim, its document and the first event. False when the id or the number is taken.
async fn insert(tx: &mut AnyConnection, claim: &NewClaim, now: Timestamp) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "insert into claims (claim_id, claim_number, user_id, claim_type, received_date, document_path, \
         document_sha256, status, metadata, submitted_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) on conflict do nothing",
    )
    .bind(claim.claim_id.as_str())
    .bind(&claim.claim_number)
    .bind(&claim.user_id)
    .bind(claim.claim_type.clone())
    .bind(claim.received_date.to_string())
    .bind(&claim.document_path)
    .bind(&claim.document.sha256)
    .bind(ClaimStatus::Pending.as_str())
    .bind(&claim.metadata)
    .bind(now.as_microsecond())
    .execute(&mut *tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "insert into documents (claim_id, sha256, filename, media_type, size_bytes, created_at) \
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(claim.claim_id.as_str())
    .bind(&claim.document.sha256)
    .bind(&claim.document.filename)
    .bind(&claim.document.media_type)
    .bind(i64::try_from(claim.document.size_bytes).map_err(|_| rows::unreadable("size_bytes"))?)
    .bind(now.as_microsecond())
    .execute(&mut *tx)
    .await?;
    let payload = json!({"status": ClaimStatus::Pending, "document_sha256": claim.document.sha256});
    add_event(&mut *tx, &claim.claim_id, None, "submitted", payload, now).await?;
    counts::moved(tx, &claim.claim_id, None, ClaimStatus::Pending).await?;
    Ok(true)
}
