//! People's part: whose a claim is, what they decide, and what they said.

use axum::Json;
use axum::extract::{Path, State};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiError, App, ErrorKind, JsonBody};
use crate::access::{Caller, Need};
use crate::domain::{
    Act, Claim, ClaimStatus, Money, Outcome, Review, ReviewAction, ReviewRefusal, ReviewState, ReviewTask, Reviewer,
    judge,
};

const LONGEST_NAME: usize = 128;

#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewView {
    claim_id: String,
    status: ClaimStatus,
    /// To be sent back with an act: it is refused when somebody acted meanwhile.
    version: i64,
    assignee: Option<String>,
    /// Up to how much the caller decides alone, in EUR; null without a limit.
    limit_eur: Option<String>,
    /// Decided above its author's authority: a supervisor confirms or declines it.
    awaiting_second: Option<ActView>,
    #[serde(rename = "final")]
    decided: Option<ActView>,
    /// Oldest first.
    history: Vec<ActView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActView {
    version: i64,
    decision_version: i64,
    action: ReviewAction,
    state: ReviewState,
    decision: Option<Outcome>,
    amount: Option<String>,
    currency: Option<String>,
    reason: String,
    reviewer_id: String,
    reviewer_name: Option<String>,
    overrides: bool,
    created_at: String,
}

impl From<&Review> for ActView {
    fn from(review: &Review) -> Self {
        Self {
            version: review.version,
            decision_version: review.decision_version,
            action: review.action,
            state: review.state,
            decision: review.outcome,
            amount: review.amount.map(|amount| amount.to_string()),
            currency: review.currency.clone(),
            reason: review.reason.clone(),
            reviewer_id: review.reviewer.clone(),
            reviewer_name: review.reviewer_name.clone(),
            overrides: review.overrides,
            created_at: review.created_at.to_string(),
        }
    }
}

/// An act on a claim. `comment` is the older name of `reason`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActRequest {
    action: ReviewAction,
    /// Decimal text. For `approve` the proposed amount when absent; required for `change_amount`.
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    /// Why: required, 1 to 4,000 characters.
    #[serde(default, alias = "comment")]
    reason: String,
    /// The version of the review that was looked at.
    #[serde(default)]
    version: Option<i64>,
    /// Who acts, where nobody is asked to sign in; else the token says so.
    #[serde(default)]
    reviewer_id: Option<String>,
    /// As it is shown.
    #[serde(default)]
    reviewer_name: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AssignRequest {
    /// The caller when absent; null gives the claim back to everybody.
    #[serde(default, with = "given")]
    #[schema(value_type = Option<String>)]
    assignee: Option<Option<String>>,
    #[serde(default)]
    version: Option<i64>,
    #[serde(default)]
    reviewer_id: Option<String>,
}

/// Tells a field that is null from one that is absent.
mod given {
    use serde::{Deserialize, Deserializer};

    #[allow(clippy::option_option, reason = "absent, null and given are three things")]
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
        Option::<String>::deserialize(from).map(Some)
    }
}

/// Where the claim's review stands.
#[utoipa::path(get, path = "/api/v1/claims/{id}/review", params(("id" = String, Path)), responses((status = 200, body = ReviewView), (status = 404)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ReviewView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    view_of(&app, &caller, &claim.claim_id.to_string()).await.map(Json)
}

/// Takes the claim, gives it to somebody or back to everybody. Only a supervisor takes it from somebody else.
#[utoipa::path(post, path = "/api/v1/claims/{id}/review/assign", params(("id" = String, Path)), request_body = AssignRequest, responses((status = 200, body = ReviewView), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn assign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(asked): JsonBody<AssignRequest>,
) -> Result<Json<ReviewView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let who = reviewer(&app, &caller, asked.reviewer_id.as_deref(), None)?;
    let task = app.store.review(&claim.claim_id).await?;
    if asked.version.is_some_and(|seen| seen != task.version) {
        return Err(crate::store::StoreError::ReviewChanged(claim.claim_id).into());
    }
    let to = match asked.assignee {
        None => Some(who.subject.clone()),
        Some(to) => to.map(|to| named("assignee", &to)).transpose()?,
    };
    let held = task.assignee.as_deref().is_some_and(|holder| holder != who.subject);
    let gives = to.as_deref().is_some_and(|to| to != who.subject);
    if (held || gives) && !who.supervises {
        let holder = task.assignee.unwrap_or_default();
        let rule = if held { format!("the claim is {holder}'s") } else { "only a supervisor gives claims away".into() };
        return Err(ApiError::new(ErrorKind::Conflict, rule));
    }
    let review = Review {
        version: task.version + 1,
        decision_version: claim.decision.as_ref().map_or(0, |decision| decision.version),
        action: ReviewAction::Assign,
        state: ReviewState::Noted,
        outcome: None,
        amount: None,
        currency: None,
        reason: String::new(),
        reviewer: who.subject,
        reviewer_name: who.name,
        overrides: false,
        created_at: app.clock.now(),
    };
    app.store.record_review(&claim.claim_id, &review, None, Some(to.as_deref()), app.clock.now()).await?;
    view_of(&app, &caller, claim.claim_id.as_str()).await.map(Json)
}

/// Approves, denies, changes the amount, asks for information, comments, confirms or declines.
#[utoipa::path(post, path = "/api/v1/claims/{id}/review", params(("id" = String, Path)), request_body = ActRequest, responses((status = 200, body = ReviewView), (status = 400), (status = 403), (status = 404), (status = 409)))]
pub async fn act(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(asked): JsonBody<ActRequest>,
) -> Result<Json<ReviewView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let name = asked.reviewer_name.as_deref().map(|name| named("reviewer_name", name)).transpose()?;
    let who = reviewer(&app, &caller, asked.reviewer_id.as_deref(), name)?;
    let amount = asked.amount.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let amount = amount.map(|text| text.parse::<Money>().map_err(|error| ApiError::invalid("amount", error)));
    let asked = Act {
        action: asked.action,
        amount: amount.transpose()?,
        currency: asked.currency,
        reason: asked.reason,
        seen: asked.version,
    };
    let rates = app.reference.parameters().await?.fx_rates;
    let in_eur = |amount: Money, currency: &str| in_eur(&rates, amount, currency);
    let task = app.store.review(&claim.claim_id).await?;
    let (review, status) = judge(asked, &who, &task, claim.decision.as_ref(), &in_eur, app.clock.now())?;
    app.store.record_review(&claim.claim_id, &review, status, None, app.clock.now()).await?;
    crate::meters::METERS.reviewed(&review);
    tracing::info!(claim_id = %claim.claim_id, action = review.action.as_str(), state = review.state.as_str(), "claim reviewed");
    view_of(&app, &caller, claim.claim_id.as_str()).await.map(Json)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Messages {
    claim_id: String,
    /// Oldest first.
    messages: Vec<ActView>,
    total: usize,
}

/// What was said of the claim, oldest first.
#[utoipa::path(get, path = "/api/v1/review/{id}/messages", params(("id" = String, Path)), responses((status = 200, body = Messages), (status = 404)))]
pub async fn messages(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Messages>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let task = app.store.review(&claim.claim_id).await?;
    let messages: Vec<ActView> = task.history.iter().map(ActView::from).collect();
    Ok(Json(Messages { claim_id: claim.claim_id.to_string(), total: messages.len(), messages }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewStatistics {
    decided_by_policy: i64,
    decided_by_people: i64,
    overridden: i64,
    /// Of people's decisions, those that are not the policy's; null before the first.
    override_rate: Option<f64>,
    waiting: i64,
}

/// How often people decide, and otherwise than the policy.
#[utoipa::path(get, path = "/api/v1/review/statistics", responses((status = 200, body = ReviewStatistics)))]
pub async fn statistics(State(app): State<App>) -> Result<Json<ReviewStatistics>, ApiError> {
    let figures = app.store.review_figures().await?;
    let people = figures.decided_by_people;
    Ok(Json(ReviewStatistics {
        decided_by_policy: figures.decided_by_policy,
        decided_by_people: people,
        overridden: figures.overridden,
        override_rate: (people > 0).then(|| figures.overridden as f64 / people as f64),
        waiting: figures.waiting,
    }))
}

async fn view_of(app: &App, caller: &Caller, id: &str) -> Result<ReviewView, ApiError> {
    let claim: Claim = app.existing_claim(id).await?;
    let task: ReviewTask = app.store.review(&claim.claim_id).await?;
    let decided = claim.decision.as_ref().map_or(0, |decision| decision.version);
    Ok(ReviewView {
        status: claim.status,
        version: task.version,
        limit_eur: app.config.review.limit_of(caller.role).map(|limit| limit.to_string()),
        awaiting_second: task.awaiting(decided).map(ActView::from),
        decided: task.final_on(decided).map(ActView::from),
        history: task.history.iter().map(ActView::from).collect(),
        assignee: task.assignee,
        claim_id: claim.claim_id.to_string(),
    })
}

/// Who acts: the one the token names. Where nobody signs in, whoever the request says.
pub(super) fn reviewer(
    app: &App,
    caller: &Caller,
    said: Option<&str>,
    name: Option<String>,
) -> Result<Reviewer, ApiError> {
    let subject = match said.map(str::trim).filter(|said| !said.is_empty()) {
        Some(said) if app.config.access.is_open() => named("reviewer_id", said)?,
        Some(said) if *caller.subject != *said => {
            return Err(ApiError::invalid("reviewer_id", "is not the caller: leave it out, the token says who acts"));
        }
        _ => caller.subject.to_string(),
    };
    let limit = app.config.review.limit_of(caller.role);
    Ok(Reviewer { subject, name, limit, supervises: caller.role.may(Need::Supervise) })
}

pub(super) fn named(field: &str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    match !text.is_empty() && text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(ApiError::invalid(field, "must be 1 to 128 characters without control characters")),
    }
}

/// At the newest rate that is known.
fn in_eur(rates: &[(String, String, String)], amount: Money, currency: &str) -> Option<Money> {
    if currency == "EUR" {
        return Some(amount);
    }
    let newest = rates.iter().filter(|(_, code, _)| code == currency).max_by(|one, other| one.0.cmp(&other.0))?;
    let worth = Decimal::new(amount.minor(), 2).checked_mul(newest.2.parse().ok()?)?;
    worth.round_dp(2).to_string().parse().ok()
}

impl From<ReviewRefusal> for ApiError {
    fn from(refusal: ReviewRefusal) -> Self {
        match refusal {
            ReviewRefusal::Invalid { field, rule } => Self::invalid(field, rule),
            ReviewRefusal::Conflict(why) => Self::new(ErrorKind::Conflict, why),
            ReviewRefusal::Forbidden(why) => Self::new(ErrorKind::Forbidden, why),
        }
    }
}
