//! Rows to domain types.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::domain::{
    Claim, ClaimId, ClaimStatus, DecisionBrief, DecisionRecord, DecisionSource, DocumentInfo, Evidence, Money, Outcome,
    Review, ReviewAction, ReviewState, Run, RunId, RunState, Step, StepKind, StepStatus,
};
use crate::store::ClaimEventRow;

pub(super) fn unreadable(what: &'static str) -> StoreError {
    StoreError::Unreadable { what }
}

fn text(row: &AnyRow, column: &str) -> Result<String, StoreError> {
    Ok(row.try_get(column)?)
}

fn optional(row: &AnyRow, column: &str) -> Result<Option<String>, StoreError> {
    Ok(row.try_get(column)?)
}

fn number(row: &AnyRow, column: &str) -> Result<i64, StoreError> {
    Ok(row.try_get(column)?)
}

fn maybe_number(row: &AnyRow, column: &str) -> Result<Option<i64>, StoreError> {
    Ok(row.try_get(column)?)
}

fn time(row: &AnyRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(number(row, column)?).map_err(|_| unreadable(column))
}

fn maybe_time(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    maybe_number(row, column)?
        .map(|micros| Timestamp::from_microsecond(micros).map_err(|_| unreadable(column)))
        .transpose()
}

fn claim_id(row: &AnyRow) -> Result<ClaimId, StoreError> {
    ClaimId::parse(text(row, "claim_id")?).map_err(|_| unreadable("claim_id"))
}

fn run_id(row: &AnyRow) -> Result<RunId, StoreError> {
    RunId::parse(text(row, "run_id")?).map_err(|_| unreadable("run_id"))
}

pub(super) fn claim(row: &AnyRow) -> Result<Claim, StoreError> {
    let current_run = optional(row, "current_run")?;
    Ok(Claim {
        claim_id: claim_id(row)?,
        claim_number: text(row, "claim_number")?,
        user_id: text(row, "user_id")?,
        claim_type: optional(row, "claim_type")?,
        received_date: text(row, "received_date")?,
        document_path: text(row, "document_path")?,
        document: DocumentInfo {
            sha256: text(row, "document_sha256")?,
            filename: text(row, "filename")?,
            media_type: text(row, "media_type")?,
            size_bytes: u64::try_from(number(row, "size_bytes")?).map_err(|_| unreadable("size_bytes"))?,
        },
        status: ClaimStatus::parse(&text(row, "status")?).ok_or_else(|| unreadable("status"))?,
        current_run: current_run.map(RunId::parse).transpose().map_err(|_| unreadable("current_run"))?,
        is_archived: number(row, "is_archived")? != 0,
        metadata: text(row, "metadata")?,
        submitted_at: time(row, "submitted_at")?,
        processed_at: maybe_time(row, "processed_at")?,
        total_processing_time_ms: maybe_number(row, "total_processing_time_ms")?,
        updated_at: time(row, "updated_at")?,
        decision: brief(row)?,
    })
}

fn brief(row: &AnyRow) -> Result<Option<DecisionBrief>, StoreError> {
    let Some(outcome) = optional(row, "decision")? else { return Ok(None) };
    Ok(Some(DecisionBrief {
        version: number(row, "version")?,
        outcome: Outcome::parse(&outcome).ok_or_else(|| unreadable("decision"))?,
        payable: maybe_number(row, "payable_minor")?.map(Money::from_minor),
        proposed: maybe_number(row, "proposed_minor")?.map(Money::from_minor),
        currency: optional(row, "currency")?,
        confidence: row.try_get("confidence")?,
        first_reason: text(row, "first_reason")?,
    }))
}

pub(super) fn run(row: &AnyRow) -> Result<Run, StoreError> {
    Ok(Run {
        run_id: run_id(row)?,
        claim_id: claim_id(row)?,
        attempt: number(row, "attempt")?,
        state: RunState::parse(&text(row, "state")?).ok_or_else(|| unreadable("state"))?,
        priority: number(row, "priority")?,
        not_before: time(row, "not_before")?,
        batch_id: optional(row, "batch_id")?,
        end_reason: optional(row, "end_reason")?,
        queued_at: time(row, "queued_at")?,
        started_at: maybe_time(row, "started_at")?,
        ended_at: maybe_time(row, "ended_at")?,
        model: optional(row, "model")?,
    })
}

pub(super) fn step(row: &AnyRow) -> Result<Step, StoreError> {
    Ok(Step {
        index: number(row, "step_index")?,
        kind: StepKind::parse(&text(row, "kind")?).ok_or_else(|| unreadable("kind"))?,
        name: text(row, "name")?,
        agent: text(row, "agent")?,
        tool: optional(row, "tool")?,
        status: StepStatus::parse(&text(row, "status")?).ok_or_else(|| unreadable("status"))?,
        arguments: optional(row, "arguments")?,
        output: optional(row, "output")?,
        error: optional(row, "error")?,
        started_at: time(row, "started_at")?,
        completed_at: maybe_time(row, "completed_at")?,
    })
}

pub(super) fn evidence(row: &AnyRow) -> Result<Evidence, StoreError> {
    Ok(Evidence {
        evidence_id: text(row, "evidence_id")?,
        run_id: run_id(row)?,
        kind: text(row, "kind")?,
        tool: text(row, "tool")?,
        payload: serde_json::from_str(&text(row, "payload")?).map_err(|_| unreadable("payload"))?,
        confidence: row.try_get("confidence")?,
        sha256: text(row, "sha256")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn decision(row: &AnyRow) -> Result<DecisionRecord, StoreError> {
    Ok(DecisionRecord {
        decision_id: text(row, "decision_id")?,
        run_id: run_id(row)?,
        version: number(row, "version")?,
        source: DecisionSource::parse(&text(row, "source")?).ok_or_else(|| unreadable("source"))?,
        document: serde_json::from_str(&text(row, "body")?).map_err(|_| unreadable("decision"))?,
        evidence_sha256: text(row, "evidence_sha256")?,
        retryable: number(row, "retryable")? != 0,
        agent_text: optional(row, "agent_text")?,
        agent_agrees: number(row, "agent_agrees")? != 0,
        model: optional(row, "model")?,
        decided_at: time(row, "decided_at")?,
    })
}

pub(super) fn event(row: &AnyRow) -> Result<ClaimEventRow, StoreError> {
    Ok(ClaimEventRow {
        seq: number(row, "seq")?,
        run_id: optional(row, "run_id")?,
        kind: text(row, "kind")?,
        payload: serde_json::from_str(&text(row, "payload")?).map_err(|_| unreadable("payload"))?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn review(row: &AnyRow) -> Result<Review, StoreError> {
    let outcome = optional(row, "outcome")?;
    Ok(Review {
        version: number(row, "version")?,
        decision_version: number(row, "decision_version")?,
        action: ReviewAction::parse(&text(row, "action")?).ok_or_else(|| unreadable("action"))?,
        state: ReviewState::parse(&text(row, "state")?).ok_or_else(|| unreadable("state"))?,
        outcome: outcome.map(|text| Outcome::parse(&text).ok_or_else(|| unreadable("outcome"))).transpose()?,
        amount: maybe_number(row, "amount_minor")?.map(Money::from_minor),
        currency: optional(row, "currency")?,
        reason: text(row, "reason")?,
        reviewer: text(row, "reviewer")?,
        reviewer_name: optional(row, "reviewer_name")?,
        overrides: number(row, "overrides")? != 0,
        created_at: time(row, "created_at")?,
    })
}
