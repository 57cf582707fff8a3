//! Refusals D2–D6: terms that rule payment out on facts not in doubt.

use crate::calendar::{plus_days, plus_years};
use crate::codes::ReasonCode;
use crate::contract::{Contract, Exclusion};
use crate::findings::{Datum, Finding};
use crate::peril::Product;
use crate::policy::Policy;
use crate::selection::{Loss, Terms};

/// D2: the contract covers the peril. Passing gives the terms of the cover.
pub fn peril_covered<'a>(loss: &Loss<'_>, contract: &'a Contract) -> (Finding, Option<Terms<'a>>) {
    let coverage = contract.coverage(loss.peril);
    let finding = Finding::when(coverage.is_none(), "D2", ReasonCode::PerilNotCovered)
        .with("contract_number", contract.contract_number.as_str())
        .with("peril", loss.peril)
        .citing("coverages");
    (finding, coverage.map(|coverage| Terms { contract, coverage }))
}

/// D3: no stated circumstance is excluded, and some item is of a category that counts.
pub fn exclusion(loss: &Loss<'_>, terms: &Terms<'_>) -> Finding {
    let excluded = excluded(&loss.claim.stated_circumstances, terms.contract);
    if !excluded.is_empty() {
        return exclusion_finding("D3", ReasonCode::ExclusionApplies, terms, &excluded);
    }
    let items = loss.items();
    if !items.is_empty() && items.iter().all(|item| is_excluded_item(&item.category, terms)) {
        return Finding::fired("D3", ReasonCode::ExclusionApplies)
            .with("contract_number", terms.contract.contract_number.as_str())
            .with("clause", Datum::Words(vec!["items_excluded".into()]))
            .with("exclusions", Datum::Words(terms.coverage.excluded_items.clone()))
            .citing(terms.cite("excluded_items"));
    }
    Finding::passed("D3").with("stated", Datum::Words(loss.claim.stated_circumstances.clone()))
}

/// R4: no suspected circumstance is excluded. A stated one is D3's.
pub fn suspected_exclusion(loss: &Loss<'_>, terms: &Terms<'_>) -> Finding {
    let excluded = excluded(&loss.claim.suspected_circumstances, terms.contract);
    if excluded.is_empty() {
        let suspected = loss.claim.suspected_circumstances.clone();
        return Finding::passed("R4").with("suspected", Datum::Words(suspected));
    }
    exclusion_finding("R4", ReasonCode::ExclusionSuspected, terms, &excluded)
}

/// D4: the incident happened where the contract covers.
pub fn territory(loss: &Loss<'_>, terms: &Terms<'_>) -> Finding {
    let inside = terms.contract.covers_country(loss.incident_country);
    Finding::when(!inside, "D4", ReasonCode::OutsideTerritory)
        .with("incident_country", loss.incident_country)
        .with("contract_number", terms.contract.contract_number.as_str())
        .citing("territory")
}

/// D5: the waiting period was over. Day `start + waiting_days` is covered.
pub fn waiting_period(loss: &Loss<'_>, terms: &Terms<'_>) -> Finding {
    let days = terms.coverage.waiting_days;
    let covered_from = plus_days(terms.contract.start_date, i64::from(days));
    Finding::when(loss.incident_date < covered_from, "D5", ReasonCode::WaitingPeriod)
        .with("contract_number", terms.contract.contract_number.as_str())
        .with("peril", loss.peril)
        .with("covered_from", covered_from)
        .with("waiting_days", i64::from(days))
        .with("incident_date", loss.incident_date)
        .citing(terms.cite("waiting_days"))
}

/// D6: the claim came before the time bar; life has none here.
pub fn time_bar(loss: &Loss<'_>, policy: &Policy) -> Finding {
    if loss.product == Product::Life {
        return Finding::skipped("D6");
    }
    let last = plus_years(loss.incident_date, policy.parameters.time_bar_years);
    Finding::when(loss.received_date > last, "D6", ReasonCode::TimeBarred)
        .with("received_date", loss.received_date)
        .with("time_bar_date", last)
        .citing("L114-1")
}

/// Whether the cover leaves items of this category out.
pub fn is_excluded_item(category: &str, terms: &Terms<'_>) -> bool {
    terms.coverage.excluded_items.iter().any(|excluded| same_category(excluded, category))
}

/// Categories are codes; case and outer blanks do not count.
pub fn same_category(left: &str, right: &str) -> bool {
    left.trim().eq_ignore_ascii_case(right.trim())
}

fn excluded<'a>(circumstances: &[String], contract: &'a Contract) -> Vec<&'a Exclusion> {
    let found = circumstances.iter().filter_map(|code| contract.exclusion(code));
    let mut found: Vec<&Exclusion> = found.collect();
    found.sort_by(|a, b| (&a.clause, &a.code).cmp(&(&b.clause, &b.code)));
    found.dedup_by(|a, b| a.code == b.code);
    found
}

fn exclusion_finding(check: &'static str, code: ReasonCode, terms: &Terms<'_>, excluded: &[&Exclusion]) -> Finding {
    let clauses: Vec<String> = excluded.iter().map(|exclusion| exclusion.clause.clone()).collect();
    let codes = excluded.iter().map(|exclusion| exclusion.code.clone()).collect();
    let wording = excluded.iter().map(|exclusion| exclusion.text.clone()).collect();
    Finding::fired(check, code)
        .with("contract_number", terms.contract.contract_number.as_str())
        .with("clause", Datum::Clauses(clauses.clone()))
        .with("exclusions", Datum::Words(codes))
        .with("wording", Datum::Texts(wording))
        .citing(clauses.join(", "))
}
