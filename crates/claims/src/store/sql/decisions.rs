//! Evidence and decisions of a run.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Row};

use super::runs::require_live;
use super::{SqlStore, add_event, rows};
use crate::domain::{
    ClaimId, DecisionDocument, DecisionRecord, DecisionSource, Evidence, Money, NewEvidence, RunId, digest, fresh_id,
};
use crate::store::{StoreError, Written};

const MAX_EVIDENCE_PER_RUN: i64 = 64;

macro_rules! decision_sql {
    ($rest:literal) => {
        concat!(
            "select decision_id, run_id, version, source, evidence_sha256, retryable, body, agent_text, ",
            "agent_agrees, model, decided_at from decisions ",
            $rest
        )
    };
}

impl SqlStore {
    pub(super) async fn insert_evidence(
        &self,
        id: &ClaimId,
        run: &RunId,
        evidence: &NewEvidence,
        now: Timestamp,
    ) -> Result<(Evidence, Written), StoreError> {
        let sha256 = evidence.sha256();
        let mut tx = self.begin().await?;
        require_live(&mut tx, id, run).await?;
        let same = sqlx::query(
            "select evidence_id, run_id, kind, tool, payload, confidence, sha256, created_at from evidence \
             where claim_id = $1 and run_id = $2 and kind = $3 and sha256 = $4",
        )
        .bind(id.as_str())
        .bind(run.as_str())
        .bind(&evidence.kind)
        .bind(&sha256)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = same {
            return Ok((rows::evidence(&row)?, Written::Same));
        }
        let held = sqlx::query("select count(*) as held from evidence where run_id = $1")
            .bind(run.as_str())
            .fetch_one(&mut *tx)
            .await?;
        if held.try_get::<i64, _>("held")? >= MAX_EVIDENCE_PER_RUN {
            return Err(StoreError::RunFull(MAX_EVIDENCE_PER_RUN));
        }
        let kept = Evidence {
            evidence_id: fresh_id("ev"),
            run_id: run.clone(),
            kind: evidence.kind.clone(),
            tool: evidence.tool.clone(),
            payload: evidence.payload.clone(),
            confidence: evidence.confidence,
            sha256,
            created_at: now,
        };
        insert_finding(&mut tx, id, &kept).await?;
        let payload =
            json!({"evidence_id": kept.evidence_id, "kind": kept.kind, "tool": kept.tool, "sha256": kept.sha256});
        add_event(&mut tx, id, Some(run), "evidence_recorded", payload, now).await?;
        tx.commit().await?;
        self.tell(id);
        Ok((kept, Written::Created))
    }

    pub(super) async fn evidence_of_current_run(&self, id: &ClaimId) -> Result<Vec<Evidence>, StoreError> {
        let found = sqlx::query(
            "select e.evidence_id, e.run_id, e.kind, e.tool, e.payload, e.confidence, e.sha256, e.created_at \
             from evidence e join claims c on c.claim_id = e.claim_id and c.current_run = e.run_id \
             where c.claim_id = $1 order by e.created_at desc, e.evidence_id desc",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await?;
        found.iter().map(rows::evidence).collect()
    }

    pub(super) async fn insert_decision(
        &self,
        id: &ClaimId,
        run: &RunId,
        document: &DecisionDocument,
        evidence_sha256: &str,
        now: Timestamp,
    ) -> Result<(DecisionRecord, Written), StoreError> {
        let mut tx = self.begin().await?;
        let live = require_live(&mut tx, id, run).await;
        let stored = sqlx::query(decision_sql!("where claim_id = $1 and run_id = $2"))
            .bind(id.as_str())
            .bind(run.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = stored {
            let record = rows::decision(&row)?;
            // A retry whose first answer was lost writes nothing, so it may come late.
            if record.source == DecisionSource::Tool && record.evidence_sha256 == evidence_sha256 {
                return Ok((record, Written::Same));
            }
        }
        live?;
        let new = NewDecision { source: DecisionSource::Tool, document, evidence_sha256, retryable: false };
        let record = store_decision(&mut tx, id, run, new, now).await?;
        add_event(&mut tx, id, Some(run), "decision_recorded", brief_json(&record), now).await?;
        tx.commit().await?;
        self.tell(id);
        Ok((record, Written::Created))
    }

    pub(super) async fn decisions_of(&self, id: &ClaimId) -> Result<Vec<DecisionRecord>, StoreError> {
        let found = sqlx::query(decision_sql!("where claim_id = $1 order by version desc limit 100"))
            .bind(id.as_str())
            .fetch_all(&self.read)
            .await?;
        found.iter().map(rows::decision).collect()
    }
}

async fn insert_finding(tx: &mut AnyConnection, id: &ClaimId, kept: &Evidence) -> Result<(), StoreError> {
    sqlx::query(
        "insert into evidence (evidence_id, claim_id, run_id, kind, tool, payload, confidence, sha256, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&kept.evidence_id)
    .bind(id.as_str())
    .bind(kept.run_id.as_str())
    .bind(&kept.kind)
    .bind(&kept.tool)
    .bind(kept.payload.to_string())
    .bind(kept.confidence)
    .bind(&kept.sha256)
    .bind(kept.created_at.as_microsecond())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) struct NewDecision<'a> {
    pub source: DecisionSource,
    pub document: &'a DecisionDocument,
    pub evidence_sha256: &'a str,
    pub retryable: bool,
}

/// Writes the run's one decision, or replaces it; the version is the claim's next unless the run had one.
pub(super) async fn store_decision(
    tx: &mut AnyConnection,
    id: &ClaimId,
    run: &RunId,
    new: NewDecision<'_>,
    now: Timestamp,
) -> Result<DecisionRecord, StoreError> {
    let document = new.document;
    let minor = |amount: Option<Money>| amount.map(Money::minor);
    let payable = minor(document.payable().map_err(|_| rows::unreadable("payable_amount"))?);
    let proposed = minor(document.proposed().map_err(|_| rows::unreadable("proposed_amount"))?);
    let body = serde_json::to_string(document).map_err(|_| rows::unreadable("decision"))?;
    let row = sqlx::query(
        "insert into decisions (decision_id, claim_id, run_id, version, source, decision, payable_minor, \
         proposed_minor, currency, confidence, first_reason, retryable, evidence_sha256, body, decided_at) \
         values ($1, $2, $3, (select coalesce(max(version), 0) + 1 from decisions where claim_id = $2), $4, $5, $6, \
         $7, $8, $9, $10, $11, $12, $13, $14) \
         on conflict (run_id) do update set source = excluded.source, decision = excluded.decision, \
         payable_minor = excluded.payable_minor, proposed_minor = excluded.proposed_minor, \
         currency = excluded.currency, confidence = excluded.confidence, first_reason = excluded.first_reason, \
         retryable = excluded.retryable, evidence_sha256 = excluded.evidence_sha256, body = excluded.body, \
         decided_at = excluded.decided_at returning decision_id, version",
    )
    .bind(fresh_id("dec"))
    .bind(id.as_str())
    .bind(run.as_str())
    .bind(new.source.as_str())
    .bind(document.decision.as_str())
    .bind(payable)
    .bind(proposed)
    .bind(document.currency.clone())
    .bind(document.confidence)
    .bind(document.reason_codes.first().cloned().unwrap_or_default())
    .bind(i64::from(new.retryable))
    .bind(new.evidence_sha256)
    .bind(body)
    .bind(now.as_microsecond())
    .fetch_one(&mut *tx)
    .await?;
    let version: i64 = row.try_get("version")?;
    sqlx::query("update claims set decision_version = $2 where claim_id = $1")
        .bind(id.as_str())
        .bind(version)
        .execute(&mut *tx)
        .await?;
    Ok(DecisionRecord {
        decision_id: row.try_get("decision_id")?,
        run_id: run.clone(),
        version,
        source: new.source,
        document: document.clone(),
        evidence_sha256: new.evidence_sha256.to_owned(),
        retryable: new.retryable,
        agent_text: None,
        agent_agrees: false,
        model: None,
        decided_at: now,
    })
}

/// The decision as events carry it: no texts, no inputs, but the digest of all of it.
pub(super) fn brief_json(record: &DecisionRecord) -> Value {
    json!({
        "decision_id": record.decision_id, "version": record.version, "source": record.source,
        "decision": record.document.decision, "payable_amount": record.document.payable_amount,
        "currency": record.document.currency, "reason_codes": record.document.reason_codes,
        "sha256": digest(&[&serde_json::to_string(&record.document).unwrap_or_default()]),
    })
}
