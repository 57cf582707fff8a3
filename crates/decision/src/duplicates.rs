//! Duplicates: D8 already paid, R6 close to a past claim.

use crate::calendar::days_between;
use crate::codes::ReasonCode;
use crate::facts::{ClaimFacts, written};
use crate::findings::{Datum, Finding};
use crate::policy::Policy;
use crate::reference::{Outcome, PastClaim};
use crate::selection::{Loss, Terms};

/// D8, then R6. A past claim is counted for one of them only.
pub fn checks(facts: &ClaimFacts, loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> [Finding; 2] {
    let window = i64::from(policy.parameters.duplicate_window_days);
    let close = |past: &&PastClaim| {
        past.user_id == facts.intake.user_id
            && past.product == loss.product
            && past.peril == loss.peril
            && days_between(past.incident_date, loss.incident_date).abs() <= window
    };
    let (same, near): (Vec<&PastClaim>, Vec<&PastClaim>) =
        facts.past_claims().filter(close).partition(|past| is_same_loss(past, loss, terms, policy));
    let confirmed = finding("D8", ReasonCode::DuplicateConfirmed, &same)
        .with("contract_number", terms.contract.contract_number.as_str())
        .with("incident_date", loss.incident_date);
    [confirmed, finding("R6", ReasonCode::DuplicateSuspected, &near)]
}

/// Paid under the same contract for the same day, on the same invoice or for the
/// same amount.
fn is_same_loss(past: &PastClaim, loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> bool {
    let same_contract = written(&past.contract_number).is_some_and(|number| terms.contract.is_numbered(number));
    let same_invoice = written(&loss.claim.invoice_number).is_some_and(|invoice| past.has_invoice(invoice));
    past.decision == Outcome::Approve
        && same_contract
        && past.incident_date == loss.incident_date
        && (same_invoice || same_amount(past, loss, policy))
}

fn same_amount(past: &PastClaim, loss: &Loss<'_>, policy: &Policy) -> bool {
    let tolerance = policy.parameters.duplicate_amount_tolerance;
    let same_currency = past.currency.is_some() && past.currency == loss.claim.currency;
    let amounts = past.claimed_amount.zip(loss.claim.total());
    same_currency && amounts.is_some_and(|(past, now)| past.saturating_sub(now).abs() <= tolerance)
}

fn finding(check: &'static str, code: ReasonCode, past: &[&PastClaim]) -> Finding {
    let mut numbers: Vec<String> = past.iter().map(|past| past.claim_number.clone()).collect();
    numbers.sort();
    Finding::when(!numbers.is_empty(), check, code).with("past_claims", Datum::Texts(numbers))
}
