//! The labelled sample claims: true facts in, expected decision out.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use samples::{Expected, check, json_lines, rows};
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
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(labels.len(), 69);
}
