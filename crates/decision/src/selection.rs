//! Contract selection (choix du contrat): D1 and R1.

use std::cmp::Ordering;

use jiff::civil::Date;

use crate::codes::ReasonCode;
use crate::contract::{Contract, Coverage};
use crate::facts::{ClaimFacts, Item, StatedClaim, written};
use crate::findings::{Datum, Finding};
use crate::peril::{Peril, Product};
use crate::policy::Policy;

/// A claim whose mandatory facts are all stated.
#[derive(Debug, Clone, Copy)]
pub struct Loss<'a> {
    pub claim: &'a StatedClaim,
    pub product: Product,
    pub peril: Peril,
    pub incident_date: Date,
    pub incident_country: &'a str,
    pub received_date: Date,
}

impl<'a> Loss<'a> {
    /// `None` when I4 must have fired.
    pub fn of(facts: &'a ClaimFacts, policy: &Policy) -> Option<Self> {
        let claim = &facts.claim;
        Some(Self {
            claim,
            product: facts.product(&policy.perils)?,
            peril: claim.peril.filter(|peril| *peril != Peril::Unknown)?,
            incident_date: claim.incident_date?,
            incident_country: written(&claim.incident_country)?,
            received_date: facts.intake.received_date,
        })
    }

    pub fn items(&self) -> Vec<Item> {
        self.claim.claimed_items()
    }
}

/// The contract that answers for a loss, and its cover of the peril.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub contract: &'a Contract,
    pub coverage: &'a Coverage,
}

impl Terms<'_> {
    /// How a term of this cover is cited.
    pub fn cite(&self, term: &str) -> String {
        format!("coverages.{}.{term}", self.coverage.peril.as_str())
    }
}

/// What the selection came to.
#[derive(Debug)]
pub struct Selection<'a> {
    /// The contract to report: the selected one, or, when none is in force, the
    /// named one or the candidate that ended last.
    pub contract: Option<&'a Contract>,
    pub in_force: bool,
    /// D1, then R1.
    pub findings: Vec<Finding>,
}

/// Selects the contract by the rules of section 5.3.
pub fn select<'a>(facts: &'a ClaimFacts, loss: &Loss<'a>) -> Selection<'a> {
    let mut candidates: Vec<&Contract> =
        facts.own_contracts().filter(|contract| is_candidate(contract, loss)).collect();
    candidates.sort_by(|a, b| earliest_first(a, b));
    let named = facts.named_contract().filter(|contract| contract.product == loss.product);
    if let Some(contract) = named.filter(|contract| contract.in_force(loss.incident_date)) {
        return selected(contract, passed(loss), Finding::skipped("R1"));
    }
    let in_force: Vec<&Contract> = candidates.iter().copied().filter(|c| c.in_force(loss.incident_date)).collect();
    match in_force.as_slice() {
        [] => none_in_force(named, &candidates, loss),
        [only] => selected(only, passed(loss), Finding::passed("R1")),
        [earliest, ..] => {
            let covering: Vec<&Contract> =
                in_force.iter().copied().filter(|c| c.coverage(loss.peril).is_some()).collect();
            match covering.as_slice() {
                [] => selected(earliest, passed(loss), Finding::passed("R1")),
                [only] => selected(only, passed(loss), Finding::passed("R1")),
                [first, ..] => selected(first, passed(loss), ambiguous(&covering)),
            }
        }
    }
}

fn is_candidate(contract: &Contract, loss: &Loss<'_>) -> bool {
    let registration = written(&loss.claim.vehicle_registration);
    let same_vehicle = || registration.is_some_and(|plate| contract.insures_vehicle(plate));
    contract.product == loss.product && (loss.product != Product::Auto || same_vehicle())
}

fn earliest_first(a: &Contract, b: &Contract) -> Ordering {
    a.start_date.cmp(&b.start_date).then_with(|| a.contract_number.cmp(&b.contract_number))
}

fn passed(loss: &Loss<'_>) -> Finding {
    Finding::passed("D1").with("product", loss.product).with("incident_date", loss.incident_date)
}

fn selected<'a>(contract: &'a Contract, active: Finding, ambiguity: Finding) -> Selection<'a> {
    let active = active.with("contract_number", contract.contract_number.as_str());
    Selection { contract: Some(contract), in_force: true, findings: vec![active, ambiguity] }
}

fn none_in_force<'a>(named: Option<&'a Contract>, candidates: &[&'a Contract], loss: &Loss<'_>) -> Selection<'a> {
    let latest = candidates.iter().copied().max_by_key(|contract| contract.end_date);
    let finding = Finding::fired("D1", ReasonCode::NoActiveContract)
        .with("product", loss.product)
        .with("incident_date", loss.incident_date)
        .citing("start_date, end_date, cancelled_on, suspensions");
    Selection { contract: named.or(latest), in_force: false, findings: vec![finding] }
}

fn ambiguous(covering: &[&Contract]) -> Finding {
    let numbers = covering.iter().map(|contract| contract.contract_number.clone()).collect();
    Finding::fired("R1", ReasonCode::ContractAmbiguous).with("contracts", Datum::Texts(numbers)).citing("L121-4")
}
