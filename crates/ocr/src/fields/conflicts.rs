//! One fact with two values inside the file: form against police report, invoice, words.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Tables;
use super::event;
use super::fold::compact;
use super::money;
use super::parts::Part;
use super::references;
use super::view::View;
use crate::facts::{Conflict, Fact, FactSource, FieldName};

/// Below this, a difference may be a misreading rather than a contradiction.
const CERTAIN: f32 = 0.85;

/// The contradictions of a file; each names both values, the claimant's first.
pub(super) fn conflicts(views: &[View<'_>], fields: &BTreeMap<FieldName, Fact>, tables: &Tables) -> Vec<Conflict> {
    let mut found = Vec::new();
    found.extend(dates(views, fields));
    found.extend(plates(views, fields));
    found.extend(amounts(views, fields, tables));
    if let Some((figures, words)) = money::words_against_figures(views) {
        let values = vec![figures.to_string(), words.to_string()];
        found.push(Conflict { field: FieldName::ClaimedAmount, values });
    }
    found
}

fn own(fields: &BTreeMap<FieldName, Fact>, name: FieldName) -> Option<&Fact> {
    fields.get(&name).filter(|fact| fact.confidence >= CERTAIN)
}

fn dates(views: &[View<'_>], fields: &BTreeMap<FieldName, Fact>) -> Option<Conflict> {
    let told = own(fields, FieldName::IncidentDate)?;
    let others = views.iter().filter(|view| view.is(&[Part::Police, Part::Bill]) && view.page.number != told.page);
    let other = others
        .filter_map(event::incident_date)
        .find(|other| other.value != told.value && other.confidence >= CERTAIN)?;
    Some(Conflict { field: FieldName::IncidentDate, values: vec![told.value.clone(), other.value] })
}

fn plates(views: &[View<'_>], fields: &BTreeMap<FieldName, Fact>) -> Option<Conflict> {
    let told = own(fields, FieldName::VehicleRegistration)?;
    let others = views.iter().filter(|view| view.page.number != told.page).filter_map(references::plate);
    let other = others.into_iter().find(|other| {
        other.confidence >= CERTAIN && strsim::levenshtein(&compact(&other.value), &compact(&told.value)) > 2
    })?;
    Some(Conflict { field: FieldName::VehicleRegistration, values: vec![told.value.clone(), other.value] })
}

/// A form that lists its own items may claim more than one invoice; without a list they must agree.
fn amounts(views: &[View<'_>], fields: &BTreeMap<FieldName, Fact>, tables: &Tables) -> Option<Conflict> {
    let told = own(fields, FieldName::ClaimedAmount)?;
    let claimed: Decimal = told.value.parse().ok()?;
    // The claimant's own list must add up.
    let listed: Decimal = tables.items.iter().filter_map(|item| item.amount.parse::<Decimal>().ok()).sum();
    let certain = !tables.items.is_empty() && tables.items.iter().all(|item| item.confidence >= CERTAIN);
    if certain && told.source != FactSource::Layout && (listed - claimed).abs() > Decimal::ONE {
        let values = vec![told.value.clone(), listed.to_string()];
        return Some(Conflict { field: FieldName::ClaimedAmount, values });
    }
    let papers: Vec<money::Money> = views
        .iter()
        .filter(|view| view.is(&[Part::Invoice, Part::Bill, Part::Receipt]) && view.page.number != told.page)
        .filter_map(money::total)
        .filter(|total| total.fact.confidence >= CERTAIN)
        .collect();
    let sum: Decimal = papers.iter().map(|total| total.value).sum();
    let agrees = papers.is_empty()
        || tables.own
        || (sum - claimed).abs() <= Decimal::ONE
        || papers.iter().any(|total| (total.value - claimed).abs() <= Decimal::ONE);
    (!agrees).then(|| Conflict { field: FieldName::ClaimedAmount, values: vec![told.value.clone(), sum.to_string()] })
}
