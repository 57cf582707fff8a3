//! Claims: submit, find, list, count; and their events.

use jiff::Timestamp;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{SqlStore, add_event, rows};
use crate::domain::{Claim, ClaimId, ClaimStatus, NewClaim};
use crate::store::{
    ClaimEventRow, ClaimFilter, ClaimOrder, ClaimPage, Direction, Statistics, StoreError, SubmissionKey, Written,
};

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

/// The filter of a list, parameters 1 to 5.
macro_rules! matching {
    () => {
        concat!(
            "where ($1 = '' or $1 like '%,' || c.status || ',%') ",
            "and ($2 = '' or c.claim_type = $2) and ($3 = '' or c.user_id = $3) ",
            "and ($4 = '' or lower(c.claim_number) like $4 escape '!' or lower(c.claim_id) like $4 escape '!' ",
            "or lower(c.user_id) like $4 escape '!') and ($5 = 1 or c.is_archived = 0) ",
        )
    };
}

macro_rules! list_sql {
    ($order:literal) => {
        claim_sql!(matching!(), "order by ", $order, " limit $6 offset $7")
    };
}

fn list_statement(order: ClaimOrder, direction: Direction) -> &'static str {
    use ClaimOrder::{ClaimNumber, ReceivedDate, Status, SubmittedAt, UpdatedAt, UserId};
    match (order, direction) {
        (SubmittedAt, Direction::Ascending) => list_sql!("c.submitted_at, c.claim_id"),
        (SubmittedAt, Direction::Descending) => list_sql!("c.submitted_at desc, c.claim_id desc"),
        (ReceivedDate, Direction::Ascending) => list_sql!("c.received_date, c.claim_id"),
        (ReceivedDate, Direction::Descending) => list_sql!("c.received_date desc, c.claim_id desc"),
        (UpdatedAt, Direction::Ascending) => list_sql!("c.updated_at, c.claim_id"),
        (UpdatedAt, Direction::Descending) => list_sql!("c.updated_at desc, c.claim_id desc"),
        (ClaimNumber, Direction::Ascending) => list_sql!("c.claim_number, c.claim_id"),
        (ClaimNumber, Direction::Descending) => list_sql!("c.claim_number desc, c.claim_id desc"),
        (UserId, Direction::Ascending) => list_sql!("c.user_id, c.claim_id"),
        (UserId, Direction::Descending) => list_sql!("c.user_id desc, c.claim_id desc"),
        (Status, Direction::Ascending) => list_sql!("c.status, c.claim_id"),
        (Status, Direction::Descending) => list_sql!("c.status desc, c.claim_id desc"),
    }
}

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

    pub(super) async fn list_claims(&self, filter: &ClaimFilter) -> Result<ClaimPage, StoreError> {
        let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        let statuses = if statuses.is_empty() { String::new() } else { format!(",{},", statuses.join(",")) };
        let search = filter.search.as_deref().map(like_pattern).unwrap_or_default();
        let claim_type = filter.claim_type.clone().unwrap_or_default();
        let user_id = filter.user_id.clone().unwrap_or_default();
        let archived = i64::from(filter.include_archived);

        let counted = sqlx::query(concat!("select count(*) as total from claims c ", matching!()))
            .bind(&statuses)
            .bind(&claim_type)
            .bind(&user_id)
            .bind(&search)
            .bind(archived)
            .fetch_one(&self.read)
            .await?;
        let found = sqlx::query(list_statement(filter.order, filter.direction))
            .bind(&statuses)
            .bind(&claim_type)
            .bind(&user_id)
            .bind(&search)
            .bind(archived)
            .bind(filter.page_size)
            .bind((filter.page - 1).saturating_mul(filter.page_size))
            .fetch_all(&self.read)
            .await?;
        let claims = found.iter().map(rows::claim).collect::<Result<_, _>>()?;
        Ok(ClaimPage { claims, total: counted.try_get("total")? })
    }

    pub(super) async fn count_claims(&self) -> Result<Statistics, StoreError> {
        let found = sqlx::query("select status, count(*) as claims from claims where is_archived = 0 group by status")
            .fetch_all(&self.read)
            .await?;
        let mut statistics = Statistics::default();
        for row in &found {
            let status = ClaimStatus::parse(&row.try_get::<String, _>("status")?);
            let claims: i64 = row.try_get("claims")?;
            statistics.by_status.push((status.ok_or_else(|| rows::unreadable("status"))?, claims));
            statistics.total += claims;
        }
        // The cast because an average over BIGINT is NUMERIC in PostgreSQL, which `Any` cannot carry.
        let average = sqlx::query(
            "select cast(avg(total_processing_time_ms) as double precision) as average \
             from claims where is_archived = 0",
        )
        .fetch_one(&self.read)
        .await?;
        statistics.average_processing_time_ms = average.try_get("average")?;
        Ok(statistics)
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
    Ok(true)
}

/// `%text%` in lower case, with the wildcards of the text itself taken literally.
fn like_pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for letter in search.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
