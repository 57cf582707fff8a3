//! Whether a sentence of the model stands in the evidence. What does not is never shown.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passages::{Passage, PassageKind};
use super::words::{folded, numbers, stems};
use crate::domain::{Outcome, Vocabulary, amounts_in, outcomes_in};

/// Of a sentence's words, those that must stand in what it cites.
const SHARE: f64 = 0.5;
/// Passages one sentence may rest on when it names none.
const MOST_FOUND: usize = 2;

/// A sentence of an answer with the passages it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sentence {
    pub text: String,
    /// At least one.
    pub citations: Vec<String>,
}

/// The sentence with its citations, put right where the model left them out or cited the wrong ones; `None` when no
/// passage says it.
pub(super) fn grounded(sentence: &str, passages: &[Passage], decided: Option<Outcome>) -> Option<Sentence> {
    let (text, cited) = citations_of(sentence);
    if stems(&text).is_empty() && numbers(&text).is_empty() {
        return None;
    }
    let named: Vec<&Passage> = passages.iter().filter(|passage| cited.contains(&passage.id)).collect();
    let found = Some(named).filter(|named| stands_in(&text, named)).or_else(|| closest(&text, passages))?;
    // How a past claim ended is told by its number; anything else about an outcome is about this claim.
    let of_another = found.iter().all(|passage| {
        let number = passage.claim_number.as_deref().filter(|_| passage.kind == PassageKind::SimilarClaim);
        number.is_some_and(|number| text.contains(number))
    });
    // "No contract was in force" holds every word and number of "the contract was in force".
    let weighed = |passage: &&&Passage| matches!(passage.kind, PassageKind::Decision | PassageKind::Clause);
    if found.iter().filter(weighed).any(|passage| negative(&passage.text) != negative(&text)) {
        return None;
    }
    let told = outcomes_in(&text);
    if !of_another && decided.is_some_and(|decided| told.iter().any(|told| *told != decided)) {
        return None;
    }
    Some(Sentence { text, citations: found.iter().map(|passage| passage.id.clone()).collect() })
}

/// The text without `[E1]`, `[E1, E2]` and the like, and what they name.
fn citations_of(sentence: &str) -> (String, HashSet<String>) {
    let (mut text, mut cited, mut rest) = (String::new(), HashSet::new(), sentence);
    while let Some(open) = rest.find(['[', '(']) {
        let Some(close) = rest[open..].find([']', ')']) else { break };
        let inside = &rest[open + 1..open + close];
        let ids: Vec<&str> = inside.split([',', ';', ' ', '-']).filter(|id| !id.is_empty()).collect();
        let names = |id: &&str| id.strip_prefix('E').is_some_and(|number| number.parse::<u32>().is_ok());
        if !ids.is_empty() && ids.iter().all(names) {
            text.push_str(rest[..open].trim_end());
            cited.extend(ids.into_iter().map(str::to_owned));
        } else {
            text.push_str(&rest[..=open + close]);
        }
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    let text = text.trim().trim_start_matches(['-', '*', '•', ' ']).replace("**", "");
    (text, cited)
}

/// Every number, amount and name of the text, and most of its words, are in the passages.
fn stands_in(text: &str, passages: &[&Passage]) -> bool {
    if passages.is_empty() {
        return false;
    }
    let has_number = |number: &String| passages.iter().any(|passage| passage.numbers.contains(number));
    let amounts: HashSet<i64> = passages.iter().flat_map(|passage| amounts_in(&passage.text)).collect();
    let mut names = Vocabulary::default();
    let mut written = String::new();
    for passage in passages {
        names.learn(&passage.text);
        written.push_str(&folded(&passage.text));
    }
    let words = stems(text);
    let shared = words.iter().filter(|word| passages.iter().any(|passage| passage.stems.contains(*word))).count();
    numbers(text).iter().all(has_number)
        && amounts_in(text).iter().all(|amount| amounts.contains(amount))
        && names.tells_of_all_in(text, MONTHS)
        && shared as f64 >= SHARE * words.len() as f64
}

/// Whether it denies something, in words that do.
fn negative(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "not", "no", "nor", "none", "never", "cannot", "without", "isn", "wasn", "aren", "doesn", "didn", "ne", "n",
        "pas", "ni", "non", "sans", "aucun", "aucune",
    ];
    const BEGINNINGS: &[&str] = &["exclu", "refus", "reject", "rejet", "deny", "deni"];
    folded(text)
        .split(|letter: char| !letter.is_alphabetic())
        .any(|word| WORDS.contains(&word) || BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)))
}

/// Written large in English, and compared as numbers.
const MONTHS: &str = "January February March April May June July August September October November December Not Past Item \
    Reason Cover Garantie Motif Poste Exclusion Article EUR GBP USD CHF";

fn closest<'a>(text: &str, passages: &'a [Passage]) -> Option<Vec<&'a Passage>> {
    let (words, told) = (stems(text), numbers(text));
    let shared = |passage: &Passage| {
        words.intersection(&passage.stems).count() + 2 * told.intersection(&passage.numbers).count()
    };
    let mut ranked: Vec<(usize, &Passage)> =
        passages.iter().map(|passage| (shared(passage), passage)).filter(|(shared, _)| *shared > 0).collect();
    ranked.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    let mut found: Vec<&Passage> = Vec::new();
    for (_, passage) in ranked.into_iter().take(MOST_FOUND) {
        found.push(passage);
        if stands_in(text, &found) {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::passages::passages;
    use super::*;
    use crate::domain::{DecisionDocument, Evidence, Language, RunId};

    fn shelf() -> Vec<Passage> {
        let decision: DecisionDocument = serde_json::from_value(json!({
            "decision": "approve", "payable_amount": "787.92", "currency": "EUR", "confidence": 0.9,
            "reason_codes": ["COVERED"], "contract_number": "AZ-1",
            "reasons": [{"code": "COVERED", "text_en": "contract AZ-1 covers collision", "text_fr": "le contrat AZ-1 garantit : collision"}],
            "amount_steps": [{"label_en": "deductible", "label_fr": "franchise", "before": "1187.92", "after": "787.92", "currency": "EUR"}],
        }))
        .unwrap();
        let finding = |kind: &str, payload| Evidence {
            evidence_id: "evd".into(),
            run_id: RunId::fresh(),
            kind: kind.into(),
            tool: "t".into(),
            payload,
            confidence: None,
            sha256: String::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let evidence = [
            finding(
                "document",
                json!({"fields": {
                "incident_date": {"value": "2026-04-30", "page": 1},
                "provider_name": {"value": "Atelier Sud", "page": 2},
            }, "raw_text": "The bumper was damaged at a roundabout."}),
            ),
            finding(
                "similar_claims",
                json!({"similar_claims": [{"claim_number": "HST-9", "outcome": "deny",
                "claim_text": "Car struck at a roundabout; refused, late."}]}),
            ),
        ];
        passages(Some(&decision), &evidence, Language::En)
    }

    #[test]
    fn only_what_the_evidence_says_passes() {
        let shelf = shelf();
        for (sentence, stands) in [
            ("The claim is approved and 787.92 EUR is payable [E1].", true),
            ("The deductible is 400.00 EUR.", true),
            ("The deductible takes off €400 and leaves 787.92 EUR.", true),
            ("The deductible is 1,187.92 EUR.", false),
            ("The incident was on 30 April 2026 [E4].", true),
            ("The incident date is 30/04/2026.", true),
            ("The provider is Atelier Sud [E5].", true),
            ("A past claim, HST-9, was refused because it was late.", true),
            ("The claim is denied [E1].", false),
            ("The payable amount is 900 EUR [E1].", false),
            ("The incident was on 30 May 2026 [E4].", false),
            ("The provider is Garage Durand [E5].", false),
            ("The policyholder is a known fraudster with several convictions.", false),
            ("Paris is the capital of France.", false),
            ("[E1]", false),
        ] {
            let found = grounded(sentence, &shelf, Some(Outcome::Approve));
            assert_eq!(found.is_some(), stands, "{sentence} {found:?} {shelf:#?}");
        }
    }

    #[test]
    fn a_denied_fact_is_not_told_as_a_fact() {
        let decision: DecisionDocument = serde_json::from_value(json!({
            "decision": "deny", "payable_amount": "0.00", "confidence": 0.9, "reason_codes": ["NO_ACTIVE_CONTRACT"],
            "reasons": [{"code": "NO_ACTIVE_CONTRACT", "text_en": "no contract was in force on 15 April 2026",
                         "text_fr": "aucun contrat n'était en vigueur le 15 avril 2026"}],
        }))
        .unwrap();
        for (language, sentence, stands) in [
            (Language::En, "No contract was in force on 15 April 2026.", true),
            (Language::En, "The contract was in force on 15 April 2026.", false),
            (Language::Fr, "Aucun contrat n'était en vigueur le 15 avril 2026.", true),
            (Language::Fr, "Le contrat était en vigueur le 15 avril 2026.", false),
        ] {
            let found = grounded(sentence, &passages(Some(&decision), &[], language), Some(Outcome::Deny));
            assert_eq!(found.is_some(), stands, "{sentence} {found:?}");
        }
    }

    #[test]
    fn a_wrong_citation_is_put_right_and_the_marks_are_taken_out() {
        let found = grounded("- The provider is **Atelier Sud** [E1, E2].", &shelf(), None).unwrap();
        assert_eq!(found, Sentence { text: "The provider is Atelier Sud.".into(), citations: vec!["E5".into()] });
    }
}
