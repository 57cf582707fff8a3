//! Gates G1–G3: the first that fires ends the evaluation.

use rust_decimal::Decimal;

use crate::codes::ReasonCode;
use crate::facts::{ClaimFacts, DocumentKind, Field, Share};
use crate::findings::{Datum, Finding};
use crate::policy::Policy;

/// G1: the document can be opened and has text.
pub fn readable(facts: &ClaimFacts) -> Finding {
    let reason = facts.document.unreadable_reason.as_deref().unwrap_or("unreadable");
    let finding = Finding::when(!facts.document.readable, "G1", ReasonCode::DocUnreadable);
    if facts.document.readable {
        return finding;
    }
    finding.with("unreadable_reason", Datum::Word(reason.into()))
}

/// G2: a loss, care or a benefit is claimed.
pub fn is_a_claim(facts: &ClaimFacts) -> Finding {
    Finding::when(facts.document.kind == DocumentKind::Other, "G2", ReasonCode::NotAClaim)
}

/// G3: the document as a whole and every mandatory field were read well enough.
pub fn read_reliably(facts: &ClaimFacts, policy: &Policy) -> Finding {
    let thresholds = &policy.parameters;
    let whole = document_confidence(facts);
    if whole < thresholds.document_confidence_min {
        return low_confidence("G3", "document", whole, thresholds.document_confidence_min);
    }
    match weakest_field(facts, policy) {
        Some((field, share)) if share.value() < thresholds.field_confidence_min => {
            low_confidence("G3", field.as_str(), share.value(), thresholds.field_confidence_min)
        }
        _ => Finding::passed("G3")
            .with("read_part", Datum::Word("document".into()))
            .with("confidence", Datum::Share(whole)),
    }
}

/// `OCR_LOW_CONFIDENCE` for a part of the file or for the decision itself.
pub fn low_confidence(check: &'static str, part: &str, confidence: Decimal, minimum: Decimal) -> Finding {
    Finding::fired(check, ReasonCode::OcrLowConfidence)
        .with("read_part", Datum::Word(part.into()))
        .with("confidence", Datum::Share(confidence))
        .with("minimum", Datum::Share(minimum))
}

/// Confidence of the whole document: zero when it could not be read, one when no
/// machine read it.
pub fn document_confidence(facts: &ClaimFacts) -> Decimal {
    let document = &facts.document;
    let given = document.ocr_confidence.map(|confidence| Share::new(confidence).value());
    if document.readable { given.unwrap_or(Decimal::ONE) } else { Decimal::ZERO }
}

/// The mandatory field that was read worst. Of the fields of which one is enough,
/// the best read one counts.
pub fn weakest_field(facts: &ClaimFacts, policy: &Policy) -> Option<(Field, Share)> {
    let read = |field: Field| {
        let share = facts.document.field_confidence.get(&field).copied()?;
        facts.claim.states(field).then_some((field, share))
    };
    let mandatory = policy.mandatory.fields(facts.product(&policy.perils), facts.claim.peril);
    let best_of_any = policy.mandatory.any_of.iter().copied().filter_map(read).max_by_key(|(_, share)| *share);
    mandatory.into_iter().filter_map(read).chain(best_of_any).min_by_key(|(_, share)| *share)
}
