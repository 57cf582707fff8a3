//! `make_final_decision`: by reference, or on facts in the call.

use mcp_server::evidence::{EvidenceClient, NewEvidence};
use serde_json::Value;

use super::DecisionTools;
use super::arguments::Call;
use super::failure::ToolFailure;
use crate::evidence::read_claim;
use crate::explicit;
use crate::inputs::{DecisionInputs, KIND};
use crate::opinion::Opinion;
use crate::report::DecisionReport;

/// Longest reasoning of an agent that is kept, in characters.
const LONGEST_REASONING: usize = 2_000;
const MOST_POLICIES: usize = 20;

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
        let (mut inputs, evidence) = DecisionInputs::of(reading, kept(call.opinion), self.opinion, &self.policy);
        if call.user_id.is_some() && call.user_id != inputs.intake.user_id {
            inputs.notes.push("user_id_ignored".into());
        }
        if call.given.get("claim").is_some_and(Value::is_object) {
            inputs.notes.push("given_facts_ignored".into());
        }
        let mut report = inputs.decide(evidence, &self.policy)?;
        let Some(run) = run else {
            report.notes.push("not_recorded".into());
            return Ok(report);
        };
        let report = record(client, claim_id, run, &inputs, report).await?;
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
        let opinion = kept(call.opinion.clone());
        Ok(DecisionReport::on(&facts.intake.claim_id, &facts, &opinion, self.opinion, &self.policy))
    }
}

/// Records what the report rests on, then the report. When the same evidence was decided before, that decision is the
/// answer.
async fn record(
    client: &EvidenceClient,
    claim_id: &str,
    run: &str,
    inputs: &DecisionInputs,
    report: DecisionReport,
) -> Result<DecisionReport, ToolFailure> {
    let payload = serde_json::to_value(inputs).unwrap_or_default();
    let basis = NewEvidence { kind: KIND, tool: "make_final_decision", payload: &payload, confidence: None };
    match client.record(claim_id, run, &basis).await {
        Err(error) if error.is_transient() => client.record(claim_id, run, &basis).await,
        answer => answer,
    }?;
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

/// As much of an opinion as is kept.
fn kept(opinion: Opinion) -> Opinion {
    let shortened = |text: String| -> String { text.chars().take(LONGEST_REASONING).collect() };
    Opinion {
        decision: opinion.decision.map(shortened),
        confidence: opinion.confidence,
        reasoning: opinion.reasoning.map(shortened),
        relevant_policies: opinion.relevant_policies.into_iter().take(MOST_POLICIES).map(shortened).collect(),
    }
}
