//! The decision policy, and the MCP tool that applies it.
//!
//! [`decide`] is the whole policy: a pure function from [`ClaimFacts`] and a
//! [`Policy`] to a [`Decision`] that explains itself. It reads no clock and opens
//! nothing; a language model has no part in it.

mod amount;
mod calendar;
mod codes;
mod confidence;
mod contract;
mod currency;
mod decision;
mod duplicates;
mod evidence;
pub mod explicit;
pub mod facts;
mod findings;
mod flags;
mod gates;
mod inputs;
mod integrity;
mod late_notice;
mod money;
mod names;
mod opinion;
mod peril;
mod policy;
mod reference;
mod referrals;
mod refusals;
mod report;
mod selection;
mod service;
mod texts;
mod tool;

pub use amount::AmountStep;
pub use calendar::{Basis, Holidays};
pub use codes::{ReasonCode, Tier};
pub use contract::{
    CategoryLimit, Contract, Coverage, Deductible, Depreciation, Exclusion, InsuredObject, LateNoticeTerms, Notice,
    NoticeStart, Suspension,
};
pub use currency::{Currency, RateRow, Rates};
pub use decision::{Decision, Reason, decide};
pub use facts::ClaimFacts;
pub use findings::{CheckOutcome, Datum, Finding, Money};
pub use inputs::{KIND as INPUTS_KIND, ReplayError, replay};
pub use opinion::{Advised, Opinion, OpinionRule, advise};
pub use peril::{Peril, Product};
pub use policy::{Policy, PolicyError};
pub use reference::{Outcome, Parameters, PastClaim, Precedent, User};
pub use report::{AgentOpinion, DecisionReport, ReportedCheck, ReportedReason, ReportedStep, RuleResult};
pub use service::{DecisionConfig, StartError, service, tools};
pub use texts::Text;
pub use tool::DecisionTools;
