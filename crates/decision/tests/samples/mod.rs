//! Sample data of the repository, and the comparison with what is expected.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::sync::LazyLock;

use decision::{ClaimFacts, Policy, decide};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub struct Expected {
    pub decision: String,
    pub payable_amount: Option<Decimal>,
    pub currency: Option<String>,
    pub reason_codes: Vec<String>,
    pub proposed_amount: Option<Decimal>,
    /// Absent from the worked examples.
    #[serde(default)]
    pub contract_number: Option<String>,
}

pub fn text(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let path = root.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn json_file(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

pub fn json_lines(name: &str) -> Vec<Value> {
    text(name).lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rows of a CSV file without quotes, header left out.
pub fn rows(name: &str) -> Vec<Vec<String>> {
    text(name).lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The built-in policy, read once.
pub fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::embedded().unwrap());
    &POLICY
}

/// Differences from what is expected, each as one line.
pub fn check(name: &str, facts: &ClaimFacts, expected: &Expected, contract: Option<&Option<String>>) -> Vec<String> {
    let decision = decide(facts, policy());
    let codes: Vec<String> = decision.reason_codes().iter().map(ToString::to_string).collect();
    let got = |what: &str, got: String, want: String| {
        (got != want).then(|| format!("{name}: {what} is {got}, expected {want}; codes {codes:?}"))
    };
    let amount = |amount: Option<Decimal>| amount.map_or("none".into(), |amount| format!("{amount:.2}"));
    let mut failures = vec![
        got("decision", decision.outcome.as_str().into(), expected.decision.clone()),
        got("payable", amount(decision.payable), amount(expected.payable_amount)),
        got("codes", format!("{codes:?}"), format!("{:?}", expected.reason_codes)),
        got("proposed", amount(decision.proposed), amount(expected.proposed_amount)),
    ];
    if expected.payable_amount.is_some() {
        let currency = decision.currency.as_ref().map(ToString::to_string);
        failures.push(got("currency", format!("{currency:?}"), format!("{:?}", expected.currency)));
    }
    if let Some(contract) = contract {
        failures.push(got("contract", format!("{:?}", decision.contract_number), format!("{contract:?}")));
    }
    for text in [&decision.explanation.en, &decision.explanation.fr] {
        let whole = !text.is_empty() && !text.contains(['{', '}']);
        failures.push((!whole).then(|| format!("{name}: explanation is {text:?}")));
    }
    failures.into_iter().flatten().collect()
}
