//! Reads everything about one claim from the claims service.

use std::collections::BTreeSet;

use mcp_server::evidence::{EvidenceClient, EvidenceError, EvidenceSet, HistoryQuery, Intake};
use serde_json::Value;

use super::GatherError;

/// Most contracts whose past claims are asked for one by one.
const MAX_CONTRACTS: usize = 16;

/// The claims service's records about a claim, as it gave them.
#[derive(Debug)]
pub struct Reading {
    pub intake: Intake,
    pub evidence: EvidenceSet,
    /// With `contracts` and `past_claims`; `None` for an unknown user.
    pub user: Option<Value>,
    /// Past claims of the user, of the user's contracts and with the same invoice;
    /// some may be listed twice.
    pub history: Vec<Value>,
    pub parameters: Value,
}

/// Reads a claim, its evidence and the reference data that the policy needs by key.
/// `run` is checked against the run that the evidence belongs to.
pub async fn read_claim(client: &EvidenceClient, claim_id: &str, run: Option<&str>) -> Result<Reading, GatherError> {
    let (intake, evidence, parameters) =
        tokio::try_join!(client.intake(claim_id), client.evidence(claim_id), client.parameters())?;
    let other_run = evidence.run_id.as_deref().zip(run).is_some_and(|(current, ours)| current != ours);
    if other_run {
        return Err(GatherError::StaleRun { claim_id: claim_id.to_owned() });
    }
    let user = user(client, intake.user_id.as_deref()).await?;
    let mut history = list(user.as_ref(), "past_claims").to_vec();
    for query in queries(&evidence, user.as_ref()) {
        history.extend(client.history_lookup(&query).await?);
    }
    Ok(Reading { intake, evidence, user, history, parameters })
}

async fn user(client: &EvidenceClient, user_id: Option<&str>) -> Result<Option<Value>, EvidenceError> {
    let Some(user_id) = user_id.map(str::trim).filter(|id| !id.is_empty()) else { return Ok(None) };
    match client.user(user_id).await {
        Ok(user) => Ok(Some(user)),
        Err(EvidenceError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// By contract, for the annual limit; by invoice, for invoices of other users.
fn queries(evidence: &EvidenceSet, user: Option<&Value>) -> Vec<HistoryQuery> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let numbers: BTreeSet<String> =
        list(user, "contracts").iter().filter_map(|contract| text(contract, "contract_number")).collect();
    let mut queries: Vec<HistoryQuery> = numbers
        .into_iter()
        .take(MAX_CONTRACTS)
        .map(|number| HistoryQuery { contract_number: Some(number), ..HistoryQuery::default() })
        .collect();
    let document = evidence.latest("document").and_then(|document| document.payload.get("fields"));
    let invoice = document.and_then(|fields| fields.get("invoice_number")).and_then(|field| text(field, "value"));
    // A number without a letter or digit is no key; the service would refuse it.
    if let Some(invoice) = invoice.filter(|invoice| invoice.chars().any(char::is_alphanumeric)) {
        queries.push(HistoryQuery { invoice_number: Some(invoice), ..HistoryQuery::default() });
    }
    queries
}

fn list<'a>(user: Option<&'a Value>, name: &str) -> &'a [Value] {
    user.and_then(|user| user.get(name)).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
