//! Other values for a fact, and how far a value may be trusted for the way it was found.

use std::collections::BTreeMap;

use super::fold::compact;
use super::view::View;
use super::{event, names, references};
use crate::facts::{Candidate, Fact, FactSource, FieldName};

/// More than these tell nothing new.
const MOST: usize = 5;
/// Highest confidence of a value that running text gave and nothing else in the file confirms.
const TOLD: f32 = 0.89;
/// Highest confidence of a value that another value in the file disputes.
const DISPUTED: f32 = 0.85;
/// A candidate read worse than this disputes nothing.
const HEARD: f32 = 0.6;

type Take = fn(&[View<'_>]) -> Option<Fact>;

/// How a fact is taken from one page alone, where other pages may repeat it.
const TAKES: &[(FieldName, Take)] = &[
    (FieldName::ClaimNumber, references::claim),
    (FieldName::ClientRef, references::client),
    (FieldName::ContractNumber, references::contract),
    (FieldName::PoliceReportRef, references::police),
    (FieldName::ClaimantName, names::claimant),
    (FieldName::VehicleRegistration, |views| views.iter().find_map(references::plate)),
    (FieldName::IncidentDate, |views| views.iter().find_map(event::incident_date)),
    (FieldName::IncidentCountry, event::country),
    (FieldName::DecreeDate, event::decree_date),
];

/// Keeps another value as a candidate, once and only where it differs.
pub fn add(fact: &mut Fact, other: &Fact) {
    let known = |value: &str| same(value, &other.value);
    if known(&fact.value) || fact.candidates.len() == MOST || fact.candidates.iter().any(|one| known(&one.value)) {
        return;
    }
    fact.candidates.push(Candidate {
        value: other.value.clone(),
        confidence: other.confidence,
        page: other.page,
        area: other.area,
        source: other.source,
    });
}

fn same(a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(compact).collect();
        words.sort();
        words.concat()
    };
    compact(a) == compact(b) || sorted(a) == sorted(b)
}

/// Asks the other pages for each fact: an agreeing one confirms it, another value becomes a candidate.
///
/// What only running text says, and what is disputed, is never certain.
pub fn weigh(fields: &mut BTreeMap<FieldName, Fact>, views: &[View<'_>]) {
    for (name, fact) in fields.iter_mut() {
        let take = TAKES.iter().find(|(known, _)| known == name).map(|(_, take)| take);
        let (own, mut confirmed) = (fact.page, false);
        for view in views.iter().filter(|view| view.page.number != own) {
            let Some(other) = take.and_then(|take| take(std::slice::from_ref(view))) else { continue };
            if same(&other.value, &fact.value) {
                confirmed = true;
            } else {
                add(fact, &other);
            }
        }
        let disputed = fact.candidates.iter().any(|one| one.confidence >= HEARD);
        let most = match fact.source {
            _ if disputed && !confirmed => DISPUTED,
            FactSource::Text | FactSource::Model if !confirmed => TOLD,
            _ => 1.0,
        };
        fact.confidence = fact.confidence.min(most);
    }
}
