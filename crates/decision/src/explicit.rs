//! Facts given in the call itself, for a server that stands alone.

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::contract::Contract;
use crate::facts::{ClaimFacts, DocumentQuality, Intake, StatedClaim};
use crate::reference::{Parameters, PastClaim, Precedent, User};

/// A fact that cannot be read: where it is and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct BadFact {
    pub field: String,
    pub rule: String,
}

impl BadFact {
    pub(crate) fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }
}

/// Reads facts of the shape `{claim_id?, user_id?, received_date?, claim, document,
/// contracts, users, history, parameters, similar_claims}`.
///
/// `user_id`, `received_date` and `document` may also stand inside `claim`, and the
/// parameters (`fx_rates`, `provider_watchlist`, `public_holidays`) beside it. The
/// claim, the document, the user id and the receipt date are required; lists are
/// empty when absent.
pub fn facts(source: &Value) -> Result<ClaimFacts, BadFact> {
    let top = source.as_object().ok_or_else(|| BadFact::new("facts", "must be a JSON object"))?;
    let claim = top.get("claim").and_then(Value::as_object);
    let claim = claim.ok_or_else(|| BadFact::new("claim", "must be an object with the facts of the document"))?;
    let either = |name: &str| present(top, name).or_else(|| present(claim, name));
    let required = |name: &str, rule: &str| either(name).ok_or_else(|| BadFact::new(name, rule));
    let user_id: String = read("user_id", required("user_id", "must be the account that submitted the claim")?)?;
    let received = required("received_date", "must be the ISO date on which the claim was received")?;
    let document = required("document", "must be an object such as {\"readable\": true, \"kind\": \"claim\"}")?;
    let claim_id = either("claim_id").map(|id| read("claim_id", id)).transpose()?;
    let parameters = match present(top, "parameters") {
        Some(parameters) => read("parameters", parameters)?,
        None => parameters_beside(top)?,
    };
    Ok(ClaimFacts {
        intake: Intake {
            claim_id: claim_id.unwrap_or_default(),
            claim_number: either("claim_number").and_then(Value::as_str).map(str::to_owned),
            user_id,
            received_date: read::<Date>("received_date", received)?,
        },
        document: read::<DocumentQuality>("document", document)?,
        claim: read::<StatedClaim>("claim", &Value::Object(claim.clone()))?,
        users: list::<User>(top, "users")?,
        contracts: list::<Contract>(top, "contracts")?,
        history: list::<PastClaim>(top, "history")?,
        parameters,
        precedents: list::<Precedent>(top, "similar_claims")?,
    })
}

fn present<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    map.get(name).filter(|value| !value.is_null())
}

fn parameters_beside(top: &Map<String, Value>) -> Result<Parameters, BadFact> {
    let names = ["fx_rates", "provider_watchlist", "public_holidays"];
    let found = names.into_iter().filter_map(|name| Some((name.to_owned(), present(top, name)?.clone())));
    read("parameters", &Value::Object(found.collect()))
}

fn list<T: DeserializeOwned>(top: &Map<String, Value>, name: &str) -> Result<Vec<T>, BadFact> {
    present(top, name).map_or(Ok(Vec::new()), |value| read(name, value))
}

/// Reads a value of a known shape; the error names the place inside it.
pub(crate) fn read<'de, T: Deserialize<'de>>(name: &str, value: &'de Value) -> Result<T, BadFact> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = match path.as_str() {
            "." => name.to_owned(),
            inner if inner.starts_with('[') => format!("{name}{inner}"),
            inner => format!("{name}.{inner}"),
        };
        BadFact::new(field, error.into_inner().to_string())
    })
}
