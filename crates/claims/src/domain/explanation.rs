//! Whether a model's closing words may stand as the explanation of a decision.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{DecisionDocument, Money, Outcome, Vocabulary};

/// Word beginnings that state an outcome, in English and French.
const APPROVAL: &[&str] = &["approv", "approuv", "accepted", "accepté", "accordé", "granted"];
const REFUSAL: &[&str] = &["deny", "deni", "reject", "rejet", "refus", "declin", "déclin"];
const REVIEW: &[&str] = &["review", "revue", "manual", "manuel", "gestionnaire", "handler"];
const NEGATION: &[&str] = &["not", "cannot", "no", "never", "ne", "pas", "non", "n"];
const MONEY_MARKS: &[&str] = &["€", "$", "£", "eur", "usd", "gbp", "chf", "cad", "euro", "euros", "dollars", "pounds"];

/// Words before the number of a clause.
const CLAUSE: &[&str] = &["clause", "clauses", "article", "articles", "section", "sections", "art"];

/// The outcomes that a text states, by the words it uses.
pub fn outcomes_in(text: &str) -> Vec<Outcome> {
    let words = words_of(text);
    let states =
        |beginnings: &[&str]| words.iter().any(|word| beginnings.iter().any(|beginning| word.starts_with(beginning)));
    let stated = [(Outcome::Approve, APPROVAL), (Outcome::Deny, REFUSAL), (Outcome::ManualReview, REVIEW)];
    stated.into_iter().filter(|(_, beginnings)| states(beginnings)).map(|(outcome, _)| outcome).collect()
}

/// True when the text states this outcome, states no other one, every amount and clause in it stands in the decision,
/// and every name there or in the evidence.
///
/// Errs on the side of no: "cannot be approved" beside a refusal counts as a contradiction, and the rendered
/// explanation is shown instead.
pub fn agrees(text: &str, document: &DecisionDocument, evidence: &Vocabulary) -> bool {
    if outcomes_in(text) != [document.decision] {
        return false;
    }
    let negated = words_of(text).iter().any(|word| NEGATION.contains(&word.as_str()));
    if negated && document.decision == Outcome::Approve {
        return false;
    }
    let known = amounts_of(document);
    let told = serde_json::to_string(document).unwrap_or_default();
    amounts_in(text).iter().all(|amount| known.contains(amount))
        && cites_only_its_clauses(text, document)
        && evidence.tells_of_all_in(text, &told)
}

fn cites_only_its_clauses(text: &str, document: &DecisionDocument) -> bool {
    let steps = document.extra.get("amount_steps").and_then(Value::as_array).into_iter().flatten();
    let known: BTreeSet<&str> = document
        .reasons
        .iter()
        .filter_map(|reason| reason.clause.as_deref())
        .chain(steps.filter_map(|step| step.get("clause")?.as_str()))
        .collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).all(|pair| {
        let named = pair[0].trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        let number = pair[1].trim_matches(|letter: char| !letter.is_alphanumeric());
        let cites = CLAUSE.contains(&named.as_str()) && number.starts_with(|first: char| first.is_ascii_digit());
        !cites || known.contains(number)
    })
}

fn words_of(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Every amount of the decision document, at any depth.
fn amounts_of(document: &DecisionDocument) -> BTreeSet<i64> {
    fn walk(value: &Value, found: &mut BTreeSet<i64>) {
        match value {
            Value::String(text) => found.extend(text.parse::<Money>().map(Money::minor)),
            Value::Number(number) => found.extend(number.to_string().parse::<Money>().map(Money::minor)),
            Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
            Value::Object(fields) => fields.values().for_each(|value| walk(value, found)),
            Value::Null | Value::Bool(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(value) = serde_json::to_value(document) {
        walk(&value, &mut found);
    }
    found
}

/// Numerals that look like money: two decimals, or a currency beside them. Minor units.
pub fn amounts_in(text: &str) -> Vec<i64> {
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let letters: Vec<char> = text.chars().collect();
    let mut amounts = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if !letters[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < letters.len() && continues_numeral(&letters, at) {
            at += 1;
        }
        let numeral: String = letters[start..at].iter().collect();
        let before = letters[..start].iter().rev().find(|letter| !letter.is_whitespace());
        let glued = start.checked_sub(1).map(|index| letters[index]);
        let part_of_a_name = glued.is_some_and(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_');
        let marked = before.is_some_and(|letter| matches!(letter, '€' | '$' | '£')) || currency_follows(&letters[at..]);
        if let Some(minor) = minor_units(&numeral, marked)
            && !part_of_a_name
        {
            amounts.push(minor);
        }
    }
    amounts
}

fn continues_numeral(letters: &[char], at: usize) -> bool {
    let digit_at = |index: usize| letters.get(index).is_some_and(char::is_ascii_digit);
    match letters[at] {
        letter if letter.is_ascii_digit() => true,
        '.' | ',' => digit_at(at + 1),
        // A space groups thousands only.
        ' ' => digit_at(at + 1) && digit_at(at + 2) && digit_at(at + 3) && !digit_at(at + 4),
        _ => false,
    }
}

fn currency_follows(rest: &[char]) -> bool {
    let next: String =
        rest.iter().skip_while(|letter| letter.is_whitespace()).take(8).collect::<String>().to_lowercase();
    MONEY_MARKS.iter().any(|mark| {
        next.strip_prefix(mark)
            .is_some_and(|after| !mark.starts_with(char::is_alphabetic) || !after.starts_with(char::is_alphabetic))
    })
}

/// `1,430.50`, `1 430,50` and `1430` in hundredths; `None` for a numeral that is no amount.
fn minor_units(numeral: &str, marked: bool) -> Option<i64> {
    let decimals = numeral.rfind(['.', ',']).filter(|at| matches!(numeral.len() - at - 1, 1 | 2));
    if !marked && decimals.is_none_or(|at| numeral.len() - at != 3) {
        return None;
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let plain = match decimals {
        Some(at) => format!("{}.{}", digits(&numeral[..at]), digits(&numeral[at..])),
        None => digits(numeral),
    };
    plain.parse::<Money>().ok().map(Money::minor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn approval() -> DecisionDocument {
        serde_json::from_value(json!({
            "decision": "approve", "payable_amount": "1430.50", "currency": "EUR", "confidence": 0.9,
            "reason_codes": ["COVERED"], "amount_steps": [{"code": "DEDUCTIBLE_APPLIED", "before": "1830.50", "after": "1430.50"}],
        }))
        .unwrap()
    }

    fn refusal() -> DecisionDocument {
        serde_json::from_value(json!({
            "decision": "deny", "payable_amount": "0.00", "currency": "EUR", "confidence": 0.9, "reason_codes": ["WAITING_PERIOD"],
        }))
        .unwrap()
    }

    #[test]
    fn a_clause_that_the_decision_does_not_rest_on_is_no_agreement() {
        let mut document = refusal();
        document.reasons =
            serde_json::from_value(json!([{"code": "X", "text_en": "", "text_fr": "", "clause": "4.1"}])).unwrap();
        assert!(agrees("The claim is denied under clause 4.1.", &document, &Vocabulary::default()));
        assert!(agrees("La demande est refusée (article 4.1).", &document, &Vocabulary::default()));
        assert!(!agrees("The claim is denied under clause 4.2.", &document, &Vocabulary::default()));
        assert!(!agrees("The claim is denied under Section 9, of the contract.", &document, &Vocabulary::default()));
    }

    #[test]
    fn a_name_that_nobody_told_is_no_agreement() {
        let mut evidence = Vocabulary::default();
        assert!(!agrees("The claim of Anna Berg is approved for 1,430.50 EUR.", &approval(), &evidence));
        evidence.learn("{\"full_name\": \"Anna Berg\"}");
        assert!(agrees("The claim of Anna Berg is approved for 1,430.50 EUR.", &approval(), &evidence));
    }

    #[test]
    fn only_words_that_say_the_same_are_kept() {
        let cases = [
            ("The claim is approved: 1,430.50 EUR after the 400 deductible.", true),
            ("Claim CLM-2026-00101 is approved.", false),
            ("Le sinistre est accordé : 1 430,50 € (1 830,50 € avant franchise).", true),
            ("The claim is approved for €5,000.", false),
            ("The claim is approved, 1430.51 will be paid.", false),
            ("The claim cannot be approved.", false),
            ("The claim is denied.", false),
            ("It is approved but a manual review is advised.", false),
            ("Done.", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(agrees(text, &approval(), &Vocabulary::default()), expected, "{text}");
        }
    }

    #[test]
    fn a_negated_approval_never_explains_a_refusal_as_an_approval() {
        assert!(agrees("La demande est refusée (délai de carence).", &refusal(), &Vocabulary::default()));
        assert!(agrees("The claim was denied.", &refusal(), &Vocabulary::default()));
        assert!(!agrees("The claim cannot be approved, it is denied.", &refusal(), &Vocabulary::default()));
        assert!(!agrees("The claim is approved.", &refusal(), &Vocabulary::default()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = agrees(&text, &approval(), &Vocabulary::default());
        }

        #[test]
        fn numerals_of_any_shape_do_not_panic(text in "[0-9.,€ $-]{0,60}") {
            let _ = amounts_in(&text);
        }
    }
}
