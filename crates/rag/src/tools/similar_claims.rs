//! `retrieve_similar_claims`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Retrieval;
use super::arguments::SimilarClaimsArguments;
use super::failure::ToolFailure;
use super::similarity::{Availability, Search, Similarity, search};
use crate::claim::Claim;
use crate::duplicates::{Duplicate, Loss, Reason};
use crate::records::{PastClaim, text};
use crate::redact::Redactor;
use crate::reference::{ByKey, Keys};
use crate::shelf::Hit;

pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("claim_description", "claim_text"),
    ("description", "claim_text"),
    ("query", "claim_text"),
    ("limit", "top_k"),
    ("k", "top_k"),
    ("threshold", "min_similarity"),
    ("text", "claim_text"),
    ("user", "user_id"),
    ("customer_id", "user_id"),
];

/// Records by key shown to a model, newest first; the evidence has all.
const SHOWN_BY_KEY: usize = 5;
const PRODUCTS: [&str; 5] = ["auto", "home", "health", "travel", "life"];

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SimilarClaims {
    pub success: bool,
    /// Best first, refused ones among them.
    pub similar_claims: Vec<SimilarClaim>,
    pub total_found: usize,
    /// How the similar claims ended: outcome and count.
    pub outcome_mix: BTreeMap<String, usize>,
    pub by_key: KeyedClaims,
    /// Past claims that may be this one told again, with the reasons.
    pub duplicates: Vec<Duplicate>,
    pub search_params: SearchParams,
    #[serde(flatten)]
    pub found_by: Similarity,
    /// Where the whole finding was written; null when no run is named or no claims service is configured.
    pub evidence_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct SimilarClaim {
    pub claim_number: String,
    pub claim_text: String,
    /// Cosine where similarity is available, else how well the words match, both at most 1.
    pub similarity_score: f32,
    /// approve, deny or manual_review.
    pub outcome: String,
    pub product: String,
    pub peril: String,
    /// Decimal text, in the currency of the contract.
    pub payable_amount: Option<String>,
    /// Currency of the claimed amount.
    pub currency: Option<String>,
    pub incident_date: Option<String>,
}

/// Past claims that share a key with this one: for duplicates, frequency and annual limits.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct KeyedClaims {
    pub same_user: Vec<KeyedClaim>,
    pub same_contract: Vec<KeyedClaim>,
    pub same_invoice: Vec<KeyedClaim>,
    /// How many there are of each; lists are cut to the newest five.
    pub counts: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KeyedClaim {
    pub claim_number: String,
    pub product: String,
    pub peril: String,
    pub incident_date: Option<String>,
    pub outcome: String,
    pub claimed_amount: Option<String>,
    pub currency: Option<String>,
    pub payable_amount: Option<String>,
    pub invoice_number: Option<String>,
    /// True when another user claimed it; who that is is not told.
    pub other_user: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SearchParams {
    pub product: Option<String>,
    pub peril: Option<String>,
    pub top_k: usize,
    pub min_similarity: f32,
    /// False when words alone decided: their scores are not comparable with cosines.
    pub min_similarity_applied: bool,
    /// `arguments` or `document`.
    pub text_from: &'static str,
}

/// What is searched, and the keys to look up.
struct Wanted {
    text: String,
    text_from: &'static str,
    product: Option<String>,
    peril: Option<String>,
    keys: Keys,
    incident_date: Option<Date>,
    /// A claim is no precedent of itself.
    not: Option<String>,
}

impl Retrieval {
    pub(crate) async fn similar_claims(
        &self,
        arguments: SimilarClaimsArguments,
        run: Option<&str>,
    ) -> Result<SimilarClaims, ToolFailure> {
        let claim = self.claim(&arguments.claim_id).await?;
        let wanted = wanted(&arguments, claim.as_ref())?;
        let holder = match &wanted.keys.user_id {
            Some(user_id) => self.library.reference.user(user_id).await?,
            None => None,
        };
        let mut by_key = self.library.reference.by_key(&wanted.keys).await?;
        by_key.leave_out(wanted.not.as_deref());
        let redactor = holder.map(|holder| holder.redactor()).unwrap_or_default();
        let mut found = self.nearest(&wanted, &redactor, &arguments).await;
        found.by_key = shown(&by_key, &wanted);
        found.duplicates = duplicates(&by_key, &wanted, &redactor, &found.similar_claims);
        if let Some(claim) = &claim {
            let mut complete = json!(found);
            complete["by_key"] = complete_by_key(by_key, &wanted);
            found.evidence_id =
                self.record(claim, run, ("similar_claims", "retrieve_similar_claims"), &complete).await?;
        }
        Ok(found)
    }

    async fn nearest(&self, wanted: &Wanted, redactor: &Redactor, arguments: &SimilarClaimsArguments) -> SimilarClaims {
        let corpus = self.library.corpus();
        let text = redactor.redact(&wanted.text);
        let same = |own: &str, wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| own == wanted);
        let keep = |past: &PastClaim| {
            same(&past.product, &wanted.product)
                && same(&past.peril, &wanted.peril)
                && wanted.not.as_deref() != Some(&past.claim_number)
        };
        // Claims of one peril are precedents of each other however they are told; across perils words must decide.
        let fill = wanted.peril.is_some();
        let asked = Search { text: &text, limit: arguments.top_k, min_similarity: arguments.min_similarity, fill };
        let (hits, found_by) = match (text.is_empty(), self.library.unreadable()) {
            (true, _) => (Vec::new(), Similarity::unavailable("the document has no text to search with")),
            (_, Some(reason)) if corpus.claims.items.is_empty() => (Vec::new(), Similarity::unavailable(reason)),
            _ => search(&self.library, &corpus.claims, asked, keep).await,
        };
        let similar: Vec<SimilarClaim> = hits.iter().map(|hit| similar(hit, redactor)).collect();
        let mut outcome_mix = BTreeMap::new();
        for claim in &similar {
            *outcome_mix.entry(claim.outcome.clone()).or_default() += 1;
        }
        SimilarClaims {
            success: true,
            total_found: similar.len(),
            similar_claims: similar,
            outcome_mix,
            by_key: KeyedClaims::default(),
            duplicates: Vec::new(),
            search_params: SearchParams {
                product: wanted.product.clone(),
                peril: wanted.peril.clone(),
                top_k: arguments.top_k,
                min_similarity: arguments.min_similarity,
                min_similarity_applied: found_by.similarity == Availability::Available,
                text_from: wanted.text_from,
            },
            found_by,
            evidence_id: None,
        }
    }
}

fn wanted(arguments: &SimilarClaimsArguments, claim: Option<&Claim>) -> Result<Wanted, ToolFailure> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let document = claim.and_then(|claim| claim.document.as_ref());
    let (text, text_from) = match (given(&arguments.claim_text), document) {
        (Some(text), _) => (text, "arguments"),
        (None, Some(document)) => (document.story.clone(), "document"),
        (None, None) if claim.is_some() => {
            return Err(ToolFailure {
                code: "document_not_read",
                message: "claim_text: this claim's document has not been read yet; call ocr_document first".into(),
            });
        }
        (None, None) => return Err(ToolFailure::argument("claim_text: must not be empty without a claim_id")),
    };
    let own_user = claim.and_then(|claim| claim.intake.user_id.clone());
    if let (Some(own), Some(other)) = (&own_user, given(&arguments.user_id))
        && *own != other
    {
        let message = format!("user_id: must be {own}, the user who submitted this claim");
        return Err(ToolFailure { code: "user_mismatch", message });
    }
    let hint = Some(arguments.claim_type.to_lowercase()).filter(|hint| PRODUCTS.contains(&hint.as_str()));
    let product = given(&arguments.product).or_else(|| document.and_then(|document| document.product.clone())).or(hint);
    let peril = given(&arguments.peril).or_else(|| document.and_then(|document| document.peril.clone()));
    let read =
        |field: fn(&crate::claim::DocumentFacts) -> &Option<String>| document.and_then(|facts| field(facts).clone());
    let keys = Keys {
        user_id: own_user.or_else(|| given(&arguments.user_id)),
        contract_number: given(&arguments.contract_number).or_else(|| read(|facts| &facts.contract_number)),
        invoice_number: given(&arguments.invoice_number).or_else(|| read(|facts| &facts.invoice_number)),
        provider_name: given(&arguments.provider_name).or_else(|| read(|facts| &facts.provider_name)),
    };
    let lower = |text: String| text.to_lowercase();
    let not = claim.and_then(|claim| claim.intake.claim_number.clone());
    let incident_date = document.and_then(|document| document.incident_date).or(arguments.incident_date);
    Ok(Wanted { text, text_from, product: product.map(lower), peril: peril.map(lower), keys, incident_date, not })
}

fn duplicates(by_key: &ByKey, wanted: &Wanted, redactor: &Redactor, similar: &[SimilarClaim]) -> Vec<Duplicate> {
    let story = redactor.redact(&wanted.text);
    let loss = Loss {
        user_id: wanted.keys.user_id.as_deref(),
        peril: wanted.peril.as_deref(),
        incident_date: wanted.incident_date,
        story: &story,
    };
    let mut found = Vec::new();
    for past in &by_key.same_invoice {
        loss.note(&mut found, past, Reason::Invoice);
    }
    for past in by_key.same_user.iter().filter(|past| loss.same_loss(past)) {
        loss.note(&mut found, past, Reason::Loss);
    }
    let own: Vec<&str> = by_key.same_user.iter().filter_map(|past| past.get("claim_number")?.as_str()).collect();
    for past in similar.iter().filter(|past| loss.same_story(&past.claim_text)) {
        let mine = own.contains(&past.claim_number.as_str()).then_some(loss.user_id).flatten();
        let record = json!({"claim_number": past.claim_number, "user_id": mine, "decision": past.outcome});
        loss.note(&mut found, &record, Reason::Story);
    }
    found
}

fn similar(hit: &Hit<'_, PastClaim>, redactor: &Redactor) -> SimilarClaim {
    let past = hit.item;
    SimilarClaim {
        claim_number: past.claim_number.clone(),
        claim_text: redactor.redact(&past.story),
        similarity_score: (hit.similarity * 1_000.0).round() / 1_000.0,
        outcome: past.decision.clone(),
        product: past.product.clone(),
        peril: past.peril.clone(),
        payable_amount: past.payable_amount.clone(),
        currency: past.currency.clone(),
        incident_date: past.incident_date.clone(),
    }
}

/// Records of the keys that belong to this claim's user; an invoice may be anybody's.
fn mine<'a>(records: &'a [Value], wanted: &'a Wanted) -> impl Iterator<Item = &'a Value> {
    let user = wanted.keys.user_id.as_deref();
    records.iter().filter(move |record| user.is_none() || record.get("user_id").and_then(Value::as_str) == user)
}

fn shown(by_key: &ByKey, wanted: &Wanted) -> KeyedClaims {
    let same_user: Vec<&Value> = mine(&by_key.same_user, wanted).collect();
    let same_contract: Vec<&Value> = mine(&by_key.same_contract, wanted).collect();
    let same_invoice: Vec<&Value> = by_key.same_invoice.iter().collect();
    let counts = BTreeMap::from([
        ("same_user", same_user.len()),
        ("same_contract", same_contract.len()),
        ("same_invoice", same_invoice.len()),
    ]);
    let keyed = |records: Vec<&Value>| {
        let mut keyed: Vec<KeyedClaim> = records.into_iter().filter_map(|record| keyed(record, wanted)).collect();
        keyed.sort_by(|a, b| b.incident_date.cmp(&a.incident_date));
        keyed.truncate(SHOWN_BY_KEY);
        keyed
    };
    KeyedClaims {
        same_user: keyed(same_user),
        same_contract: keyed(same_contract),
        same_invoice: keyed(same_invoice),
        counts,
    }
}

fn keyed(record: &Value, wanted: &Wanted) -> Option<KeyedClaim> {
    let fields = record.as_object()?;
    let owner = text(fields, "user_id");
    Some(KeyedClaim {
        claim_number: text(fields, "claim_number")?,
        product: text(fields, "product").unwrap_or_default(),
        peril: text(fields, "peril").unwrap_or_default(),
        incident_date: text(fields, "incident_date"),
        outcome: text(fields, "decision").unwrap_or_default(),
        claimed_amount: text(fields, "claimed_amount"),
        currency: text(fields, "currency"),
        payable_amount: text(fields, "payable_amount"),
        invoice_number: text(fields, "invoice_number"),
        other_user: wanted.keys.user_id.is_some() && owner != wanted.keys.user_id,
    })
}

/// Whole records for the claims service and the decision; stories are left out.
fn complete_by_key(by_key: ByKey, wanted: &Wanted) -> Value {
    let bare = |record: &Value| {
        let mut record = record.clone();
        if let Some(fields) = record.as_object_mut() {
            fields.remove("text");
        }
        record
    };
    let same_user: Vec<Value> = mine(&by_key.same_user, wanted).map(bare).collect();
    let same_contract: Vec<Value> = mine(&by_key.same_contract, wanted).map(bare).collect();
    let same_invoice: Vec<Value> = by_key.same_invoice.iter().map(bare).collect();
    json!({"same_user": same_user, "same_contract": same_contract, "same_invoice": same_invoice})
}
