//! Arguments as models write them: other servers' names, `null` for nothing, texts
//! and numbers mixed up.

use rmcp::model::JsonObject;
use rmcp::schemars;
use schemars::JsonSchema;
use serde_json::Value;

use super::failure::ToolFailure;
use crate::opinion::Opinion;

const LONGEST_ID: usize = 200;

/// What a model is told it can pass when claims are decided by reference.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct WithReference {
    /// Identifier of the claim to decide.
    claim_id: String,
    /// Identifier of the policyholder; may be left out.
    user_id: Option<String>,
    /// Your own opinion: approve, deny or manual_review. Leave it out unless you have a reason to doubt the evidence.
    decision: Option<String>,
    /// How sure you are of your opinion, 0 to 1.
    confidence: Option<f64>,
    /// Why you hold that opinion.
    reasoning: Option<String>,
    /// Policy articles your opinion rests on.
    relevant_policies: Option<Vec<String>>,
    /// Also return every check with its inputs.
    include_trace: Option<bool>,
}

/// What can be passed when the server stands alone.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct WithFacts {
    /// Facts of the document: claimant_name, client_ref, contract_number, product, peril, incident_date,
    /// incident_country, claimed_amount, currency, items and the others of the policy. ISO dates, decimal amounts.
    claim: JsonObject,
    /// How the document was read: readable, kind (claim or other), ocr_confidence, injection.
    document: JsonObject,
    /// Account that submitted the claim.
    user_id: String,
    /// ISO date on which the claim was received.
    received_date: String,
    claim_id: Option<String>,
    claim_number: Option<String>,
    /// Users with user_id and full_name.
    users: Option<Vec<JsonObject>>,
    /// Contracts with their structured terms.
    contracts: Option<Vec<JsonObject>>,
    /// Past decided claims.
    history: Option<Vec<JsonObject>>,
    /// fx_rates [[month, currency, rate]], provider_watchlist, public_holidays.
    parameters: Option<JsonObject>,
    /// Nearest past claims with outcome and similarity_score.
    similar_claims: Option<Vec<JsonObject>>,
    /// Your own opinion: approve, deny or manual_review. Leave it out unless you have a reason to doubt the evidence.
    decision: Option<String>,
    /// How sure you are of your opinion, 0 to 1.
    confidence: Option<f64>,
    /// Why you hold that opinion.
    reasoning: Option<String>,
    /// Policy articles your opinion rests on.
    relevant_policies: Option<Vec<String>>,
}

/// A call, read.
#[derive(Debug)]
pub(super) struct Call {
    pub claim_id: Option<String>,
    pub user_id: Option<String>,
    pub opinion: Opinion,
    pub include_trace: bool,
    /// The arguments as they came; they hold the facts when the server stands alone.
    pub given: Value,
}

impl Call {
    /// Only `claim_id` can be wrong here: an opinion that makes no sense is no opinion.
    pub(super) fn read(given: JsonObject) -> Result<Self, ToolFailure> {
        let text = |name: &str| given.get(name).and_then(plain).filter(|text| !text.is_empty());
        let claim_id = text("claim_id");
        if given.get("claim_id").is_some_and(|id| !id.is_null()) && claim_id.is_none() {
            return Err(ToolFailure::argument("claim_id: must be the identifier of a claim"));
        }
        if claim_id.as_ref().is_some_and(|id| id.chars().count() > LONGEST_ID) {
            return Err(ToolFailure::argument("claim_id: must not be longer than 200 characters"));
        }
        let policies = given.get("relevant_policies").and_then(Value::as_array);
        let opinion = Opinion {
            decision: text("decision").or_else(|| text("recommendation")),
            confidence: given.get("confidence").and_then(Value::as_f64).filter(|share| (0.0..=1.0).contains(share)),
            reasoning: text("reasoning"),
            relevant_policies: policies.into_iter().flatten().filter_map(plain).collect(),
        };
        let include_trace =
            given.get("include_trace").and_then(plain).is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
        Ok(Self { claim_id, user_id: text("user_id"), opinion, include_trace, given: Value::Object(given) })
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
