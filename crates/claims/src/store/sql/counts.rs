//! How many claims have a status, kept with each change of one: a list of a hundred thousand claims is not counted for
//! each page.

use sqlx::{AnyConnection, Row};

use super::{SqlStore, rows};
use crate::domain::{ClaimId, ClaimStatus};
use crate::store::{Statistics, StoreError};

const SHARDS: u64 = 16;

/// A claim came to `to`, from `from` when it was there before. Comes last in a transaction that holds the claim's row,
/// so that nobody waits for a claim while he holds a count.
pub(super) async fn moved(
    tx: &mut AnyConnection,
    id: &ClaimId,
    from: Option<ClaimStatus>,
    to: ClaimStatus,
) -> Result<(), StoreError> {
    if from == Some(to) {
        return Ok(());
    }
    let mut changes: Vec<(&str, i64)> = from.map(|status| (status.as_str(), -1)).into_iter().collect();
    changes.push((to.as_str(), 1));
    // Always in the same order: two writers never hold what the other waits for.
    changes.sort_unstable();
    for (status, change) in changes {
        sqlx::query(
            "insert into claim_counts (shard, status, claims) values ($1, $2, $3) \
             on conflict (shard, status) do update set claims = claim_counts.claims + excluded.claims",
        )
        .bind(shard(id))
        .bind(status)
        .bind(change)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// FNV-1a: only even spreading matters.
fn shard(id: &ClaimId) -> i64 {
    let hash = id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::try_from(hash % SHARDS).unwrap_or_default()
}

impl SqlStore {
    /// Claims that are not archived, by status; statuses nobody has are left out.
    pub(super) async fn counts(&self) -> Result<Vec<(ClaimStatus, i64)>, StoreError> {
        // The cast because a sum over BIGINT is NUMERIC in PostgreSQL, which `Any` cannot carry.
        let found = sqlx::query(
            "select status, cast(sum(claims) as bigint) as claims from claim_counts group by status order by status",
        )
        .fetch_all(&self.read)
        .await?;
        let mut counts = Vec::with_capacity(found.len());
        for row in &found {
            let status = ClaimStatus::parse(&row.try_get::<String, _>("status")?);
            let claims: i64 = row.try_get("claims")?;
            if claims != 0 {
                counts.push((status.ok_or_else(|| rows::unreadable("status"))?, claims));
            }
        }
        Ok(counts)
    }

    pub(super) async fn count_claims(&self) -> Result<Statistics, StoreError> {
        let by_status = self.counts().await?;
        let total = by_status.iter().map(|(_, claims)| claims).sum();
        // The cast because an average over BIGINT is NUMERIC in PostgreSQL.
        let average = sqlx::query(
            "select cast(avg(total_processing_time_ms) as double precision) as average \
             from claims where is_archived = 0",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(Statistics { by_status, total, average_processing_time_ms: average.try_get("average")? })
    }
}
