//! A claim's whole record, over all its runs.

use serde_json::Value;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{SqlStore, rows};
use crate::domain::{AuditDecision, AuditEvent, AuditFile, AuditFinding, AuditStep, ClaimId, FORMAT};
use crate::store::StoreError;

impl SqlStore {
    pub(super) async fn audit_of(&self, id: &ClaimId) -> Result<Option<AuditFile>, StoreError> {
        let Some(claim) = self.find_claim(id).await? else { return Ok(None) };
        let steps = "select run_id, step_index, kind, name, agent, tool, status, arguments, output, error from steps \
                     where claim_id = $1 order by started_at, run_id, step_index";
        let findings = "select evidence_id, run_id, kind, tool, payload, confidence, sha256 from evidence \
                        where claim_id = $1 order by created_at, evidence_id";
        let decisions = "select decision_id, run_id, version, source, body, agent_text, model from decisions \
                         where claim_id = $1 order by version";
        let events = "select seq, run_id, kind, payload, created_at, hash from events where claim_id = $1 order by seq";
        Ok(Some(AuditFile {
            format: FORMAT.to_owned(),
            claim_id: claim.claim_id.to_string(),
            claim: serde_json::json!({
                "claim_number": claim.claim_number, "user_id": claim.user_id, "claim_type": claim.claim_type,
                "received_date": claim.received_date, "document_sha256": claim.document.sha256,
                "media_type": claim.document.media_type, "status": claim.status.as_str(),
                "submitted_at": claim.submitted_at, "processed_at": claim.processed_at,
            }),
            events: self.all(events, id, event).await?,
            steps: self.all(steps, id, step).await?,
            findings: self.all(findings, id, finding).await?,
            decisions: self.all(decisions, id, decision).await?,
            policy: None,
        }))
    }

    async fn all<T>(
        &self,
        sql: &'static str,
        id: &ClaimId,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let found = sqlx::query(sql).bind(id.as_str()).fetch_all(&self.read).await?;
        found.iter().map(read).collect()
    }
}

fn json(row: &AnyRow, column: &'static str) -> Result<Value, StoreError> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|_| rows::unreadable(column))
}

fn event(row: &AnyRow) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        seq: row.try_get("seq")?,
        run_id: row.try_get("run_id")?,
        kind: row.try_get("kind")?,
        payload: json(row, "payload")?,
        at: row.try_get("created_at")?,
        hash: row.try_get("hash")?,
    })
}

fn step(row: &AnyRow) -> Result<AuditStep, StoreError> {
    Ok(AuditStep {
        run_id: row.try_get("run_id")?,
        index: row.try_get("step_index")?,
        kind: row.try_get("kind")?,
        name: row.try_get("name")?,
        agent: row.try_get("agent")?,
        tool: row.try_get("tool")?,
        status: row.try_get("status")?,
        arguments: row.try_get("arguments")?,
        output: row.try_get("output")?,
        error: row.try_get("error")?,
    })
}

fn finding(row: &AnyRow) -> Result<AuditFinding, StoreError> {
    Ok(AuditFinding {
        evidence_id: row.try_get("evidence_id")?,
        run_id: row.try_get("run_id")?,
        kind: row.try_get("kind")?,
        tool: row.try_get("tool")?,
        payload: json(row, "payload")?,
        confidence: row.try_get("confidence")?,
        sha256: row.try_get("sha256")?,
    })
}

fn decision(row: &AnyRow) -> Result<AuditDecision, StoreError> {
    Ok(AuditDecision {
        decision_id: row.try_get("decision_id")?,
        run_id: row.try_get("run_id")?,
        version: row.try_get("version")?,
        source: row.try_get("source")?,
        body: json(row, "body")?,
        agent_text: row.try_get("agent_text")?,
        model: row.try_get("model")?,
    })
}
