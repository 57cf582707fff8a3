//! Integrity I1–I5: whether the facts can be relied on. All are evaluated.

use rust_decimal::Decimal;

use crate::codes::ReasonCode;
use crate::contract::Contract;
use crate::facts::{ClaimFacts, Conflict, written};
use crate::findings::{CheckOutcome, Datum, Finding};
use crate::money;
use crate::names;
use crate::peril::Product;
use crate::policy::Policy;

/// I1–I5 in order.
pub fn all(facts: &ClaimFacts, policy: &Policy) -> Vec<Finding> {
    let identity = identity(facts, policy);
    let contract = match identity.outcome {
        CheckOutcome::Fired(_) => Finding::skipped("I3"),
        _ => contract(facts, policy),
    };
    vec![injection(facts), identity, contract, mandatory_fields(facts, policy), consistency(facts, policy)]
}

/// I1: no text in the file addresses the processing system.
pub fn injection(facts: &ClaimFacts) -> Finding {
    Finding::when(facts.document.injection, "I1", ReasonCode::InstructionInjection)
}

/// I2: the account exists and the document is its holder's or an insured person's.
fn identity(facts: &ClaimFacts, policy: &Policy) -> Finding {
    let mut mismatches = Vec::new();
    if facts.user().is_none() {
        mismatches.push("user_unknown");
    }
    let other_ref = |given: &str| !names::same_reference(given, &facts.intake.user_id);
    if written(&facts.claim.client_ref).is_some_and(other_ref) {
        mismatches.push("client_ref_differs");
    }
    let stranger = |name: &str| !is_known_person(facts, policy, name);
    if facts.user().is_some() && written(&facts.claim.claimant_name).is_some_and(stranger) {
        mismatches.push("name_differs");
    }
    mismatch("I2", ReasonCode::IdentityMismatch, mismatches)
}

fn is_known_person(facts: &ClaimFacts, policy: &Policy, name: &str) -> bool {
    let holder = facts.user().map(|user| user.full_name.as_str());
    let insured = facts.own_contracts().flat_map(|contract| &contract.insured_persons);
    let distance = policy.parameters.name_edit_distance;
    holder
        .into_iter()
        .chain(insured.map(String::as_str))
        .any(|known| names::same_person(name, known, &policy.titles, distance))
}

/// I3: the named contract and the vehicle are the claimant's.
fn contract(facts: &ClaimFacts, policy: &Policy) -> Finding {
    let product = facts.product(&policy.perils);
    let named = written(&facts.claim.contract_number).is_some();
    let contract = facts.named_contract();
    let mut mismatches = Vec::new();
    if named && contract.is_none() {
        mismatches.push("contract_not_held");
    }
    if contract.is_some_and(|contract| product.is_some_and(|product| product != contract.product)) {
        mismatches.push("contract_of_another_product");
    }
    if product == Some(Product::Auto) && registration_differs(facts, contract) {
        mismatches.push("registration_differs");
    }
    mismatch("I3", ReasonCode::ContractMismatch, mismatches)
}

/// Against the named contract, or against every motor contract when none is named.
fn registration_differs(facts: &ClaimFacts, named: Option<&Contract>) -> bool {
    let Some(registration) = written(&facts.claim.vehicle_registration) else { return false };
    if written(&facts.claim.contract_number).is_some() {
        let motor = named.filter(|contract| contract.product == Product::Auto);
        return motor.is_some_and(|contract| !contract.insures_vehicle(registration));
    }
    let mut motor = facts.own_contracts().filter(|c| c.product == Product::Auto).peekable();
    motor.peek().is_some() && !motor.any(|contract| contract.insures_vehicle(registration))
}

/// I4: everything the product and peril need is stated. A product that cannot be
/// told from anything on the document counts as missing.
pub fn mandatory_fields(facts: &ClaimFacts, policy: &Policy) -> Finding {
    let product = facts.product(&policy.perils);
    let required = policy.mandatory.fields(product, facts.claim.peril);
    let missing = required.into_iter().filter(|field| !facts.claim.states(*field));
    let mut missing: Vec<String> = missing.map(|field| field.as_str().into()).collect();
    if product.is_none() {
        missing.push("product".into());
    }
    let any_of = &policy.mandatory.any_of;
    if !any_of.is_empty() && !any_of.iter().any(|field| facts.claim.states(*field)) {
        missing.push("client_ref_or_contract_number".into());
    }
    if missing.is_empty() {
        return Finding::passed("I4");
    }
    Finding::fired("I4", ReasonCode::MissingMandatoryField).with("missing_fields", Datum::Words(missing))
}

/// I5: the file does not contradict itself.
fn consistency(facts: &ClaimFacts, policy: &Policy) -> Finding {
    let claim = &facts.claim;
    let mut contradictions: Vec<String> = Vec::new();
    let amounts = claim.items.iter().map(|item| item.amount);
    let items = money::total(amounts.clone());
    let mut stated = amounts.chain(claim.claimed_amount).chain(claim.other_payer_amount).chain([items]);
    let usable = stated.all(money::usable);
    if !usable {
        contradictions.push("amount_unusable".into());
    }
    let tolerance = policy.parameters.items_total_tolerance;
    let differs = |claimed: Decimal| items.saturating_sub(claimed).abs() > tolerance;
    if usable && !claim.items.is_empty() && claim.claimed_amount.is_some_and(differs) {
        contradictions.push("items_total_differs".into());
    }
    if claim.incident_date.is_some_and(|day| day > facts.intake.received_date) {
        contradictions.push("incident_after_receipt".into());
    }
    let in_file = claim.conflicts.iter().filter(|conflict| is_conflict(conflict));
    contradictions.extend(in_file.map(|conflict| conflict.field.clone()));
    if contradictions.is_empty() {
        return Finding::passed("I5");
    }
    Finding::fired("I5", ReasonCode::ConflictingEvidence).with("contradictions", Datum::Words(contradictions))
}

/// Listed values that are all the same are no conflict; a conflict without values is.
fn is_conflict(conflict: &Conflict) -> bool {
    conflict.values.first().is_none_or(|first| conflict.values.len() == 1 || conflict.values.iter().any(|v| v != first))
}

fn mismatch(check: &'static str, code: ReasonCode, mismatches: Vec<&'static str>) -> Finding {
    if mismatches.is_empty() {
        return Finding::passed(check);
    }
    let words = mismatches.into_iter().map(str::to_owned).collect();
    Finding::fired(check, code).with("mismatches", Datum::Words(words))
}
