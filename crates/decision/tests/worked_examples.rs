//! The worked examples of the policy, with their complete inputs.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use samples::{Expected, check, json_file};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Example {
    example: String,
    expected: Expected,
}

#[test]
fn every_worked_example_is_decided_as_written() {
    let examples = json_file("policy_examples.json");
    let mut failures = Vec::new();
    let examples = examples.as_array().unwrap();
    for source in examples {
        let example: Example = serde_json::from_value(source.clone()).unwrap();
        let facts = decision::explicit::facts(source).unwrap();
        let name = format!("example {}", example.example);
        failures.extend(check(&name, &facts, &example.expected, None));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(examples.len(), 29);
}

#[test]
fn a_bad_fact_is_named() {
    let examples = json_file("policy_examples.json");
    for (path, value, named) in [
        ("/claim/claimed_amount", Value::from("NaN"), "claim.claimed_amount"),
        ("/claim/claimed_amount", Value::from(1e308), "claim.claimed_amount"),
        ("/claim/incident_date", Value::from("2026-02-30"), "claim.incident_date"),
        ("/claim/items/0/amount", Value::from("Infinity"), "claim.items[0].amount"),
        ("/claim/currency", Value::from("euro"), "claim.currency"),
        ("/claim/received_date", Value::from("yesterday"), "received_date"),
        ("/contracts/0/product", Value::from("boat"), "contracts[0].product"),
        ("/fx_rates/0/2", Value::from("much"), "parameters.fx_rates[0]"),
    ] {
        let mut source = examples[0].clone();
        *source.pointer_mut(path).unwrap() = value;
        let error = decision::explicit::facts(&source).unwrap_err();
        assert!(error.field.starts_with(named), "{path}: {error}");
    }
}
