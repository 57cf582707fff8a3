//! `make_final_decision`: by reference, or on facts in the call.

use mcp_server::evidence::EvidenceClient;
use serde_json::Value;

use super::DecisionTools;
use super::arguments::Call;
use super::failure::ToolFailure;
use crate::decision::decide;
use crate::evidence::{gather, read_claim};
use crate::explicit;
use crate::facts::ClaimFacts;
use crate::opinion::{Opinion, advise};
use crate::report::{DecisionReport, RuleResult};

/// Longest reasoning of an agent that is kept, in characters.
const LONGEST_REASONING: usize = 2_000;

impl DecisionTools {
    pub(super) async fn decide(&self, call: Call, run: Option<&str>) -> Result<DecisionReport, ToolFailure> {
        match &self.claims {
            Some(client) => self.by_reference(client, call, run).await,
            None => self.on_given_facts(&call),
        }
    }

    /// Reads the evidence, decides, records. The same evidence again gives the decision
    /// that was recorded first, whatever the opinion now is.
    async fn by_reference(
        &self,
        client: &EvidenceClient,
        call: Call,
        run: Option<&str>,
    ) -> Result<DecisionReport, ToolFailure> {
        let claim_id = call.claim_id.as_deref().ok_or_else(|| {
            ToolFailure::argument("claim_id: must be given, with the identifier of the claim to decide")
        })?;
        let reading = read_claim(client, claim_id, run).await?;
        let gathered = gather(&reading, &self.policy.version)?;
        let mut report = self.report(claim_id, &gathered.facts, &call.opinion);
        report.notes.extend(gathered.notes);
        report.evidence_sha256 = gathered.sha256;
        if call.user_id.is_some_and(|user| user != gathered.facts.intake.user_id) {
            report.notes.push("user_id_ignored".into());
        }
        if call.given.get("claim").is_some_and(Value::is_object) {
            report.notes.push("given_facts_ignored".into());
        }
        let Some(run) = run else {
            report.notes.push("not_recorded".into());
            return Ok(report);
        };
        let report = record(client, claim_id, run, report).await?;
        tracing::info!(
            claim.id = claim_id,
            decision.outcome = report.decision,
            decision.codes = report.reason_codes.join(","),
            "claim decided"
        );
        Ok(if call.include_trace { report } else { report.brief() })
    }

    fn on_given_facts(&self, call: &Call) -> Result<DecisionReport, ToolFailure> {
        if call.given.get("claim").is_none_or(Value::is_null) {
            return Err(ToolFailure::argument(
                "claim: must be given, because this server has no claims service to read claim_id from; pass claim, document, user_id, received_date, users, contracts, history and parameters",
            ));
        }
        let facts = explicit::facts(&call.given)?;
        Ok(self.report(&facts.intake.claim_id, &facts, &call.opinion))
    }

    fn report(&self, claim_id: &str, facts: &ClaimFacts, opinion: &Opinion) -> DecisionReport {
        let advised = advise(decide(facts, &self.policy), opinion, self.opinion, &self.policy);
        let reference = facts.intake.claim_number.as_deref().unwrap_or(claim_id);
        let mut report = DecisionReport::new(claim_id, &advised.decision, &self.policy).with_letter(
            reference,
            &advised.decision,
            &self.policy,
        );
        report.rule_result = advised.overridden.map(|rule| RuleResult {
            decision: rule.outcome.as_str().into(),
            payable_amount: rule.payable.map(|amount| format!("{amount:.2}")),
            currency: rule.currency.map(|currency| currency.to_string()),
        });
        report.agent_opinion = opinion.decision.as_ref().map(|decision| crate::report::AgentOpinion {
            decision: shortened(decision),
            confidence: opinion.confidence,
            reasoning: opinion.reasoning.as_deref().map(shortened),
            relevant_policies: opinion.relevant_policies.iter().take(20).map(|text| shortened(text)).collect(),
        });
        report
    }
}

/// Records the report. When the same evidence was decided before, that decision is
/// the answer.
async fn record(
    client: &EvidenceClient,
    claim_id: &str,
    run: &str,
    report: DecisionReport,
) -> Result<DecisionReport, ToolFailure> {
    let body = serde_json::to_value(&report).unwrap_or_default();
    let stored = match client.record_decision(claim_id, run, &body).await {
        // The same decision again is the same record, so one lost answer need not fail the call.
        Err(error) if error.is_transient() => client.record_decision(claim_id, run, &body).await,
        answer => answer,
    }?;
    if stored.created {
        return Ok(report);
    }
    let document = stored.body.get("decision").filter(|inner| inner.is_object()).unwrap_or(&stored.body);
    Ok(serde_json::from_value(document.clone()).unwrap_or(report))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_REASONING).collect()
}
