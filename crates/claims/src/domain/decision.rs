//! Decisions as the decision server writes them, checked before they are kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Language, Money, RunId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approve,
    Deny,
    ManualReview,
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Approve, Self::Deny, Self::ManualReview];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::ManualReview => "manual_review",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Why, in both languages, with the clause of the contract where one was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    pub code: String,
    #[serde(default)]
    pub text_en: String,
    #[serde(default)]
    pub text_fr: String,
    #[serde(default)]
    pub clause: Option<String>,
    #[serde(default)]
    pub inputs: Value,
    /// Fields not named here: the article of the policy, …
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

/// The document a decision server posts. Fields not named here are kept in `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionDocument {
    pub decision: Outcome,
    /// Decimal text; null for a review.
    #[serde(default)]
    pub payable_amount: Option<String>,
    #[serde(default)]
    pub proposed_amount: Option<String>,
    #[serde(default)]
    pub currency: Option<String>,
    pub confidence: f64,
    pub reason_codes: Vec<String>,
    #[serde(default)]
    pub reasons: Vec<Reason>,
    #[serde(default)]
    pub contract_number: Option<String>,
    #[serde(default)]
    pub explanation_en: String,
    #[serde(default)]
    pub explanation_fr: String,
    #[serde(default)]
    pub policy_version: Option<String>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDecision {
    #[error("payable_amount of an approval must be a decimal amount above zero")]
    ApprovalWithoutAmount,
    #[error("payable_amount of a refusal must be zero")]
    RefusalWithAmount,
    #[error("payable_amount of a review must be null")]
    ReviewWithAmount,
    #[error("{field} must be a decimal amount, zero or more, with at most two decimals")]
    Amount { field: &'static str },
    #[error("currency must be three capital letters when an amount is given")]
    Currency,
    #[error("confidence must be between 0 and 1")]
    Confidence,
    #[error("reason_codes must name 1 to 64 codes")]
    ReasonCodes,
}

impl DecisionDocument {
    /// The rules every stored decision keeps, whoever wrote it.
    pub fn check(&self) -> Result<(), InvalidDecision> {
        let payable = self.payable()?;
        let proposed = self.proposed()?;
        match (self.decision, payable) {
            (Outcome::Approve, Some(amount)) if amount.is_positive() => {}
            (Outcome::Approve, _) => return Err(InvalidDecision::ApprovalWithoutAmount),
            (Outcome::Deny, Some(amount)) if amount.is_positive() => return Err(InvalidDecision::RefusalWithAmount),
            (Outcome::ManualReview, Some(_)) => return Err(InvalidDecision::ReviewWithAmount),
            (Outcome::Deny | Outcome::ManualReview, _) => {}
        }
        let needs_currency = payable.is_some_and(Money::is_positive) || proposed.is_some();
        match &self.currency {
            Some(code) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {}
            None if !needs_currency => {}
            _ => return Err(InvalidDecision::Currency),
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(InvalidDecision::Confidence);
        }
        if !(1..=64).contains(&self.reason_codes.len()) {
            return Err(InvalidDecision::ReasonCodes);
        }
        Ok(())
    }

    pub fn payable(&self) -> Result<Option<Money>, InvalidDecision> {
        amount(self.payable_amount.as_deref(), "payable_amount")
    }

    pub fn proposed(&self) -> Result<Option<Money>, InvalidDecision> {
        amount(self.proposed_amount.as_deref(), "proposed_amount")
    }

    /// The rendered explanation, or the reasons' own texts where there is none.
    pub fn explanation(&self, language: Language) -> String {
        let (whole, of_reason): (&str, fn(&Reason) -> &str) = match language {
            Language::En => (&self.explanation_en, |reason| &reason.text_en),
            Language::Fr => (&self.explanation_fr, |reason| &reason.text_fr),
        };
        if !whole.trim().is_empty() {
            return whole.to_owned();
        }
        let texts: Vec<&str> = self.reasons.iter().map(of_reason).filter(|text| !text.is_empty()).collect();
        if texts.is_empty() { self.reason_codes.join(", ") } else { texts.join(" ") }
    }
}

fn amount(text: Option<&str>, field: &'static str) -> Result<Option<Money>, InvalidDecision> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<Money>() {
        Ok(amount) if amount.minor() >= 0 => Ok(Some(amount)),
        _ => Err(InvalidDecision::Amount { field }),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionSource {
    /// The decision server, from evidence.
    Tool,
    /// This service, because processing failed.
    System,
}

impl DecisionSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Tool, Self::System].into_iter().find(|source| source.as_str() == text)
    }
}

/// A decision as it is kept: one for each run, numbered within the claim from 1.
#[derive(Debug, Clone)]
pub struct DecisionRecord {
    pub decision_id: String,
    pub run_id: RunId,
    pub version: i64,
    pub source: DecisionSource,
    pub document: DecisionDocument,
    pub evidence_sha256: String,
    /// Processing the claim again may give another result.
    pub retryable: bool,
    /// The model's closing words, kept whatever they say.
    pub agent_text: Option<String>,
    /// The closing words do not contradict the decision and may be shown as its explanation.
    pub agent_agrees: bool,
    pub model: Option<String>,
    pub decided_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(decision: &str, payable: Value) -> DecisionDocument {
        serde_json::from_value(json!({
            "success": true, "decision": decision, "payable_amount": payable, "currency": "EUR",
            "confidence": 0.9, "reason_codes": ["COVERED"], "notes": ["kept"],
            "reasons": [{"code": "COVERED", "article": "6"}],
        }))
        .unwrap()
    }

    #[test]
    fn each_outcome_has_its_own_amount() {
        assert_eq!(document("approve", json!("1430.50")).check(), Ok(()));
        assert_eq!(document("deny", json!("0.00")).check(), Ok(()));
        assert_eq!(document("deny", Value::Null).check(), Ok(()));
        assert_eq!(document("manual_review", Value::Null).check(), Ok(()));
        assert_eq!(document("approve", Value::Null).check(), Err(InvalidDecision::ApprovalWithoutAmount));
        assert_eq!(document("approve", json!("0")).check(), Err(InvalidDecision::ApprovalWithoutAmount));
        assert_eq!(document("deny", json!("1")).check(), Err(InvalidDecision::RefusalWithAmount));
        assert_eq!(document("manual_review", json!("1")).check(), Err(InvalidDecision::ReviewWithAmount));
        let negative = document("approve", json!("-1")).check();
        assert_eq!(negative, Err(InvalidDecision::Amount { field: "payable_amount" }));
    }

    #[test]
    fn unknown_fields_survive_and_unknown_outcomes_do_not() {
        let kept = serde_json::to_value(document("approve", json!("1"))).unwrap();
        assert_eq!(kept["notes"], json!(["kept"]));
        assert_eq!(kept["reasons"][0]["article"], "6");
        assert!(serde_json::from_value::<DecisionDocument>(json!({"decision": "maybe"})).is_err());
    }
}
