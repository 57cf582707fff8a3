//! The words of claims handling. No I/O, no HTTP, no SQL.

mod audit;
mod claim;
mod decision;
mod evidence;
mod explanation;
mod ids;
mod money;
mod names;
mod question;
mod review;
mod run;
mod status;

pub use audit::{AuditDecision, AuditEvent, AuditFile, AuditFinding, AuditStep, FORMAT, digest, step_digest};
pub use claim::{Claim, DecisionBrief, DocumentInfo, MAX_FILENAME_CHARS, NewClaim, media_type_of};
pub use decision::{DecisionDocument, DecisionRecord, DecisionSource, InvalidDecision, Outcome, Reason};
pub use evidence::{Evidence, InvalidEvidence, NewEvidence};
pub use explanation::{agrees, amounts_in, outcomes_in};
pub use ids::{ClaimId, InvalidId, RunId, fresh_id};
pub use money::{InvalidAmount, Money};
pub use names::Vocabulary;
pub use question::Question;
pub use review::{Act, Review, ReviewAction, ReviewRefusal, ReviewState, ReviewTask, Reviewer, judge};
pub use run::{Run, RunOptions, RunState, Step, StepKind, StepStatus};
pub use status::{ClaimEvent, ClaimStatus};

/// The two languages a user reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Fr,
}

impl Language {
    /// From a language tag; everything that is not French reads English.
    pub fn of_tag(tag: &str) -> Self {
        if tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("fr")) { Self::Fr } else { Self::En }
    }
}
