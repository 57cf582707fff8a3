//! Whether a file claims anything, and its language.

use std::collections::BTreeMap;

use super::fold::fold;
use super::parts::Part;
use super::view::View;
use crate::facts::{DocumentKind, Fact, FieldName};
use crate::page::PageText;

const CLAIM_WORDS: &[&str] = &[
    "sinistre",
    "declare",
    "declaration",
    "claim",
    "loss",
    "accident",
    "dommage",
    "dommages",
    "damage",
    "damaged",
    "vol",
    "theft",
    "stolen",
    "remboursement",
    "reimbursement",
    "indemnisation",
    "compensation",
    "soins",
    "care",
    "patient",
    "treatment",
    "deces",
    "death",
    "prejudice",
    "reclame",
    "reclamation",
    "incident",
    "degats",
    "invalidite",
    "disability",
    "hospital",
    "plainte",
];

/// A claim names a loss, care or benefit and somebody or some contract it concerns.
///
/// An invoice, a menu or a brochure alone claims nothing.
#[must_use]
pub fn kind(views: &[View<'_>], fields: &BTreeMap<FieldName, Fact>) -> DocumentKind {
    let has = |name: FieldName| fields.contains_key(&name);
    let text = format!(" {} ", views.iter().map(|view| fold(&view.page.text())).collect::<Vec<_>>().join(" "));
    let words = CLAIM_WORDS.iter().filter(|word| text.contains(&format!(" {word} "))).count();
    let reference = has(FieldName::ClientRef) || has(FieldName::ContractNumber) || has(FieldName::ClaimNumber);
    let event = has(FieldName::Peril) || has(FieldName::IncidentDate);
    let own = views.iter().any(|view| view.is(&[Part::Form, Part::Letter]));
    let bill = views.iter().any(|view| view.part == Part::Bill);
    let claims = match (own, bill) {
        (true, _) => words >= 1 && (event || reference && words >= 3),
        (false, true) => event || reference,
        (false, false) => reference && event || event && words >= 4 && has(FieldName::ClaimantName),
    };
    if claims { DocumentKind::Claim } else { DocumentKind::Other }
}

/// `fr` or `en` by common words and accents.
#[must_use]
pub fn language(pages: &[PageText]) -> &'static str {
    const FRENCH: &[&str] = &[
        "le", "la", "les", "de", "du", "des", "et", "est", "une", "un", "je", "vous", "nom", "montant", "lieu", "pour",
        "au", "sur", "mon", "ma",
    ];
    const ENGLISH: &[&str] = &[
        "the", "of", "and", "is", "to", "in", "my", "name", "amount", "place", "for", "on", "was", "that", "your",
        "number", "this", "with",
    ];
    let text = fold(&pages.iter().map(PageText::text).collect::<Vec<_>>().join(" "));
    let count = |list: &[&str]| text.split(' ').filter(|word| list.contains(word)).count();
    if count(ENGLISH) > count(FRENCH) { "en" } else { "fr" }
}
