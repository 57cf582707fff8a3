//! Arguments as models write them: other servers' names for them, numbers as text, `null` for nothing.

use jiff::civil::Date;
use rmcp::schemars;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::failure::ToolFailure;
use crate::records::JsonObject;

const MAX_TEXT: usize = 20_000;

/// Reads `T` from what the model sent. An alias counts when the argument itself is absent; arguments that nobody
/// asked for are ignored.
pub(crate) fn read<T: DeserializeOwned>(mut given: JsonObject, aliases: &[(&str, &str)]) -> Result<T, ToolFailure> {
    given.retain(|_, value| !value.is_null());
    for (alias, name) in aliases {
        if let Some(value) = given.remove(*alias)
            && !given.contains_key(*name)
        {
            given.insert((*name).to_owned(), value);
        }
    }
    let mut track = serde_path_to_error::Track::new();
    let value = Value::Object(given);
    T::deserialize(serde_path_to_error::Deserializer::new(value, &mut track))
        .map_err(|error| ToolFailure::argument(format!("{}: {error}", track.path())))
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct UserInfoArguments {
    /// Identifier of the policyholder who submitted the claim, e.g. USR-1001.
    #[serde(default, deserialize_with = "text")]
    #[schemars(required)]
    pub user_id: String,
    /// Identifier of the claim being worked on.
    #[serde(default, deserialize_with = "text")]
    pub claim_id: String,
    /// Day (YYYY-MM-DD) whose contracts count, when no claim_id is given.
    #[serde(default, deserialize_with = "day")]
    #[schemars(with = "Option<String>")]
    pub date: Option<Date>,
    /// What to look for in the contract clauses; taken from the claim's document when left out.
    #[serde(default, deserialize_with = "text")]
    pub query: String,
    /// Clauses wanted, at most 5 are given.
    #[serde(default = "five", deserialize_with = "count")]
    #[schemars(with = "u32", range(min = 1, max = 50))]
    pub top_k: usize,
    /// Also give each contract's whole wording and every term.
    #[serde(default, deserialize_with = "flag")]
    pub include_full_text: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct SimilarClaimsArguments {
    /// What happened, in the claimant's words; taken from the claim's document when claim_id is given.
    #[serde(default, deserialize_with = "text")]
    pub claim_text: String,
    /// Identifier of the claim being worked on.
    #[serde(default, deserialize_with = "text")]
    pub claim_id: String,
    /// Uploader's hint, used as product when that is not known.
    #[serde(default, deserialize_with = "text")]
    pub claim_type: String,
    /// Only claims of this product: auto, home, health, travel or life.
    #[serde(default, deserialize_with = "text")]
    pub product: String,
    /// Only claims of this peril, e.g. collision, water_damage, dental.
    #[serde(default, deserialize_with = "text")]
    pub peril: String,
    /// Claims wanted.
    #[serde(default = "five", deserialize_with = "count")]
    #[schemars(with = "u32", range(min = 1, max = 50))]
    pub top_k: usize,
    /// Least similarity from 0 to 1; applied when embeddings are available.
    #[serde(default, deserialize_with = "share")]
    #[schemars(range(min = 0, max = 1))]
    pub min_similarity: f32,
    /// For records by key when no claim_id is given.
    #[serde(default, deserialize_with = "text")]
    pub user_id: String,
    #[serde(default, deserialize_with = "text")]
    pub contract_number: String,
    #[serde(default, deserialize_with = "text")]
    pub invoice_number: String,
    #[serde(default, deserialize_with = "text")]
    pub provider_name: String,
    /// Day of the incident (YYYY-MM-DD), to find a claim of the same loss.
    #[serde(default, deserialize_with = "day")]
    #[schemars(with = "Option<String>")]
    pub incident_date: Option<Date>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct KnowledgeArguments {
    /// What to look for in the policy articles.
    #[serde(default, deserialize_with = "text")]
    #[schemars(required)]
    pub query: String,
    #[serde(default = "five", deserialize_with = "count")]
    #[schemars(with = "u32", range(min = 1, max = 50))]
    pub top_k: usize,
    /// Only articles of this category, e.g. notification, coverage, amounts.
    #[serde(default, deserialize_with = "text")]
    pub category: String,
    /// Only articles in this language: fr or en.
    #[serde(default, deserialize_with = "spoken")]
    #[schemars(with = "Option<String>")]
    pub language: Option<String>,
}

fn five() -> usize {
    5
}

fn wrong<E: serde::de::Error>(rule: &str) -> E {
    E::custom(rule)
}

fn text<'de, D: Deserializer<'de>>(given: D) -> Result<String, D::Error> {
    let text = match Value::deserialize(given)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Err(wrong("must be text")),
    };
    match text.chars().count() > MAX_TEXT {
        true => Err(wrong("must not be longer than 20000 characters")),
        false => Ok(text.trim().to_owned()),
    }
}

fn number<'de, D: Deserializer<'de>>(given: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(given)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

fn count<'de, D: Deserializer<'de>>(given: D) -> Result<usize, D::Error> {
    match number(given)? {
        Some(count) if count.fract() == 0.0 && (1.0..=50.0).contains(&count) => Ok(count as usize),
        _ => Err(wrong("must be a whole number from 1 to 50")),
    }
}

fn share<'de, D: Deserializer<'de>>(given: D) -> Result<f32, D::Error> {
    match number(given)? {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(share as f32),
        _ => Err(wrong("must be a number from 0 to 1")),
    }
}

/// Nothing for an empty text.
fn day<'de, D: Deserializer<'de>>(given: D) -> Result<Option<Date>, D::Error> {
    let given = text(given)?;
    if given.is_empty() {
        return Ok(None);
    }
    // A time of day behind the date says nothing more.
    let date = given.get(..10).filter(|_| given.len() == 10 || given.as_bytes()[10] == b'T');
    date.and_then(|date| date.parse().ok()).map(Some).ok_or_else(|| wrong("must be a date written YYYY-MM-DD"))
}

/// Nothing for an empty text.
fn spoken<'de, D: Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    match text(given)?.to_lowercase().get(..2) {
        None => Ok(None),
        Some("fr") => Ok(Some("fr".to_owned())),
        Some("en") => Ok(Some("en".to_owned())),
        Some(_) => Err(wrong("must be fr or en")),
    }
}

fn flag<'de, D: Deserializer<'de>>(given: D) -> Result<bool, D::Error> {
    match Value::deserialize(given)? {
        Value::Bool(flag) => Ok(flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text.is_empty() => Ok(false),
        _ => Err(wrong("must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn similar(given: Value) -> Result<SimilarClaimsArguments, String> {
        let given = given.as_object().expect("an object").clone();
        read(given, super::super::similar_claims::ALIASES).map_err(|failure| failure.message)
    }

    #[test]
    fn other_servers_names_and_sloppy_types_are_understood() {
        let given = json!({"claim_description": " hail ", "limit": "3", "min_similarity": null, "session_id": 4, "claim_id": 17});
        let read = similar(given).expect("readable");
        assert_eq!(
            (read.claim_text.as_str(), read.top_k, read.min_similarity, read.claim_id.as_str()),
            ("hail", 3, 0.0, "17")
        );
        let both =
            similar(json!({"claim_text": "a", "claim_description": "b", "top_k": 2.0, "limit": 9})).expect("readable");
        assert_eq!((both.claim_text.as_str(), both.top_k), ("a", 2));
    }

    #[test]
    fn a_wrong_argument_is_named_with_its_rule() {
        for (given, expected) in [
            (json!({"top_k": 0}), "top_k: must be a whole number from 1 to 50"),
            (json!({"limit": "many"}), "top_k: must be a whole number from 1 to 50"),
            (json!({"min_similarity": 7}), "min_similarity: must be a number from 0 to 1"),
            (json!({"incident_date": "03/05/2026"}), "incident_date: must be a date written YYYY-MM-DD"),
            (json!({"claim_text": ["a"]}), "claim_text: must be text"),
        ] {
            assert_eq!(similar(given).expect_err("refused"), expected);
        }
        let long = similar(json!({"claim_text": "x".repeat(MAX_TEXT + 1)})).expect_err("refused");
        assert!(long.starts_with("claim_text: must not be longer"), "{long}");
    }
}
