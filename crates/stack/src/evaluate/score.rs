//! Decisions against the ground truth, by the measures of the data set's own scorer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

use super::claim::Processed;
use super::dataset::lines;

#[derive(Deserialize)]
struct Truth {
    claim_id: String,
    expected: Expected,
    #[serde(default)]
    acceptable_decisions: Vec<String>,
    /// Codes that count as another: the expected one → its substitutes.
    #[serde(default)]
    reason_code_alternatives: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Expected {
    decision: String,
    payable_amount: Option<Value>,
    currency: Option<String>,
    #[serde(default)]
    reason_codes: Vec<String>,
}

/// Counts over the claims that were processed.
#[derive(Debug, Default, PartialEq)]
pub struct Judged {
    claims: usize,
    right: usize,
    /// Right, or one that the picture's quality excuses.
    acceptable: usize,
    wrongful_approvals: Vec<String>,
    wrongful_denials: Vec<String>,
    overpaid: Vec<String>,
    approvable: usize,
    approved: usize,
    exact: usize,
    reasons: Counts,
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    hit: usize,
    extra: usize,
    missed: usize,
}

/// `None` without a `ground_truth.jsonl`.
pub fn judge(folder: &Path, processed: &[Processed]) -> Result<Option<Judged>> {
    let path = folder.join("ground_truth.jsonl");
    if !path.is_file() {
        return Ok(None);
    }
    let truth: Vec<Truth> = lines(&path)?;
    let mut judged = Judged::default();
    for claim in processed {
        if let Some(truth) = truth.iter().find(|truth| truth.claim_id == claim.claim_id) {
            judged.add(truth, claim);
        }
    }
    Ok(Some(judged))
}

impl Judged {
    fn add(&mut self, truth: &Truth, claim: &Processed) {
        let (due, got) = (truth.expected.decision.as_str(), claim.decision.as_deref().unwrap_or_default());
        let right = due == got;
        let excused = truth.acceptable_decisions.iter().any(|decision| decision == got);
        self.claims += 1;
        self.right += usize::from(right);
        self.acceptable += usize::from(right || excused);
        match got {
            "approve" if !right => self.wrongful_approvals.push(claim.claim_id.clone()),
            "deny" if !right => self.wrongful_denials.push(claim.claim_id.clone()),
            _ => {}
        }
        if due == "approve" {
            self.approvable += 1;
            if right {
                self.approved += 1;
                self.pay(&truth.expected, claim);
            }
        }
        self.reasons(truth, claim, right, excused);
    }

    fn pay(&mut self, due: &Expected, claim: &Processed) {
        let currency = claim.currency == due.currency;
        let (due, paid) =
            (due.payable_amount.as_ref().and_then(cents), claim.payable_amount.as_deref().and_then(of_text));
        self.exact += usize::from(currency && paid.is_some() && paid == due);
        if !currency || paid.is_none_or(|paid| due.is_none_or(|due| paid > due)) {
            self.overpaid.push(claim.claim_id.clone());
        }
    }

    fn reasons(&mut self, truth: &Truth, claim: &Processed, right: bool, excused: bool) {
        let due: BTreeSet<&str> = truth.expected.reason_codes.iter().map(String::as_str).collect();
        let mut given: BTreeSet<&str> = claim.reason_codes.iter().map(String::as_str).collect();
        for (code, others) in &truth.reason_code_alternatives {
            if due.contains(code.as_str()) && others.iter().any(|other| given.remove(other.as_str())) {
                given.retain(|given| !others.iter().any(|other| other == given));
                given.insert(code);
            }
        }
        if right {
            self.reasons.hit += due.intersection(&given).count();
            self.reasons.extra += given.difference(&due).count();
            self.reasons.missed += due.difference(&given).count();
        } else if !excused {
            self.reasons.extra += given.len();
            self.reasons.missed += due.len();
        }
    }
}

/// An amount in hundredths, as JSON number or text.
fn cents(amount: &Value) -> Option<i64> {
    match amount {
        Value::Number(number) => Some((number.as_f64()? * 100.0).round() as i64),
        Value::String(text) => of_text(text),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<i64> {
    text.trim().parse::<f64>().ok().filter(|amount| amount.is_finite()).map(|amount| (amount * 100.0).round() as i64)
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: usize, of: usize| if of == 0 { 1.0 } else { part as f64 / of as f64 };
        let Counts { hit, extra, missed } = self.reasons;
        writeln!(f, "beside the ground truth of {} claims", self.claims)?;
        writeln!(
            f,
            "decision accuracy     {:.4} strict, {:.4} lenient",
            share(self.right, self.claims),
            share(self.acceptable, self.claims)
        )?;
        writeln!(f, "wrongful approvals    {} {}", self.wrongful_approvals.len(), self.wrongful_approvals.join(" "))?;
        writeln!(f, "wrongful denials      {} {}", self.wrongful_denials.len(), self.wrongful_denials.join(" "))?;
        writeln!(f, "overpayments          {} {}", self.overpaid.len(), self.overpaid.join(" "))?;
        writeln!(f, "payable exact         {:.4}", share(self.exact, self.approved))?;
        writeln!(f, "approval recall       {:.4}", share(self.approved, self.approvable))?;
        write!(f, "reason F1             {:.4}", share(2 * hit, 2 * hit + extra + missed))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn truth(expected: Value, more: Value) -> Truth {
        let mut line = json!({"claim_id": "C", "expected": expected});
        for (key, value) in more.as_object().into_iter().flatten() {
            line[key] = value.clone();
        }
        serde_json::from_value(line).expect("a line of ground truth")
    }

    fn claim(decision: &str, amount: Option<&str>, codes: &[&str]) -> Processed {
        Processed {
            claim_id: "C".into(),
            decision: Some(decision.into()),
            payable_amount: amount.map(str::to_owned),
            currency: Some("EUR".into()),
            reason_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            ..Processed::default()
        }
    }

    fn judged(truth: &Truth, claim: &Processed) -> Judged {
        let mut judged = Judged::default();
        judged.add(truth, claim);
        judged
    }

    #[test]
    fn amounts_are_compared_to_the_cent() {
        let due = truth(
            json!({"decision": "approve", "payable_amount": 787.92, "currency": "EUR", "reason_codes": ["A"]}),
            json!({}),
        );
        let exact = judged(&due, &claim("approve", Some("787.92"), &["A"]));
        assert_eq!((exact.exact, exact.overpaid.len(), exact.approved), (1, 0, 1));
        let less = judged(&due, &claim("approve", Some("787.91"), &["A"]));
        assert_eq!((less.exact, less.overpaid.len()), (0, 0), "too little is no overpayment");
        assert_eq!(judged(&due, &claim("approve", Some("787.93"), &["A"])).overpaid, ["C"]);
        assert_eq!(judged(&due, &claim("approve", None, &["A"])).overpaid, ["C"], "an approval without an amount");
    }

    #[test]
    fn a_wrong_approval_and_a_wrong_denial_are_named_and_a_review_may_be_excused() {
        let due = truth(
            json!({"decision": "manual_review", "payable_amount": null, "currency": null, "reason_codes": ["R"]}),
            json!({}),
        );
        assert_eq!(judged(&due, &claim("approve", Some("1"), &[])).wrongful_approvals, ["C"]);
        assert_eq!(judged(&due, &claim("deny", None, &[])).wrongful_denials, ["C"]);
        let hard = truth(
            json!({"decision": "deny", "payable_amount": 0, "currency": "EUR", "reason_codes": ["X"]}),
            json!({"acceptable_decisions": ["deny", "manual_review"]}),
        );
        let excused = judged(&hard, &claim("manual_review", None, &["LOW"]));
        assert_eq!((excused.right, excused.acceptable, excused.reasons), (0, 1, Counts::default()));
    }

    #[test]
    fn a_substitute_counts_as_the_code_it_stands_for() {
        let due = truth(
            json!({"decision": "deny", "payable_amount": 0, "currency": "EUR", "reason_codes": ["X", "Y"]}),
            json!({"reason_code_alternatives": {"X": ["X2", "X3"]}}),
        );
        let judged = judged(&due, &claim("deny", None, &["X2", "X3", "Z"]));
        assert_eq!(judged.reasons, Counts { hit: 1, extra: 1, missed: 1 });
    }
}
