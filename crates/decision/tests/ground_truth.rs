//! The labelled sample claims: true facts in, expected decision out.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use decision::{ClaimFacts, decide};
use samples::{Expected, check, json_lines, policy, rows};
use serde_json::{Map, Value, json};

/// What the OCR tool would have found out about a document that has no facts.
fn document(label: &Value) -> Value {
    let special = label["document"]["special"].as_str();
    let injection = !label["document"]["injection"].is_null();
    match (special, label["document"]["quality"].as_str()) {
        (Some("zero_bytes"), _) => json!({"readable": false, "unreadable_reason": "empty"}),
        (Some("encrypted"), _) => json!({"readable": false, "unreadable_reason": "encrypted"}),
        (Some("huge_page"), _) => json!({"readable": false, "unreadable_reason": "page_too_large"}),
        (Some("blank_page"), _) => json!({"readable": false, "unreadable_reason": "no_text"}),
        (_, Some("poor")) => json!({"readable": true, "kind": "claim", "ocr_confidence": 0.41}),
        _ if label["scenario"] == "not_a_claim" => json!({"readable": true, "kind": "other", "ocr_confidence": 0.99}),
        _ => json!({"readable": true, "kind": "claim", "injection": injection, "ocr_confidence": 0.97}),
    }
}

fn source(label: &Value, intake: &Value, reference: &Map<String, Value>) -> Value {
    let mut source = reference.clone();
    let claim = if label["facts"].is_null() { json!({}) } else { label["facts"].clone() };
    source.insert("claim".into(), claim);
    source.insert("document".into(), document(label));
    for name in ["claim_id", "claim_number", "user_id", "received_date"] {
        source.insert(name.into(), intake[name].clone());
    }
    Value::Object(source)
}

fn reference() -> Map<String, Value> {
    let reference = json!({
        "users": json_lines("reference/users.jsonl"),
        "contracts": json_lines("reference/contracts.jsonl"),
        "history": json_lines("reference/claims_history.jsonl"),
        "parameters": {
            "fx_rates": rows("reference/fx_rates.csv"),
            "provider_watchlist": rows("reference/provider_watchlist.csv").iter().map(|row| &row[0]).collect::<Vec<_>>(),
            "public_holidays": rows("reference/public_holidays.csv"),
        },
    });
    reference.as_object().unwrap().clone()
}

/// The label's own steps: `notice deadline 2026-05-11`, `flags W3`.
fn steps_differ(name: &str, facts: &ClaimFacts, label: &Value) -> Option<String> {
    let decision = decide(facts, policy());
    let input = |check: &[&str], input: &str| {
        let finding = decision.trace.iter().find(|finding| check.contains(&finding.check))?;
        let (_, value) = finding.inputs.iter().find(|(name, _)| *name == input)?;
        let value = serde_json::to_value(value).unwrap();
        let list =
            |list: &Vec<Value>| list.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ");
        value.as_str().map(str::to_owned).or_else(|| value.as_array().map(list)).filter(|text| !text.is_empty())
    };
    let labelled = |prefix: &str| {
        let steps = label["trace"].as_array().unwrap().iter();
        steps.filter_map(|step| step.as_str()?.strip_prefix(prefix)).map(str::to_owned).next()
    };
    let deadline = (input(&["late_notice", "D7", "R3"], "deadline"), labelled("notice deadline "));
    let flags = (input(&["R7"], "flag_ids"), labelled("flags "));
    let same = deadline.0 == deadline.1 && flags.0 == flags.1;
    (!same).then(|| format!("{name}: steps {deadline:?} {flags:?}"))
}

#[test]
fn every_labelled_claim_is_decided_as_labelled() {
    let (labels, intakes) = (json_lines("ground_truth.jsonl"), json_lines("intake.jsonl"));
    let reference = reference();
    let mut failures = Vec::new();
    for label in &labels {
        let intake = intakes.iter().find(|intake| intake["claim_id"] == label["claim_id"]).unwrap();
        let facts = decision::explicit::facts(&source(label, intake, &reference)).unwrap();
        let expected: Expected = serde_json::from_value(label["expected"].clone()).unwrap();
        let name = format!("{} {}", label["claim_id"], label["scenario"]);
        failures.extend(check(&name, &facts, &expected, Some(&expected.contract_number)));
        failures.extend(steps_differ(&name, &facts, label));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(labels.len(), 69);
}
