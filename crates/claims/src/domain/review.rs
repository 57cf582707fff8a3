//! What a person may do with a claim, and what comes of it. The rules alone: no I/O, no clock.
//!
//! The machine's decision is kept beside the person's. A person decides up to the limit of their authority; above it the
//! decision waits for a second pair of eyes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClaimStatus, DecisionBrief, Money, Outcome};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAction {
    Approve,
    #[serde(alias = "reject")]
    Deny,
    /// Approves, with another amount than the machine's.
    ChangeAmount,
    #[serde(alias = "request_information")]
    RequestInfo,
    Comment,
    /// The second pair of eyes agrees.
    Confirm,
    /// The second pair of eyes does not: the claim waits for a decision again.
    Decline,
    /// Takes the claim, or gives it to somebody. Has a route of its own; refused as an act.
    Assign,
}

impl ReviewAction {
    pub const ALL: [Self; 8] = [
        Self::Approve,
        Self::Deny,
        Self::ChangeAmount,
        Self::RequestInfo,
        Self::Comment,
        Self::Confirm,
        Self::Decline,
        Self::Assign,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::ChangeAmount => "change_amount",
            Self::RequestInfo => "request_info",
            Self::Comment => "comment",
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::Assign => "assign",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    fn decides(self) -> bool {
        matches!(self, Self::Approve | Self::Deny | Self::ChangeAmount)
    }
}

/// What an act amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Said, nothing decided.
    Noted,
    /// Decided above the reviewer's authority: a second person must agree.
    AwaitingSecond,
    /// The claim's final decision, unless a later one replaced it.
    Final,
}

impl ReviewState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::AwaitingSecond => "awaiting_second",
            Self::Final => "final",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Noted, Self::AwaitingSecond, Self::Final].into_iter().find(|state| state.as_str() == text)
    }
}

/// Something a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Of the claim's review, from 1.
    pub version: i64,
    /// The machine's decision that was looked at.
    pub decision_version: i64,
    pub action: ReviewAction,
    pub state: ReviewState,
    pub outcome: Option<Outcome>,
    pub amount: Option<Money>,
    pub currency: Option<String>,
    pub reason: String,
    pub reviewer: String,
    pub reviewer_name: Option<String>,
    /// The outcome, or the amount, is not the machine's.
    pub overrides: bool,
    pub created_at: Timestamp,
}

/// A claim as its reviewers see it.
#[derive(Debug, Clone, Default)]
pub struct ReviewTask {
    pub version: i64,
    pub assignee: Option<String>,
    /// Oldest first.
    pub history: Vec<Review>,
}

impl ReviewTask {
    /// The person's decision on this version of the machine's.
    pub fn final_on(&self, decision_version: i64) -> Option<&Review> {
        let mine = self.history.iter().rev().filter(|review| review.decision_version == decision_version);
        mine.into_iter().find(|review| review.state == ReviewState::Final)
    }

    /// The decision that waits for a second person, when nobody has answered it yet.
    pub fn awaiting(&self, decision_version: i64) -> Option<&Review> {
        let last = self.history.iter().rev().find(|review| {
            review.state != ReviewState::Noted
                || matches!(review.action, ReviewAction::Decline | ReviewAction::RequestInfo)
        })?;
        (last.state == ReviewState::AwaitingSecond && last.decision_version == decision_version).then_some(last)
    }
}

/// Who acts.
#[derive(Debug, Clone)]
pub struct Reviewer {
    pub subject: String,
    pub name: Option<String>,
    /// In EUR; `None` for no limit.
    pub limit: Option<Money>,
    /// May overrule a colleague's decision and be the second pair of eyes.
    pub supervises: bool,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Act {
    pub action: ReviewAction,
    pub amount: Option<Money>,
    pub currency: Option<String>,
    pub reason: String,
    /// The version that the reviewer saw.
    pub seen: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefusal {
    /// Bad input: field and rule.
    #[error("{field}: {rule}")]
    Invalid { field: &'static str, rule: String },
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Forbidden(String),
}

const LONGEST_REASON: usize = 4_000;

/// What becomes of an act: the review to be written, and the claim's new status if it changes.
///
/// `in_eur` converts an amount at the newest known rate, `None` without a rate.
pub fn judge(
    act: Act,
    who: &Reviewer,
    task: &ReviewTask,
    decision: Option<&DecisionBrief>,
    in_eur: &dyn Fn(Money, &str) -> Option<Money>,
    now: Timestamp,
) -> Result<(Review, Option<ClaimStatus>), ReviewRefusal> {
    let invalid = |field, rule: &str| ReviewRefusal::Invalid { field, rule: rule.to_owned() };
    if act.seen.is_some_and(|seen| seen != task.version) {
        return Err(changed_meanwhile(task));
    }
    if act.action == ReviewAction::Assign {
        return Err(invalid("action", "claims are given away by review/assign"));
    }
    let reason = act.reason.trim();
    if reason.is_empty() {
        return Err(invalid("reason", "is required: say why, for whoever reads this in two years"));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(invalid("reason", "must be at most 4000 characters"));
    }
    let decision_version = decision.map_or(0, |decision| decision.version);
    let mut review = Review {
        version: task.version + 1,
        decision_version,
        action: act.action,
        state: ReviewState::Noted,
        outcome: None,
        amount: None,
        currency: None,
        reason: reason.to_owned(),
        reviewer: who.subject.clone(),
        reviewer_name: who.name.clone(),
        overrides: false,
        created_at: now,
    };
    if act.action == ReviewAction::Comment {
        return Ok((review, None));
    }
    let Some(decision) = decision else {
        return Err(ReviewRefusal::Conflict("the claim has no decision yet: process it first".into()));
    };
    if act.action.decides() || act.action == ReviewAction::RequestInfo {
        may_take(act.seen, who, task, decision_version)?;
    }
    match act.action {
        ReviewAction::Comment | ReviewAction::Assign => {}
        ReviewAction::RequestInfo => return Ok((review, Some(ClaimStatus::PendingInfo))),
        ReviewAction::Deny => {
            review.outcome = Some(Outcome::Deny);
            review.overrides = decision.outcome == Outcome::Approve;
            review.state = ReviewState::Final;
        }
        ReviewAction::Approve | ReviewAction::ChangeAmount => {
            let machine = decision.payable.or(decision.proposed);
            let amount = match act.action {
                ReviewAction::ChangeAmount => act.amount,
                _ => act.amount.or(machine),
            };
            let amount = amount.filter(|amount| amount.is_positive());
            let amount = amount.ok_or_else(|| invalid("amount", "must be a decimal amount above zero"))?;
            let currency = act.currency.or_else(|| decision.currency.clone());
            let currency =
                currency.filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
            let currency = currency.ok_or_else(|| invalid("currency", "must be three capital letters"))?;
            review.overrides = decision.outcome == Outcome::Deny || machine.is_some_and(|machine| machine != amount);
            let within = who.limit.is_none_or(|limit| in_eur(amount, &currency).is_some_and(|worth| worth <= limit));
            review.state = if within { ReviewState::Final } else { ReviewState::AwaitingSecond };
            (review.outcome, review.amount, review.currency) = (Some(Outcome::Approve), Some(amount), Some(currency));
        }
        ReviewAction::Confirm | ReviewAction::Decline => {
            let waiting = task.awaiting(decision_version);
            let waiting =
                waiting.ok_or_else(|| ReviewRefusal::Conflict("no decision waits for a second person".into()))?;
            if waiting.reviewer == who.subject {
                return Err(ReviewRefusal::Forbidden(
                    "a decision is confirmed by somebody else than its author".into(),
                ));
            }
            if !who.supervises {
                return Err(ReviewRefusal::Forbidden("a decision above authority is confirmed by a supervisor".into()));
            }
            if act.action == ReviewAction::Confirm {
                review.state = ReviewState::Final;
                review.outcome = waiting.outcome;
                review.amount = waiting.amount;
                review.currency.clone_from(&waiting.currency);
                review.overrides = waiting.overrides;
            }
        }
    }
    let status = match (review.state, review.outcome) {
        (ReviewState::Final, Some(Outcome::Approve)) => Some(ClaimStatus::Completed),
        (ReviewState::Final, Some(Outcome::Deny)) => Some(ClaimStatus::Denied),
        // Money above authority is not promised before the second person has agreed.
        (ReviewState::AwaitingSecond, _) => Some(ClaimStatus::ManualReview),
        _ => None,
    };
    Ok((review, status))
}

/// Whether this person may decide now.
fn may_take(seen: Option<i64>, who: &Reviewer, task: &ReviewTask, decision_version: i64) -> Result<(), ReviewRefusal> {
    if let Some(other) = task.assignee.as_deref().filter(|other| *other != who.subject)
        && !who.supervises
    {
        return Err(ReviewRefusal::Conflict(format!(
            "the claim is {other}'s: ask them, or a supervisor, to hand it over"
        )));
    }
    if let Some(known) = task.final_on(decision_version) {
        // To decide again, knowingly, is a supervisor's correction.
        if !(who.supervises && seen.is_some()) {
            let by = known.reviewer_name.as_deref().unwrap_or(&known.reviewer);
            return Err(ReviewRefusal::Conflict(format!("{by} has decided already, at {}", known.created_at)));
        }
    }
    if task.awaiting(decision_version).is_some() && seen.is_none() {
        return Err(ReviewRefusal::Conflict("a decision waits for a second person: confirm or decline it".into()));
    }
    Ok(())
}

fn changed_meanwhile(task: &ReviewTask) -> ReviewRefusal {
    let last = task.history.last();
    let by = last.map_or("somebody", |last| last.reviewer_name.as_deref().unwrap_or(&last.reviewer));
    let did = last.map_or("assign", |last| last.action.as_str());
    ReviewRefusal::Conflict(format!(
        "{by} acted meanwhile ({did}): look again, the review is at version {}",
        task.version
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(outcome: Outcome, minor: i64) -> DecisionBrief {
        DecisionBrief {
            version: 2,
            outcome,
            payable: (outcome == Outcome::Approve).then(|| Money::from_minor(minor)),
            proposed: (outcome == Outcome::ManualReview).then(|| Money::from_minor(minor)),
            currency: Some("EUR".into()),
            confidence: 0.9,
            first_reason: "ABOVE_AUTHORITY".into(),
        }
    }

    fn person(subject: &str, limit: Option<i64>, supervises: bool) -> Reviewer {
        Reviewer { subject: subject.into(), name: None, limit: limit.map(Money::from_minor), supervises }
    }

    fn act(action: ReviewAction) -> Act {
        Act { action, amount: None, currency: None, reason: "because".into(), seen: None }
    }

    fn rate(amount: Money, currency: &str) -> Option<Money> {
        match currency {
            "EUR" => Some(amount),
            "GBP" => Some(Money::from_minor(amount.minor() * 12 / 10)),
            _ => None,
        }
    }

    fn judged(
        act: Act,
        who: &Reviewer,
        task: &ReviewTask,
        on: &DecisionBrief,
    ) -> Result<(Review, Option<ClaimStatus>), ReviewRefusal> {
        judge(act, who, task, Some(on), &rate, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn within_authority_one_person_decides_and_above_it_a_second_agrees() {
        let (anna, boss) = (person("anna", Some(100_000), false), person("boss", Some(500_000), true));
        let small = decision(Outcome::ManualReview, 99_000);
        let (review, status) = judged(act(ReviewAction::Approve), &anna, &ReviewTask::default(), &small).unwrap();
        assert_eq!((review.state, status), (ReviewState::Final, Some(ClaimStatus::Completed)));
        assert_eq!((review.amount, review.overrides), (Some(Money::from_minor(99_000)), false));

        // 990 pounds are worth 1,188 euros; an unknown currency is above anyone's limit.
        for currency in ["GBP", "XYZ"] {
            let foreign = DecisionBrief { currency: Some(currency.into()), ..small.clone() };
            let (review, status) = judged(act(ReviewAction::Approve), &anna, &ReviewTask::default(), &foreign).unwrap();
            assert_eq!((review.state, status), (ReviewState::AwaitingSecond, Some(ClaimStatus::ManualReview)));
        }

        let big = decision(Outcome::ManualReview, 2_000_000);
        let (waiting, _) = judged(act(ReviewAction::Approve), &boss, &ReviewTask::default(), &big).unwrap();
        assert_eq!(waiting.state, ReviewState::AwaitingSecond);
        let task = ReviewTask { version: 1, assignee: None, history: vec![waiting] };
        let mine = judged(act(ReviewAction::Confirm), &boss, &task, &big);
        assert!(matches!(mine, Err(ReviewRefusal::Forbidden(_))), "not by its author");
        assert!(matches!(judged(act(ReviewAction::Confirm), &anna, &task, &big), Err(ReviewRefusal::Forbidden(_))));
        let chief = person("chief", Some(500_000), true);
        let (last, status) = judged(act(ReviewAction::Confirm), &chief, &task, &big).unwrap();
        assert_eq!((last.amount, status), (Some(Money::from_minor(2_000_000)), Some(ClaimStatus::Completed)));
        let (declined, status) = judged(act(ReviewAction::Decline), &chief, &task, &big).unwrap();
        assert_eq!((declined.state, status), (ReviewState::Noted, None));
        let task = ReviewTask { version: 2, history: [task.history, vec![declined]].concat(), assignee: None };
        assert!(task.awaiting(2).is_none(), "it must be decided anew");
    }

    #[test]
    fn two_people_cannot_both_decide() {
        let (anna, ben) = (person("anna", None, false), person("ben", None, false));
        let on = decision(Outcome::Deny, 0);
        let amount = Some(Money::from_minor(5_000));
        let approve = Act { amount, seen: Some(0), ..act(ReviewAction::ChangeAmount) };
        let (first, _) = judged(approve.clone(), &anna, &ReviewTask::default(), &on).unwrap();
        assert!(first.overrides, "the machine had refused");
        let task = ReviewTask { version: 1, assignee: None, history: vec![first] };
        for second in [approve.clone(), Act { seen: None, ..approve.clone() }, Act { seen: Some(1), ..approve }] {
            assert!(matches!(judged(second, &ben, &task, &on), Err(ReviewRefusal::Conflict(_))));
        }
        let boss = person("boss", None, true);
        let (corrected, status) = judged(Act { seen: Some(1), ..act(ReviewAction::Deny) }, &boss, &task, &on).unwrap();
        assert_eq!((corrected.version, status), (2, Some(ClaimStatus::Denied)), "knowingly, by a supervisor");
        // The machine decided again since: a new matter.
        let anew = DecisionBrief { version: 3, ..on };
        assert!(judged(act(ReviewAction::Deny), &ben, &task, &anew).is_ok());
    }

    #[test]
    fn an_assigned_claim_is_its_assignees_or_a_supervisors() {
        let task = ReviewTask { version: 1, assignee: Some("anna".into()), history: Vec::new() };
        let on = decision(Outcome::ManualReview, 5_000);
        let outcome = |who: &Reviewer| judged(act(ReviewAction::Deny), who, &task, &on).is_ok();
        assert!(outcome(&person("anna", None, false)) && outcome(&person("boss", None, true)));
        assert!(!outcome(&person("ben", None, false)));
        assert!(judged(act(ReviewAction::Comment), &person("ben", None, false), &task, &on).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        let (anna, on) = (person("anna", None, false), decision(Outcome::Deny, 0));
        let field = |act: Act| match judged(act, &anna, &ReviewTask::default(), &on) {
            Err(ReviewRefusal::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(Act { reason: " \n".into(), ..act(ReviewAction::Deny) }), "reason");
        assert_eq!(field(Act { reason: "x".repeat(4_001), ..act(ReviewAction::Deny) }), "reason");
        assert_eq!(field(act(ReviewAction::Approve)), "amount", "a refusal proposes none");
        let negative = Act { amount: Some(Money::from_minor(-1)), ..act(ReviewAction::ChangeAmount) };
        assert_eq!(field(negative), "amount");
        let nothing = judge(act(ReviewAction::Deny), &anna, &ReviewTask::default(), None, &rate, Timestamp::UNIX_EPOCH);
        assert!(matches!(nothing, Err(ReviewRefusal::Conflict(_))));
    }
}
