//! `retrieve_user_info`.

use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::Retrieval;
use super::arguments::UserInfoArguments;
use super::contract_view::{brief, mention, whole};
use super::failure::ToolFailure;
use super::similarity::{Search, Similarity, search};
use crate::claim::{Claim, DocumentFacts};
use crate::clauses::clauses;
use crate::records::{Contract, JsonObject, Policyholder, Profile};
use crate::shelf::Shelf;
use crate::vocabulary::words_of;

pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("limit", "top_k"),
    ("k", "top_k"),
    ("question", "query"),
    ("user", "user_id"),
    ("customer_id", "user_id"),
    ("on", "date"),
    ("as_of", "date"),
    ("incident_date", "date"),
    ("at", "date"),
];

const MAX_CLAUSES: usize = 5;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserInfo {
    pub success: bool,
    /// False when nobody has this user_id; everything else is then empty.
    pub user_found: bool,
    pub user: Option<Profile>,
    /// Why there is nothing, when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The user's own contracts. With evidence_id, terms that do not matter for the claim are left out.
    pub contracts: Vec<JsonObject>,
    pub total_contracts: usize,
    /// Numbers of the contracts in force on in_force_on.
    pub in_force: Vec<String>,
    /// Day of the incident, else of receipt, else the date that was asked for; null without any of them.
    pub in_force_on: Option<String>,
    /// Clauses nearest to the query, best first.
    pub clauses: Vec<ClauseFound>,
    #[serde(flatten)]
    pub found_by: Similarity,
    /// Where the whole finding was written; null when no run is named or no claims service is configured.
    pub evidence_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct ClauseFound {
    pub contract_number: String,
    /// Number to cite, e.g. 4.1.
    pub clause: String,
    pub text: String,
    pub score: f32,
    /// First and one past the last character of the clause in the contract's full text.
    pub span: (usize, usize),
}

impl Retrieval {
    pub(crate) async fn user_info(
        &self,
        arguments: UserInfoArguments,
        run: Option<&str>,
    ) -> Result<UserInfo, ToolFailure> {
        let claim = self.claim(&arguments.claim_id).await?;
        let user_id = user_of(&arguments.user_id, claim.as_ref())?;
        let holder = self.library.reference.user(&user_id).await?;
        let mut info = match &holder {
            None => unknown(),
            Some(holder) => self.found(holder, claim.as_ref(), &arguments).await,
        };
        let Some(claim) = &claim else { return Ok(info) };
        let complete = json!(info);
        info.evidence_id = self.record(claim, run, ("policyholder", "retrieve_user_info"), &complete).await?;
        if let (Some(holder), Some(_), false) = (&holder, &info.evidence_id, arguments.include_full_text) {
            let document = claim.document.as_ref();
            info.contracts = holder.contracts.iter().map(|contract| shown(contract, document)).collect();
        }
        Ok(info)
    }

    async fn found(&self, holder: &Policyholder, claim: Option<&Claim>, arguments: &UserInfoArguments) -> UserInfo {
        // What the claim's own papers say counts: a date that a model was talked into does not.
        let day = claim.and_then(Claim::day).or(arguments.date);
        let contracts = &holder.contracts;
        let in_force: Vec<String> = contracts
            .iter()
            .filter(|contract| day.is_some_and(|day| contract.in_force(day)))
            .map(|contract| contract.number.clone())
            .collect();
        let document = claim.and_then(|claim| claim.document.as_ref());
        let (clauses, found_by) = self.clauses(holder, &in_force, document, arguments).await;
        UserInfo {
            success: true,
            user_found: true,
            user: Some(holder.profile.clone()),
            message: None,
            total_contracts: contracts.len(),
            contracts: contracts.iter().map(|contract| whole(contract, arguments.include_full_text)).collect(),
            in_force,
            in_force_on: day.map(|day| day.to_string()),
            clauses,
            found_by,
            evidence_id: None,
        }
    }

    async fn clauses(
        &self,
        holder: &Policyholder,
        in_force: &[String],
        document: Option<&DocumentFacts>,
        arguments: &UserInfoArguments,
    ) -> (Vec<ClauseFound>, Similarity) {
        let redactor = holder.redactor();
        let query = match arguments.query.is_empty() {
            false => arguments.query.clone(),
            true => document.map(query_of).unwrap_or_default(),
        };
        if query.is_empty() {
            return (Vec::new(), Similarity::unavailable("there is neither a query nor a document to search with"));
        }
        let searched = searched(&holder.contracts, in_force, document);
        let found: Vec<ClauseFound> = searched.into_iter().flat_map(clauses_of).collect();
        let shelf = Shelf::new(found, |clause| redactor.redact(&clause.text), |_| String::new());
        self.library.want(&shelf);
        let text = redactor.redact(&query);
        let limit = arguments.top_k.min(MAX_CLAUSES);
        let (hits, found_by) =
            search(&self.library, &shelf, Search { text: &text, limit, min_similarity: -1.0, fill: false }, |_| true)
                .await;
        let rounded = |score: f32| (score * 1_000.0).round() / 1_000.0;
        let clauses = hits.into_iter().map(|hit| ClauseFound { score: rounded(hit.similarity), ..hit.item.clone() });
        (clauses.collect(), found_by)
    }
}

/// The claim's own user counts; another user's data is never given.
fn user_of(given: &str, claim: Option<&Claim>) -> Result<String, ToolFailure> {
    let own = claim.and_then(|claim| claim.intake.user_id.as_deref());
    match (given, own) {
        ("", None) => Err(ToolFailure::argument("user_id: must not be empty")),
        ("", Some(own)) => Ok(own.to_owned()),
        (given, Some(own)) if given != own => Err(ToolFailure {
            code: "user_mismatch",
            message: format!("user_id: must be {own}, the user who submitted this claim"),
        }),
        (given, _) => Ok(given.to_owned()),
    }
}

fn unknown() -> UserInfo {
    UserInfo {
        success: true,
        user_found: false,
        user: None,
        message: Some("no policyholder has this user_id".into()),
        contracts: Vec::new(),
        total_contracts: 0,
        in_force: Vec::new(),
        in_force_on: None,
        clauses: Vec::new(),
        found_by: Similarity::unavailable("there is nothing to search in"),
        evidence_id: None,
    }
}

fn shown(contract: &Contract, document: Option<&DocumentFacts>) -> JsonObject {
    let product = document.and_then(|document| document.product.as_deref());
    let named = document.and_then(|document| document.contract_number.as_deref());
    let other = product.is_some_and(|product| product != contract.product) && named != Some(&contract.number);
    match other {
        true => mention(contract),
        false => brief(contract, document.and_then(|document| document.peril.as_deref())),
    }
}

/// The contracts whose clauses may matter: of the claim's product and in force, else of the product, else all.
fn searched<'a>(contracts: &'a [Contract], in_force: &[String], document: Option<&DocumentFacts>) -> Vec<&'a Contract> {
    let product = document.and_then(|document| document.product.as_deref());
    let of_product: Vec<&Contract> =
        contracts.iter().filter(|contract| product.is_none_or(|product| product == contract.product)).collect();
    let valid: Vec<&Contract> =
        of_product.iter().copied().filter(|contract| in_force.contains(&contract.number)).collect();
    match (valid.is_empty(), of_product.is_empty()) {
        (false, _) => valid,
        (true, false) => of_product,
        (true, true) => contracts.iter().collect(),
    }
}

fn clauses_of(contract: &Contract) -> Vec<ClauseFound> {
    let characters = |byte: usize| contract.full_text[..byte].chars().count();
    let found = clauses(&contract.full_text).into_iter().filter(|clause| !clause.number.is_empty());
    found
        .map(|clause| ClauseFound {
            contract_number: contract.number.clone(),
            span: (characters(clause.span.start), characters(clause.span.end)),
            clause: clause.number,
            text: clause.text,
            score: 0.0,
        })
        .collect()
}

/// What the document says happened, in words a clause might use.
fn query_of(document: &DocumentFacts) -> String {
    let codes = document.peril.iter().chain(&document.circumstances).map(|code| words_of(code));
    let mut parts: Vec<String> = codes.collect();
    parts.push(document.story.clone());
    parts.join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_claims_own_user_counts() {
        let intake = serde_json::from_value(json!({"claim_id": "c", "user_id": "USR-1"})).expect("an intake");
        let claim = Claim { intake, document: None };
        assert_eq!(user_of("", Some(&claim)).as_deref(), Ok("USR-1"));
        assert_eq!(user_of("USR-1", Some(&claim)).as_deref(), Ok("USR-1"));
        assert_eq!(user_of("USR-2", Some(&claim)).map_err(|failure| failure.code), Err("user_mismatch"));
        assert_eq!(user_of("USR-2", None).as_deref(), Ok("USR-2"));
        assert!(user_of("", None).is_err());
    }

    #[test]
    fn a_value_that_is_not_there_takes_no_room() {
        let record = json!({"contract_number": "C", "product": "auto", "annual_limit": null, "suspensions": [],
            "coverages": [{"peril": "theft", "limit": 10, "police_report_required": true, "depreciation": null},
                          {"peril": "fire", "limit": 5}],
            "exclusions": [{"code": "ALCOHOL", "clause": "4.1", "text": "x"}]});
        let user = json!({"user_id": "U"});
        let holder = Policyholder::read(user.as_object().expect("an object"), &[record]).expect("a user");
        let shown: Value = brief(&holder.contracts[0], Some("theft")).into();
        assert_eq!(
            shown,
            json!({"contract_number": "C", "product": "auto",
                   "coverage": {"peril": "theft", "limit": 10, "police_report_required": true},
                   "covered_perils": ["theft", "fire"], "exclusion_codes": ["ALCOHOL"]})
        );
    }
}
