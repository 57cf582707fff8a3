//! List, one, count.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::progress::StepView;
use super::{ApiError, ApiQuery, App, cursor};
use crate::access::Caller;
use crate::domain::{Claim, ClaimStatus, DecisionBrief, Money, Outcome};
use crate::store::{ClaimFilter, ClaimOrder, Direction};

const MAX_PAGE_SIZE: i64 = 100;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// From 1.
    page: i64,
    /// The next_cursor of the page before, asked with the same sort and order; page does not count then.
    cursor: Option<String>,
    /// 1 to 100.
    page_size: i64,
    /// One status or several with commas between.
    status: Option<String>,
    claim_type: Option<String>,
    user_id: Option<String>,
    /// Part of the claim number, claim id or user id.
    search: Option<String>,
    /// `submitted_at` (default), `received_date`, `updated_at`, `claim_number`, `user_id`, `status`.
    sort: Option<String>,
    /// `desc` (default) or `asc`.
    order: Option<String>,
    include_archived: bool,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            page: 1,
            cursor: None,
            page_size: 20,
            status: None,
            claim_type: None,
            user_id: None,
            search: None,
            sort: None,
            order: None,
            include_archived: false,
        }
    }
}

impl ListQuery {
    fn filter(self) -> Result<ClaimFilter, ApiError> {
        if !(1..=10_000_000).contains(&self.page) {
            return Err(ApiError::invalid("page", "must be 1 to 10000000"));
        }
        if !(1..=MAX_PAGE_SIZE).contains(&self.page_size) {
            return Err(ApiError::invalid("page_size", "must be 1 to 100"));
        }
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let statuses = given(self.status).unwrap_or_default();
        let statuses = statuses.split(',').map(str::trim).filter(|part| !part.is_empty());
        let statuses =
            statuses.map(|part| ClaimStatus::parse(part).ok_or_else(unknown_status)).collect::<Result<_, _>>()?;
        let order = match given(self.sort).as_deref() {
            None | Some("submitted_at" | "created_at") => ClaimOrder::SubmittedAt,
            Some("received_date") => ClaimOrder::ReceivedDate,
            Some("updated_at") => ClaimOrder::UpdatedAt,
            Some("claim_number") => ClaimOrder::ClaimNumber,
            Some("user_id") => ClaimOrder::UserId,
            Some("status") => ClaimOrder::Status,
            Some(_) => {
                let rule = "must be submitted_at, received_date, updated_at, claim_number, user_id or status";
                return Err(ApiError::invalid("sort", rule));
            }
        };
        let direction = match given(self.order).as_deref() {
            None | Some("desc") => Direction::Descending,
            Some("asc") => Direction::Ascending,
            Some(_) => return Err(ApiError::invalid("order", "must be asc or desc")),
        };
        let search = given(self.search);
        if search.as_ref().is_some_and(|text| text.chars().count() > 100) {
            return Err(ApiError::invalid("search", "must be at most 100 characters"));
        }
        let after = given(self.cursor).map(|text| cursor::read(&text, order, direction)).transpose()?;
        Ok(ClaimFilter {
            statuses,
            claim_type: given(self.claim_type),
            user_id: given(self.user_id),
            search,
            include_archived: self.include_archived,
            order,
            direction,
            page: self.page,
            after,
            page_size: self.page_size,
        })
    }
}

fn unknown_status() -> ApiError {
    ApiError::invalid("status", "must be pending, processing, completed, denied, manual_review, pending_info or failed")
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimList {
    claims: Vec<ClaimView>,
    /// Matches on all pages.
    total: i64,
    page: i64,
    page_size: i64,
    /// Gives the next page as `cursor`, as fast for a late page as for an early one; null on the last.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimView {
    id: String,
    claim_id: String,
    claim_number: String,
    user_id: String,
    claim_type: Option<String>,
    received_date: String,
    document_path: String,
    document: DocumentView,
    status: ClaimStatus,
    submitted_at: String,
    processed_at: Option<String>,
    total_processing_time_ms: Option<i64>,
    is_archived: bool,
    metadata: Value,
    /// Steps of the latest run; empty in a list.
    agent_logs: Vec<StepView>,
    decision: Option<BriefView>,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    filename: String,
    media_type: String,
    size_bytes: u64,
    sha256: String,
    /// Where to read it.
    url: String,
}

/// The latest decision in one line.
#[derive(Debug, Serialize, ToSchema)]
pub struct BriefView {
    version: i64,
    decision: Outcome,
    /// Decimal text.
    payable_amount: Option<String>,
    proposed_amount: Option<String>,
    currency: Option<String>,
    confidence: f64,
    reason_code: String,
}

impl From<DecisionBrief> for BriefView {
    fn from(brief: DecisionBrief) -> Self {
        Self {
            version: brief.version,
            decision: brief.outcome,
            payable_amount: brief.payable.as_ref().map(Money::to_string),
            proposed_amount: brief.proposed.as_ref().map(Money::to_string),
            currency: brief.currency,
            confidence: brief.confidence,
            reason_code: brief.first_reason,
        }
    }
}

impl ClaimView {
    pub fn new(claim: Claim, agent_logs: Vec<StepView>) -> Self {
        let id = claim.claim_id.to_string();
        Self {
            claim_id: id.clone(),
            claim_number: claim.claim_number,
            user_id: claim.user_id,
            claim_type: claim.claim_type,
            received_date: claim.received_date,
            document_path: claim.document_path,
            document: DocumentView {
                filename: claim.document.filename,
                media_type: claim.document.media_type,
                size_bytes: claim.document.size_bytes,
                sha256: claim.document.sha256,
                url: format!("/api/v1/documents/{id}/view"),
            },
            id,
            status: claim.status,
            submitted_at: claim.submitted_at.to_string(),
            processed_at: claim.processed_at.map(|time| time.to_string()),
            total_processing_time_ms: claim.total_processing_time_ms,
            is_archived: claim.is_archived,
            metadata: serde_json::from_str(&claim.metadata).unwrap_or_default(),
            agent_logs,
            decision: claim.decision.map(BriefView::from),
            created_at: claim.submitted_at.to_string(),
            updated_at: claim.updated_at.to_string(),
        }
    }
}

/// Claims, newest first unless asked otherwise.
#[utoipa::path(get, path = "/api/v1/claims", params(ListQuery), responses((status = 200, body = ClaimList), (status = 400)))]
pub async fn list(State(app): State<App>, ApiQuery(query): ApiQuery<ListQuery>) -> Result<Json<ClaimList>, ApiError> {
    let filter = query.filter()?;
    let found = app.store.list(&filter).await?;
    Ok(Json(ClaimList {
        claims: found.claims.into_iter().map(|claim| ClaimView::new(claim, Vec::new())).collect(),
        total: found.total,
        page: filter.page,
        page_size: filter.page_size,
        next_cursor: found.next.map(|mark| cursor::write(&mark, filter.order, filter.direction)),
    }))
}

/// One claim with the steps of its latest run.
#[utoipa::path(get, path = "/api/v1/claims/{id}", params(("id" = String, Path)), responses((status = 200, body = ClaimView), (status = 404)))]
pub async fn one(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Json<ClaimView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let steps = app.store.steps(&claim.claim_id).await?;
    let steps = steps.into_iter().map(|step| StepView::new(step, caller.sees_texts()));
    Ok(Json(ClaimView::new(claim, steps.collect())))
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct StatisticsView {
    total_claims: i64,
    pending_claims: i64,
    processing_claims: i64,
    completed_claims: i64,
    denied_claims: i64,
    manual_review_claims: i64,
    pending_info_claims: i64,
    failed_claims: i64,
    average_processing_time_ms: Option<f64>,
}

/// Claims by status.
#[utoipa::path(get, path = "/api/v1/claims/statistics/overview", responses((status = 200, body = StatisticsView)))]
pub async fn statistics(State(app): State<App>) -> Result<Json<StatisticsView>, ApiError> {
    let counted = app.store.statistics().await?;
    let mut view = StatisticsView {
        total_claims: counted.total,
        average_processing_time_ms: counted.average_processing_time_ms,
        ..StatisticsView::default()
    };
    for (status, claims) in counted.by_status {
        *match status {
            ClaimStatus::Pending => &mut view.pending_claims,
            ClaimStatus::Processing => &mut view.processing_claims,
            ClaimStatus::Completed => &mut view.completed_claims,
            ClaimStatus::Denied => &mut view.denied_claims,
            ClaimStatus::ManualReview => &mut view.manual_review_claims,
            ClaimStatus::PendingInfo => &mut view.pending_info_claims,
            ClaimStatus::Failed => &mut view.failed_claims,
        } = claims;
    }
    Ok(Json(view))
}
