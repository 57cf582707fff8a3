//! A claim as it stands in a page: an array of JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::rows::unreadable;
use crate::domain::{Claim, ClaimId, ClaimStatus, DecisionBrief, DocumentInfo, Money, Outcome, RunId};
use crate::store::StoreError;

/// In the order of the fields below.
pub(super) const COLUMNS: &str = "p.claim_id, p.claim_number, p.user_id, p.claim_type, p.received_date, \
    p.document_path, p.document_sha256, p.status, p.current_run, p.is_archived, p.metadata, p.submitted_at, \
    p.processed_at, p.total_processing_time_ms, p.updated_at, p.filename, p.media_type, p.size_bytes, p.version, \
    p.decision, p.payable_minor, p.proposed_minor, p.currency, p.confidence, p.first_reason";

type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
pub(super) struct ListedClaim<'a> {
    claim_id: String,
    claim_number: String,
    user_id: String,
    claim_type: Option<String>,
    received_date: String,
    document_path: String,
    sha256: String,
    #[serde(borrow)]
    status: Text<'a>,
    current_run: Option<String>,
    is_archived: i64,
    metadata: String,
    submitted_at: i64,
    processed_at: Option<i64>,
    total_processing_time_ms: Option<i64>,
    updated_at: i64,
    filename: String,
    media_type: String,
    size_bytes: u64,
    version: Option<i64>,
    #[serde(borrow)]
    decision: Option<Text<'a>>,
    payable_minor: Option<i64>,
    proposed_minor: Option<i64>,
    currency: Option<String>,
    confidence: Option<f64>,
    first_reason: Option<String>,
}

impl TryFrom<ListedClaim<'_>> for Claim {
    type Error = StoreError;

    fn try_from(listed: ListedClaim<'_>) -> Result<Self, StoreError> {
        let time = |micros, what| Timestamp::from_microsecond(micros).map_err(|_| unreadable(what));
        let decision = match &listed.decision {
            None => None,
            Some(outcome) => Some(DecisionBrief {
                version: listed.version.ok_or_else(|| unreadable("version"))?,
                outcome: Outcome::parse(outcome).ok_or_else(|| unreadable("decision"))?,
                payable: listed.payable_minor.map(Money::from_minor),
                proposed: listed.proposed_minor.map(Money::from_minor),
                currency: listed.currency,
                confidence: listed.confidence.ok_or_else(|| unreadable("confidence"))?,
                first_reason: listed.first_reason.ok_or_else(|| unreadable("first_reason"))?,
            }),
        };
        Ok(Self {
            claim_id: ClaimId::parse(listed.claim_id).map_err(|_| unreadable("claim_id"))?,
            claim_number: listed.claim_number,
            user_id: listed.user_id,
            claim_type: listed.claim_type,
            received_date: listed.received_date,
            document_path: listed.document_path,
            document: DocumentInfo {
                sha256: listed.sha256,
                filename: listed.filename,
                media_type: listed.media_type,
                size_bytes: listed.size_bytes,
            },
            status: ClaimStatus::parse(&listed.status).ok_or_else(|| unreadable("status"))?,
            current_run: listed.current_run.map(RunId::parse).transpose().map_err(|_| unreadable("current_run"))?,
            is_archived: listed.is_archived != 0,
            metadata: listed.metadata,
            submitted_at: time(listed.submitted_at, "submitted_at")?,
            processed_at: listed.processed_at.map(|micros| time(micros, "processed_at")).transpose()?,
            total_processing_time_ms: listed.total_processing_time_ms,
            updated_at: time(listed.updated_at, "updated_at")?,
            decision,
        })
    }
}
