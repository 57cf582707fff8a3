//! What a decision by reference was taken on: kept beside it, so that it can be taken again years later.

use mcp_server::evidence::{Evidence, EvidenceSet, Intake};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::evidence::{GatherError, Reading, gather};
use crate::opinion::{Opinion, OpinionRule};
use crate::policy::Policy;
use crate::report::DecisionReport;

/// Under which kind the claims service keeps it.
pub const KIND: &str = "decision_inputs";
const FINDINGS: [&str; 3] = ["document", "policyholder", "similar_claims"];

/// Everything but the findings themselves, which are evidence of their own and named by their digest, and the policy,
/// which is named by its version and digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecisionInputs {
    pub intake: Intake,
    pub user: Option<Value>,
    pub history: Vec<Value>,
    pub parameters: Value,
    pub findings: Vec<FindingRef>,
    pub opinion: Opinion,
    pub opinion_rule: OpinionRule,
    /// About the call itself.
    pub notes: Vec<String>,
    pub policy_version: String,
    pub policy_sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRef {
    pub kind: String,
    pub sha256: String,
}

/// Why a decision cannot be taken again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the inputs are not in the expected form: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("it was taken by policy {version} ({sha256}), not by the one at hand ({at_hand})")]
    OtherPolicy { version: String, sha256: String, at_hand: String },
    #[error("the {kind} finding {sha256} is missing")]
    Missing { kind: String, sha256: String },
    #[error("{0}")]
    Facts(String),
}

impl DecisionInputs {
    /// The inputs and the findings that they name.
    pub fn of(reading: Reading, opinion: Opinion, opinion_rule: OpinionRule, policy: &Policy) -> (Self, EvidenceSet) {
        let Reading { intake, evidence, user, history, parameters } = reading;
        let latest = FINDINGS.iter().filter_map(|kind| evidence.latest(kind));
        let findings = latest.map(|found| FindingRef { kind: found.kind.clone(), sha256: found.sha256.clone() });
        let findings = findings.collect();
        let (policy_version, policy_sha256) = (policy.version.clone(), policy.sha256.clone());
        let notes = Vec::new();
        let inputs = Self {
            intake,
            user,
            history,
            parameters,
            findings,
            opinion,
            opinion_rule,
            notes,
            policy_version,
            policy_sha256,
        };
        (inputs, evidence)
    }

    /// The decision that these inputs and findings give. A pure function: the same again gives the same report.
    pub fn decide(&self, evidence: EvidenceSet, policy: &Policy) -> Result<DecisionReport, GatherError> {
        let reading = Reading {
            intake: self.intake.clone(),
            evidence,
            user: self.user.clone(),
            history: self.history.clone(),
            parameters: self.parameters.clone(),
        };
        let gathered = gather(&reading, &policy.version)?;
        let claim_id = &self.intake.claim_id;
        let mut report = DecisionReport::on(claim_id, &gathered.facts, &self.opinion, self.opinion_rule, policy);
        report.notes.extend(gathered.notes);
        report.notes.extend(self.notes.iter().cloned());
        report.evidence_sha256 = gathered.sha256;
        Ok(report)
    }
}

/// Takes a decision again: `inputs` as they were kept, with the payloads of all findings of its run.
///
/// # Errors
/// Another policy, a finding that is missing, or inputs that are damaged.
pub fn replay(inputs: &Value, findings: &[Value], policy: &Policy) -> Result<Value, ReplayError> {
    let inputs: DecisionInputs = serde_json::from_value(inputs.clone())?;
    if inputs.policy_sha256 != policy.sha256 {
        return Err(ReplayError::OtherPolicy {
            version: inputs.policy_version,
            sha256: inputs.policy_sha256,
            at_hand: policy.sha256.clone(),
        });
    }
    let known = findings.iter().map(|found| serde_json::from_value::<Evidence>(found.clone()));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let named = |one: &FindingRef| known.iter().find(|found| found.kind == one.kind && found.sha256 == one.sha256);
    let mut evidence = Vec::new();
    for one in &inputs.findings {
        let missing = || ReplayError::Missing { kind: one.kind.clone(), sha256: one.sha256.clone() };
        evidence.push(named(one).ok_or_else(missing)?.clone());
    }
    let set = EvidenceSet { claim_id: inputs.intake.claim_id.clone(), run_id: None, evidence };
    let report = inputs.decide(set, policy).map_err(|error| ReplayError::Facts(error.to_string()))?;
    Ok(serde_json::to_value(report)?)
}
