//! A decision as the tool answers it and the claims service stores it.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::amount::AmountStep;
use crate::decision::{Decision, Reason, decide};
use crate::facts::ClaimFacts;
use crate::findings::{Finding, Inputs};
use crate::opinion::{Opinion, OpinionRule, advise};
use crate::policy::Policy;
use crate::texts::letter;

/// Amounts are decimal strings with two places; `inputs` hold what a check looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionReport {
    pub success: bool,
    pub claim_id: String,
    /// `approve`, `deny` or `manual_review`.
    pub decision: String,
    /// Amount due; `0.00` on refusal, null when a person decides.
    pub payable_amount: Option<String>,
    /// Computed amount when a person decides; not a promise.
    pub proposed_amount: Option<String>,
    /// ISO 4217 code of the payable or proposed amount.
    pub currency: Option<String>,
    /// 0 to 1: how well the facts were read.
    pub confidence: f64,
    pub reason_codes: Vec<String>,
    pub reasons: Vec<ReportedReason>,
    pub contract_number: Option<String>,
    pub amount_steps: Vec<ReportedStep>,
    pub trace: Vec<ReportedCheck>,
    pub notes: Vec<String>,
    /// One paragraph for the claimant.
    pub explanation_en: String,
    pub explanation_fr: String,
    /// The whole letter to the claimant, in plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub letter_en: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub letter_fr: String,
    pub policy_version: String,
    /// Digest of everything the decision was made from; empty when standing alone.
    pub evidence_sha256: String,
    /// The result of the rules, present when an agent's opinion sent it to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_result: Option<RuleResult>,
    /// What the agent thought, when it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_opinion: Option<AgentOpinion>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedReason {
    pub code: String,
    pub text_en: String,
    pub text_fr: String,
    /// Section of the policy and article of law.
    #[serde(default)]
    pub article: String,
    /// Clause or field of the contract.
    pub clause: Option<String>,
    pub inputs: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedStep {
    /// Reason code of the step, or `CLAIMED` for the first line.
    pub code: String,
    pub label_en: String,
    pub label_fr: String,
    pub before: String,
    pub after: String,
    /// Currency of `after`.
    pub currency: String,
    pub clause: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedCheck {
    /// Name in the policy, `G1` to `R9`.
    pub check: String,
    /// `passed`, `fired` or `skipped`.
    pub outcome: String,
    pub code: Option<String>,
    pub clause: Option<String>,
    pub inputs: Map<String, Value>,
}

/// What the rules decided before an opinion was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleResult {
    pub decision: String,
    pub payable_amount: Option<String>,
    pub currency: Option<String>,
}

/// An agent's opinion, as it gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentOpinion {
    pub decision: String,
    pub confidence: Option<f64>,
    pub reasoning: Option<String>,
    pub relevant_policies: Vec<String>,
}

impl DecisionReport {
    /// Without what only matters in the record: a model pays for every word it reads.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.trace.clear();
        self.amount_steps.clear();
        self.letter_en.clear();
        self.letter_fr.clear();
        for reason in &mut self.reasons {
            reason.inputs.clear();
        }
        self
    }

    /// Decides by the policy, hears the agent's opinion, and writes the letter.
    pub fn on(claim_id: &str, facts: &ClaimFacts, opinion: &Opinion, rule: OpinionRule, policy: &Policy) -> Self {
        let advised = advise(decide(facts, policy), opinion, rule, policy);
        let reference = facts.intake.claim_number.as_deref().unwrap_or(claim_id);
        let mut report =
            Self::new(claim_id, &advised.decision, policy).with_letter(reference, &advised.decision, policy);
        report.rule_result = advised.overridden.map(|rule| RuleResult {
            decision: rule.outcome.as_str().into(),
            payable_amount: rule.payable.map(|amount| format!("{amount:.2}")),
            currency: rule.currency.map(|currency| currency.to_string()),
        });
        report.agent_opinion = opinion.decision.as_ref().map(|decision| AgentOpinion {
            decision: decision.clone(),
            confidence: opinion.confidence,
            reasoning: opinion.reasoning.clone(),
            relevant_policies: opinion.relevant_policies.clone(),
        });
        report
    }

    pub fn new(claim_id: &str, decision: &Decision, policy: &Policy) -> Self {
        let amount = |amount: Option<Decimal>| amount.map(|amount| format!("{amount:.2}"));
        Self {
            success: true,
            claim_id: claim_id.to_owned(),
            decision: decision.outcome.as_str().into(),
            payable_amount: amount(decision.payable),
            proposed_amount: amount(decision.proposed),
            currency: decision.currency.as_ref().map(ToString::to_string),
            confidence: decision.confidence.try_into().unwrap_or_default(),
            reason_codes: decision.reasons.iter().map(|reason| reason.code.to_string()).collect(),
            reasons: decision.reasons.iter().map(reported_reason).collect(),
            contract_number: decision.contract_number.clone(),
            amount_steps: decision.amount_steps.iter().map(|step| reported_step(step, policy)).collect(),
            trace: decision.trace.iter().map(reported_check).collect(),
            notes: decision.notes.clone(),
            explanation_en: decision.explanation.en.clone(),
            explanation_fr: decision.explanation.fr.clone(),
            letter_en: String::new(),
            letter_fr: String::new(),
            policy_version: decision.policy_version.clone(),
            evidence_sha256: String::new(),
            rule_result: None,
            agent_opinion: None,
        }
    }
}

impl DecisionReport {
    /// With the letter of that decision, which calls the claim by this reference.
    #[must_use]
    pub fn with_letter(mut self, reference: &str, decision: &Decision, policy: &Policy) -> Self {
        let letter = letter(reference, decision, policy);
        (self.letter_en, self.letter_fr) = (letter.en, letter.fr);
        self
    }
}

fn reported_reason(reason: &Reason) -> ReportedReason {
    ReportedReason {
        code: reason.code.to_string(),
        text_en: reason.text.en.clone(),
        text_fr: reason.text.fr.clone(),
        article: reason.article.clone(),
        clause: reason.clause.clone(),
        inputs: map(&reason.inputs),
    }
}

fn reported_step(step: &AmountStep, policy: &Policy) -> ReportedStep {
    let key = step.code.map_or("claimed", |code| code.as_str());
    let label = policy.label(key);
    ReportedStep {
        code: step.code.map_or("CLAIMED", |code| code.as_str()).into(),
        label_en: label.map(|label| label.en.clone()).unwrap_or_default(),
        label_fr: label.map(|label| label.fr.clone()).unwrap_or_default(),
        before: format!("{:.2}", step.before.amount),
        after: format!("{:.2}", step.after.amount),
        currency: step.after.currency.to_string(),
        clause: step.clause.clone(),
    }
}

fn reported_check(finding: &Finding) -> ReportedCheck {
    ReportedCheck {
        check: finding.check.into(),
        outcome: finding.outcome.as_str().into(),
        code: finding.code().map(|code| code.to_string()),
        clause: finding.clause.clone(),
        inputs: map(&finding.inputs),
    }
}

fn map(inputs: &Inputs) -> Map<String, Value> {
    let entry =
        |(name, value): &(&'static str, _)| (String::from(*name), serde_json::to_value(value).unwrap_or_default());
    inputs.iter().map(entry).collect()
}
