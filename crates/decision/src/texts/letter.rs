//! The decision as a letter to the claimant, in plain text.

use super::format::{amount, clause};
use super::{Language, Text, filled};
use crate::amount::AmountStep;
use crate::decision::Decision;
use crate::findings::{Datum, Inputs};
use crate::policy::Policy;
use crate::reference::Outcome;

/// Width of the table of amounts, in characters.
const WIDTH: usize = 64;

/// Subject, explanation, the steps of the amount where something is paid, the clauses it rests on, and what the claimant
/// can do. `claim` is the claim's reference.
pub fn letter(claim: &str, decision: &Decision, policy: &Policy) -> Text {
    Text {
        en: written(claim, decision, policy, Language::English),
        fr: written(claim, decision, policy, Language::French),
    }
}

fn written(claim: &str, decision: &Decision, policy: &Policy, language: Language) -> String {
    let texts = policy.letter();
    let clauses = clauses(decision);
    let mut inputs: Inputs = vec![("claim", Datum::Text(claim.to_owned()))];
    inputs.extend(decision.contract_number.clone().map(|number| ("contract", Datum::Text(number))));
    inputs.push(("clauses", Datum::Prose(clause(&clauses, language))));
    let text = |text| filled(language.of(text), &inputs, language, policy);

    let explanation = match language {
        Language::English => &decision.explanation.en,
        Language::French => &decision.explanation.fr,
    };
    let mut parts = vec![text(&texts.subject), text(&texts.greeting), explanation.clone()];
    if decision.outcome == Outcome::Approve && decision.amount_steps.len() > 1 {
        let rows = decision.amount_steps.iter().map(|step| row(step, policy, language));
        let rows: Vec<String> = std::iter::once(text(&texts.amounts)).chain(rows).collect();
        parts.push(rows.join("\n"));
    }
    let decided = decision.outcome != Outcome::ManualReview;
    if decided && !clauses.is_empty() && decision.contract_number.is_some() {
        parts.push(text(&texts.clauses));
    }
    parts.push(text(if decided { &texts.contest } else { &texts.waiting }));
    parts.push(text(&texts.closing));
    parts.join("\n\n") + "\n"
}

/// `  deductible (clause 3.2)                     €1,430.50`: what is left after the step.
fn row(step: &AmountStep, policy: &Policy, language: Language) -> String {
    let key = step.code.map_or("claimed", |code| code.as_str());
    let label = policy.label(key).map_or(key, |label| language.of(label));
    let rests = step.clause.iter().filter(|clause| is_clause(clause)).cloned().collect::<Vec<_>>();
    let label = match rests.is_empty() {
        true => label.to_owned(),
        false => format!("{label} ({})", clause(&rests, language)),
    };
    let left = amount(&step.after, language);
    let gap = WIDTH.saturating_sub(label.chars().count() + left.chars().count()).max(2);
    format!("  {label}{:gap$}{left}", "")
}

/// Each clause once, in the order of the reasons.
fn clauses(decision: &Decision) -> Vec<String> {
    let mut clauses: Vec<String> = Vec::new();
    for clause in decision.reasons.iter().filter_map(|reason| reason.clause.as_ref()) {
        if is_clause(clause) && !clauses.contains(clause) {
            clauses.push(clause.clone());
        }
    }
    clauses
}

/// A numbered clause; a reason may also rest on a field of the contract, which a claimant cannot look up.
fn is_clause(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}
