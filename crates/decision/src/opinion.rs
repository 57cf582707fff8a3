//! An agent's opinion of a claim. It can send a claim to a person, nothing else.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::policy::Policy;
use crate::reference::Outcome;
use crate::texts;

/// What an agent thinks of a claim; every part may be missing or senseless.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Opinion {
    pub decision: Option<String>,
    pub confidence: Option<f64>,
    pub reasoning: Option<String>,
    pub relevant_policies: Vec<String>,
}

/// Whether opinions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpinionRule {
    /// A stricter opinion sends an approval to a person.
    #[default]
    Heed,
    /// Opinions are noted only.
    Note,
}

/// The decision after an opinion was heard, and what it was before if that changed.
#[derive(Debug, Clone)]
pub struct Advised {
    pub decision: Decision,
    pub overridden: Option<Decision>,
}

const AGENT_DISAGREES: &str = "agent_disagrees";

/// Hears an opinion. Only an approval can change, and only into a review; a refusal
/// or a review stays what it is whatever the agent thinks.
pub fn advise(mut decision: Decision, opinion: &Opinion, rule: OpinionRule, policy: &Policy) -> Advised {
    let unheard = |decision| Advised { decision, overridden: None };
    let Some(word) = opinion.decision.as_deref().map(str::trim).filter(|word| !word.is_empty()) else {
        return unheard(decision);
    };
    let Some(opinion) = outcome(word) else {
        decision.notes.push("agent_opinion_not_understood".into());
        return unheard(decision);
    };
    if opinion == decision.outcome {
        return unheard(decision);
    }
    decision.notes.push(AGENT_DISAGREES.into());
    if decision.outcome != Outcome::Approve || rule == OpinionRule::Note {
        return unheard(decision);
    }
    let overridden = decision.clone();
    decision.outcome = Outcome::ManualReview;
    decision.proposed = decision.payable.take();
    decision.explanation = texts::second_look(policy);
    Advised { decision, overridden: Some(overridden) }
}

/// Whole words only: "cannot be approved" is no approval, and not understood.
fn outcome(word: &str) -> Option<Outcome> {
    let word: String = word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    match word.as_str() {
        "approve" | "approved" | "accept" | "accepted" | "accord" => Some(Outcome::Approve),
        "deny" | "denied" | "reject" | "rejected" | "refuse" | "refused" | "refus" => Some(Outcome::Deny),
        "manualreview" | "review" | "revue" | "human" | "humanreview" => Some(Outcome::ManualReview),
        _ => None,
    }
}
