//! The decision: every check in the order of the policy, then their combination.

use rust_decimal::Decimal;

use crate::amount::{AmountStep, Assessment, assess};
use crate::codes::{ReasonCode, Tier};
use crate::confidence;
use crate::currency::Currency;
use crate::duplicates;
use crate::facts::ClaimFacts;
use crate::findings::{CheckOutcome, Datum, Finding, Inputs, Money};
use crate::flags::{self, Flag};
use crate::gates;
use crate::integrity;
use crate::late_notice;
use crate::policy::Policy;
use crate::reference::Outcome;
use crate::referrals;
use crate::refusals;
use crate::selection::{Loss, Terms, select};
use crate::texts::{self, Text};

/// A decision that explains itself.
#[derive(Debug, Clone)]
pub struct Decision {
    pub outcome: Outcome,
    /// Amount due on approval, zero on refusal, nothing when a person decides.
    pub payable: Option<Decimal>,
    /// What the computation came to when a person decides; not a promise.
    pub proposed: Option<Decimal>,
    /// Of `payable` or `proposed`.
    pub currency: Option<Currency>,
    /// `0..=1`, two decimals: how well the facts were read.
    pub confidence: Decimal,
    /// Never empty, in the order of the policy.
    pub reasons: Vec<Reason>,
    /// The contract that answered; `None` when the facts cannot be relied on.
    pub contract_number: Option<String>,
    pub amount_steps: Vec<AmountStep>,
    pub trace: Vec<Finding>,
    pub notes: Vec<String>,
    pub explanation: Text,
    pub policy_version: String,
}

/// Why, with the values and the term it rests on.
#[derive(Debug, Clone)]
pub struct Reason {
    pub code: ReasonCode,
    pub text: Text,
    /// Section of the policy and article of law.
    pub article: String,
    /// Clause or field of the contract.
    pub clause: Option<String>,
    pub inputs: Inputs,
}

impl Decision {
    pub fn reason_codes(&self) -> Vec<ReasonCode> {
        self.reasons.iter().map(|reason| reason.code).collect()
    }
}

/// Decides a claim. Total and deterministic: any facts give a decision with at
/// least one reason code, and the same facts give the same one.
pub fn decide(facts: &ClaimFacts, policy: &Policy) -> Decision {
    let mut evaluation = evaluate(facts, policy);
    never_without_code(&mut evaluation);
    let confidence = confidence::of_reading(facts, policy);
    let outcome = evaluation.outcome();
    let minimum = policy.parameters.decision_confidence_min;
    if outcome != Outcome::ManualReview && confidence < minimum {
        let finding = gates::low_confidence("confidence", "decision", confidence, minimum);
        evaluation.trace.push(finding);
    }
    conclude(evaluation, confidence, facts, policy)
}

/// What the checks found, before it is put together.
#[derive(Default)]
struct Evaluation {
    trace: Vec<Finding>,
    contract_number: Option<String>,
    currency: Option<Currency>,
    assessment: Option<Assessment>,
    flags: Vec<Flag>,
}

impl Evaluation {
    fn fired(&self, tier: Tier) -> bool {
        self.trace.iter().filter_map(Finding::code).any(|code| code.tier() == tier)
    }

    /// Integrity before refusal before referral; approval needs an amount.
    fn outcome(&self) -> Outcome {
        if self.fired(Tier::Integrity) {
            Outcome::ManualReview
        } else if self.fired(Tier::Refusal) {
            Outcome::Deny
        } else if self.fired(Tier::Referral) || self.payable().is_none() {
            Outcome::ManualReview
        } else {
            Outcome::Approve
        }
    }

    fn payable(&self) -> Option<Decimal> {
        self.assessment.as_ref()?.payable
    }
}

fn evaluate(facts: &ClaimFacts, policy: &Policy) -> Evaluation {
    let mut evaluation = Evaluation::default();
    if !pass_gates(&mut evaluation.trace, facts, policy) {
        return evaluation;
    }
    evaluation.trace.extend(integrity::all(facts, policy));
    if evaluation.fired(Tier::Integrity) {
        return evaluation;
    }
    let Some(loss) = Loss::of(facts, policy) else { return evaluation };
    let selection = select(facts, &loss);
    evaluation.trace.extend(selection.findings);
    let reported = selection.contract;
    evaluation.contract_number = reported.map(|contract| contract.contract_number.clone());
    let currency = reported.map(|contract| &contract.currency).or(loss.claim.currency.as_ref());
    evaluation.currency = currency.cloned();
    let Some(contract) = reported.filter(|_| selection.in_force) else { return evaluation };
    let (covered, terms) = refusals::peril_covered(&loss, contract);
    evaluation.trace.push(covered);
    if let Some(terms) = terms {
        examine(&mut evaluation, facts, policy, (&loss, &terms));
    }
    evaluation
}

/// Only a policy that lets a claim come without a fact the checks need can end
/// without a code: what is missing is then for a person.
fn never_without_code(evaluation: &mut Evaluation) {
    let silent = evaluation.outcome() == Outcome::ManualReview
        && !evaluation.fired(Tier::Integrity)
        && !evaluation.fired(Tier::Referral);
    if silent {
        let missing = Datum::Words(vec!["claimed_amount".into()]);
        let finding = Finding::fired("amount", ReasonCode::MissingMandatoryField);
        evaluation.trace.push(finding.with("missing_fields", missing));
    }
}

/// G1–G3; false when one fired.
fn pass_gates(trace: &mut Vec<Finding>, facts: &ClaimFacts, policy: &Policy) -> bool {
    let gates: [&dyn Fn() -> Finding; 3] =
        [&|| gates::readable(facts), &|| gates::is_a_claim(facts), &|| gates::read_reliably(facts, policy)];
    for gate in gates {
        let finding = gate();
        let code = finding.code();
        trace.push(finding);
        if code == Some(ReasonCode::NotAClaim) {
            trace.push(integrity::injection(facts));
        }
        if code.is_some() {
            return false;
        }
    }
    true
}

/// D3–D10 and R2–R9 under the terms of one cover.
fn examine(evaluation: &mut Evaluation, facts: &ClaimFacts, policy: &Policy, (loss, terms): (&Loss<'_>, &Terms<'_>)) {
    let time_bar = refusals::time_bar(loss, policy);
    let notice = match time_bar.outcome {
        CheckOutcome::Fired(_) => Finding::skipped("late_notice"),
        _ => late_notice::check(loss, terms, &facts.parameters.holidays),
    };
    let [confirmed, suspected] = duplicates::checks(facts, loss, terms, policy);
    let (fraud, flags) = flags::check(facts, loss, terms, policy);
    evaluation.flags = flags;
    evaluation.trace.extend([
        refusals::exclusion(loss, terms),
        refusals::territory(loss, terms),
        refusals::waiting_period(loss, terms),
        time_bar,
        notice,
        confirmed,
    ]);
    if !evaluation.fired(Tier::Refusal) {
        let mut assessment = assess(facts, loss, terms);
        evaluation.trace.append(&mut assessment.findings);
        evaluation.assessment = Some(assessment);
    }
    let rates = &facts.parameters.rates;
    let refused = evaluation.fired(Tier::Refusal);
    let authority = evaluation
        .payable()
        .map(|payable| referrals::authority(payable, loss, &terms.contract.currency, rates, policy));
    evaluation.trace.extend([
        referrals::currency(loss, terms, rates),
        refusals::suspected_exclusion(loss, terms),
        referrals::supporting_document(loss, terms),
        suspected,
        fraud,
        if refused { Finding::skipped("R8") } else { referrals::life(loss) },
        authority.unwrap_or_else(|| Finding::skipped("R9")),
    ]);
}

/// Puts the codes of the winning tier together with amounts and texts.
fn conclude(evaluation: Evaluation, read: Decimal, facts: &ClaimFacts, policy: &Policy) -> Decision {
    let outcome = evaluation.outcome();
    let mut reasons = reasons(&evaluation, facts, policy, outcome);
    reasons.sort_by_key(|reason| reason.code);
    let due = evaluation.payable();
    let currency = evaluation.currency.clone().unwrap_or_else(Currency::euro);
    let payable = match outcome {
        Outcome::Approve => due,
        Outcome::Deny => Some(Decimal::ZERO),
        Outcome::ManualReview => None,
    };
    let proposed = due.filter(|_| outcome == Outcome::ManualReview);
    let (confidence, notes) = reservations(&evaluation, read, outcome, (facts, policy));
    let amounts = payable.map(|amount| Money::new(amount, &currency));
    let steps = evaluation.assessment.map(|assessment| assessment.steps).unwrap_or_default();
    let explanation = texts::explanation(outcome, &reasons, &steps, (amounts.as_ref(), policy));
    Decision {
        outcome,
        payable,
        proposed,
        currency: payable.or(proposed).map(|_| currency),
        confidence,
        explanation,
        reasons,
        contract_number: evaluation.contract_number,
        amount_steps: steps,
        trace: evaluation.trace,
        notes,
        policy_version: policy.version.clone(),
    }
}

/// Confidence as shown, and the notes that are no reasons.
fn reservations(
    evaluation: &Evaluation,
    read: Decimal,
    outcome: Outcome,
    (facts, policy): (&ClaimFacts, &Policy),
) -> (Decimal, Vec<String>) {
    let mut notes = Vec::new();
    if !evaluation.fired(Tier::Referral) {
        let weak = evaluation.flags.iter().filter(|flag| !flag.is_strong());
        notes.extend(weak.map(|flag| format!("weak_flag:{}", flag.word())));
    }
    let relied_on = Loss::of(facts, policy).filter(|_| !evaluation.fired(Tier::Integrity));
    let diverge = relied_on.is_some_and(|loss| confidence::precedents_diverge(facts, &loss, outcome, policy));
    if !diverge {
        return (read, notes);
    }
    notes.push("precedent_diverges".into());
    (confidence::lowered(read, policy), notes)
}

fn reasons(evaluation: &Evaluation, facts: &ClaimFacts, policy: &Policy, outcome: Outcome) -> Vec<Reason> {
    let winning = match outcome {
        Outcome::Approve => return approval_reasons(evaluation, facts, policy),
        Outcome::Deny => Tier::Refusal,
        Outcome::ManualReview if evaluation.fired(Tier::Integrity) => Tier::Integrity,
        Outcome::ManualReview => Tier::Referral,
    };
    let fired = evaluation.trace.iter().filter_map(|finding| Some((finding.code()?, finding)));
    let mut reasons: Vec<Reason> = fired
        .filter(|(code, _)| code.tier() == winning)
        .map(|(code, finding)| Reason::new(code, &finding.inputs, finding.clause.as_deref(), policy))
        .collect();
    reasons.dedup_by_key(|reason| reason.code);
    reasons
}

fn approval_reasons(evaluation: &Evaluation, facts: &ClaimFacts, policy: &Policy) -> Vec<Reason> {
    let mut inputs = Inputs::new();
    if let Some(number) = &evaluation.contract_number {
        inputs.push(("contract_number", number.as_str().into()));
    }
    if let Some(peril) = facts.claim.peril {
        inputs.push(("peril", peril.into()));
    }
    let covered = Reason::new(ReasonCode::Covered, &inputs, Some("coverages"), policy);
    let steps = evaluation.assessment.iter().flat_map(|assessment| &assessment.steps);
    let adjustments = steps.filter_map(|step| {
        let mut inputs = step.inputs.clone();
        inputs.push(("before", step.before.clone().into()));
        inputs.push(("after", step.after.clone().into()));
        Some(Reason::new(step.code?, &inputs, step.clause.as_deref(), policy))
    });
    std::iter::once(covered).chain(adjustments).collect()
}

impl Reason {
    fn new(code: ReasonCode, inputs: &Inputs, clause: Option<&str>, policy: &Policy) -> Self {
        Self {
            code,
            text: texts::reason(code, inputs, policy),
            article: policy.code(code).map(|entry| entry.article.clone()).unwrap_or_default(),
            clause: clause.map(str::to_owned),
            inputs: inputs.clone(),
        }
    }
}
