//! Confidence (indice de confiance), section 10, and diverging precedents, section 9.

use std::cmp::Reverse;

use rust_decimal::Decimal;

use crate::facts::{ClaimFacts, Field, Share};
use crate::gates::{document_confidence, weakest_field};
use crate::money;
use crate::policy::Policy;
use crate::reference::{Outcome, Precedent};
use crate::selection::Loss;

/// How well the facts were read, before precedents: `0..=1`, two decimals.
pub fn of_reading(facts: &ClaimFacts, policy: &Policy) -> Decimal {
    let thresholds = &policy.parameters;
    let mut confidence = document_confidence(facts);
    if let Some((_, share)) = weakest_field(facts, policy) {
        confidence = confidence.min(share.value());
    }
    if facts.document.inferred {
        confidence = confidence.min(thresholds.inferred_fact_confidence);
    }
    if !facts.claim.states(Field::ContractNumber) {
        confidence = money::times(confidence, thresholds.unnamed_contract_factor);
    }
    rounded(confidence)
}

/// Lowered when precedents diverge. Only shown: the decision keeps its outcome,
/// because precedents never change one.
pub fn lowered(confidence: Decimal, policy: &Policy) -> Decimal {
    rounded(confidence - policy.parameters.precedent_penalty)
}

/// Whether most of the nearest claims of the same product and peril had another
/// outcome. Precedents without a product or peril are taken as the search gave them.
pub fn precedents_diverge(facts: &ClaimFacts, loss: &Loss<'_>, outcome: Outcome, policy: &Policy) -> bool {
    let same_kind = |precedent: &&Precedent| {
        precedent.product.is_none_or(|product| product == loss.product)
            && precedent.peril.is_none_or(|peril| peril == loss.peril)
    };
    let mut nearest: Vec<&Precedent> = facts.precedents.iter().filter(same_kind).collect();
    // Stable: equal scores keep the order of the search.
    nearest.sort_by_key(|precedent| Reverse(precedent.similarity));
    nearest.truncate(policy.parameters.precedents_compared);
    let others = nearest.iter().filter(|precedent| precedent.outcome != outcome).count();
    others >= policy.parameters.precedents_for_divergence.max(1)
}

fn rounded(confidence: Decimal) -> Decimal {
    money::round(Share::new(confidence).value())
}
