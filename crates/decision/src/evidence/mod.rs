//! Facts by reference: what the claims service holds about a claim.

mod document;
mod reading;

use mcp_server::evidence::{Evidence, EvidenceError, EvidenceSet, Intake};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::explicit::{BadFact, read};
use crate::facts::{ClaimFacts, DocumentKind, Intake as Arrival};
use crate::reference::{Outcome, Parameters, PastClaim, Precedent};
pub use reading::{Reading, read_claim};

/// Longest list of precedents that is looked at.
const MAX_PRECEDENTS: usize = 50;

/// Why a claim cannot be decided yet.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A tool has to be called first; `call` are its arguments.
    #[error("no {kind} evidence for claim {claim_id}: call {tool} with {call} first, then make_final_decision again")]
    Missing { kind: &'static str, claim_id: String, tool: &'static str, call: String },
    /// A tool left something that cannot be used.
    #[error("{kind} evidence of claim {claim_id} cannot be used ({fact}): call {tool} with {call} again")]
    Unusable { kind: &'static str, claim_id: String, fact: Box<BadFact>, tool: &'static str, call: String },
    /// The records of the claims service are not in the expected form.
    #[error("claims service: {0}")]
    Records(BadFact),
    #[error("claim {claim_id} was started anew: this run is over, stop")]
    StaleRun { claim_id: String },
    #[error(transparent)]
    Service(#[from] EvidenceError),
}

/// A claim's facts, what could not be read of them, and the digest of it all.
#[derive(Debug)]
pub struct Gathered {
    pub facts: ClaimFacts,
    pub notes: Vec<String>,
    /// SHA-256 of everything the decision rests on, the policy version included.
    pub sha256: String,
}

/// The kinds of evidence the decision reads, the tool that writes each, its arguments.
struct Source<'a> {
    intake: &'a Intake,
    set: &'a EvidenceSet,
}

impl<'a> Source<'a> {
    fn find(&self, kind: &'static str, tool: &'static str) -> Result<&'a Evidence, GatherError> {
        let found = self.set.latest(kind);
        let failed = |evidence: &&Evidence| evidence.payload.get("success") == Some(&Value::Bool(false));
        found.filter(|evidence| !failed(evidence)).ok_or_else(|| GatherError::Missing {
            kind,
            claim_id: self.intake.claim_id.clone(),
            tool,
            call: self.call(tool),
        })
    }

    fn unusable(&self, kind: &'static str, tool: &'static str, fact: BadFact) -> GatherError {
        let claim_id = self.intake.claim_id.clone();
        GatherError::Unusable { kind, claim_id, fact: Box::new(fact), tool, call: self.call(tool) }
    }

    /// Arguments of a call, as JSON.
    fn call(&self, tool: &str) -> String {
        let mut arguments = serde_json::Map::new();
        arguments.insert("claim_id".into(), self.intake.claim_id.clone().into());
        let named = match tool {
            "ocr_document" => Some(("document_path", &self.intake.document_path)),
            "retrieve_user_info" => Some(("user_id", &self.intake.user_id)),
            _ => None,
        };
        if let Some((name, Some(value))) = named {
            arguments.insert(name.into(), value.clone().into());
        }
        Value::Object(arguments).to_string()
    }
}

/// Puts the facts together. Strict about the shape of what it reads, tolerant about
/// what is absent; a value on the document that makes no sense is noted and sends
/// the claim to a person.
pub fn gather(reading: &Reading, policy_version: &str) -> Result<Gathered, GatherError> {
    let intake = &reading.intake;
    let source = Source { intake, set: &reading.evidence };
    let evidence = source.find("document", "ocr_document")?;
    let read_document =
        document::read_document(&evidence.payload).map_err(|fact| source.unusable("document", "ocr_document", fact))?;
    let quality = &read_document.quality;
    let mut used = vec![evidence];
    let mut notes = read_document.notes;
    let mut precedents = Vec::new();
    // An unreadable or foreign document ends at a gate; nothing else is asked for.
    if quality.readable && quality.kind == DocumentKind::Claim {
        used.push(source.find("policyholder", "retrieve_user_info")?);
        let similar = source.find("similar_claims", "retrieve_similar_claims")?;
        precedents = nearest(&similar.payload)
            .map_err(|fact| source.unusable("similar_claims", "retrieve_similar_claims", fact))?;
        used.push(similar);
    }
    let arrival = arrival(intake).map_err(GatherError::Records)?;
    let (users, contracts) = holder(reading.user.as_ref()).map_err(GatherError::Records)?;
    let facts = ClaimFacts {
        intake: arrival,
        document: read_document.quality,
        claim: read_document.claim,
        users,
        contracts,
        history: history(&reading.history, &mut notes),
        parameters: read::<Parameters>("parameters", &reading.parameters).map_err(GatherError::Records)?,
        precedents,
    };
    Ok(Gathered { facts, notes, sha256: digest(reading, &used, policy_version) })
}

fn arrival(intake: &Intake) -> Result<Arrival, BadFact> {
    let user_id = intake.user_id.clone().filter(|id| !id.trim().is_empty());
    let received = intake.received_date.as_deref().unwrap_or_default();
    Ok(Arrival {
        claim_id: intake.claim_id.clone(),
        claim_number: intake.claim_number.clone(),
        user_id: user_id.ok_or_else(|| BadFact::new("user_id", "must be in the intake"))?,
        received_date: received
            .parse()
            .map_err(|_| BadFact::new("received_date", "must be an ISO date in the intake"))?,
    })
}

/// The user and the contracts of the system of record; nobody when it knows none.
fn holder(user: Option<&Value>) -> Result<(Vec<crate::User>, Vec<crate::Contract>), BadFact> {
    let Some(user) = user else { return Ok((Vec::new(), Vec::new())) };
    let contracts = user.get("contracts").filter(|contracts| !contracts.is_null());
    let contracts = contracts.map_or(Ok(Vec::new()), |contracts| read("user.contracts", contracts))?;
    Ok((vec![read("user", user)?], contracts))
}

/// Past claims, each once. A record this version cannot read is noted by its number
/// and left out.
fn history(records: &[Value], notes: &mut Vec<String>) -> Vec<PastClaim> {
    let mut past: Vec<PastClaim> = Vec::new();
    for record in records {
        let number = record.get("claim_number").and_then(Value::as_str).unwrap_or("without number");
        if past.iter().any(|known| known.claim_number == number) {
            continue;
        }
        match read::<PastClaim>("history", record) {
            Ok(claim) => past.push(claim),
            Err(_) => notes.push(format!("unreadable_past_claim:{number}")),
        }
    }
    past
}

fn nearest(payload: &Value) -> Result<Vec<Precedent>, BadFact> {
    let Some(found) = payload.get("similar_claims").filter(|found| !found.is_null()) else {
        return Ok(Vec::new());
    };
    let found = found.as_array().ok_or_else(|| BadFact::new("similar_claims", "must be a list"))?;
    // Outcomes that nobody decided (pending, withdrawn) are no precedents.
    let decided = found
        .iter()
        .filter(|claim| claim.get("outcome").is_some_and(|outcome| read::<Outcome>("outcome", outcome).is_ok()));
    decided.take(MAX_PRECEDENTS).map(|claim| read("similar_claims", claim)).collect()
}

fn digest(reading: &Reading, used: &[&Evidence], policy_version: &str) -> String {
    let mut sha = Sha256::new();
    let mut part = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_be_bytes());
        sha.update(bytes);
    };
    let intake = &reading.intake;
    for text in
        [Some(&intake.claim_id), intake.claim_number.as_ref(), intake.user_id.as_ref(), intake.received_date.as_ref()]
    {
        part(text.map_or(&[], |text| text.as_bytes()));
    }
    part(policy_version.as_bytes());
    for evidence in used {
        part(evidence.kind.as_bytes());
        if evidence.sha256.is_empty() {
            part(evidence.payload.to_string().as_bytes());
        } else {
            part(evidence.sha256.as_bytes());
        }
    }
    part(reading.user.as_ref().map(ToString::to_string).unwrap_or_default().as_bytes());
    part(reading.parameters.to_string().as_bytes());
    for record in &reading.history {
        part(record.to_string().as_bytes());
    }
    hex::encode(sha.finalize())
}
