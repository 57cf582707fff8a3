//! What a token or a provider says of somebody, as a caller with attributes.

use identity::claim_of;
use ports::access::{Attributes, Caller, Principal};
use ports::auth::AuthError;
use serde_json::{Map, Value};

use super::config::Mapping;

/// The caller of this name, with the attributes that the mapping finds.
pub fn caller(name: &str, claims: &Map<String, Value>, mapping: &Mapping) -> Result<Caller, AuthError> {
    named(name, attributes(claims, mapping))
}

pub fn named(name: &str, attributes: Attributes) -> Result<Caller, AuthError> {
    Principal::new(name, attributes).map(Caller::from).map_err(|error| AuthError::Rejected(error.to_string()))
}

/// A claim is a list of texts, or one text whose words are the values. Two claims may fill one attribute.
fn attributes(claims: &Map<String, Value>, mapping: &Mapping) -> Attributes {
    let mut attributes = Attributes::new();
    for (claim, attribute) in mapping {
        let values: Vec<String> = match claim_of(claims, claim) {
            Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => continue,
        };
        let held: &mut Vec<String> = attributes.entry(attribute.clone()).or_default();
        for value in values {
            if !held.contains(&value) {
                held.push(value);
            }
        }
    }
    attributes.retain(|_, values| !values.is_empty());
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_become_attributes() {
        let claims = json!({
            "sub": "u-1", "groups": ["red", "blue", 7], "scope": "read write", "team": "red", "n": 3,
            "realm_access": {"roles": ["admin"]}, "https://x.y/role": "dev", "empty": [],
        });
        let mapping: Mapping = serde_json::from_value(json!({
            "sub": "roles", "realm_access.roles": "roles", "groups": "teams", "team": "teams", "scope": "projects",
            "https://x.y/role": "namespaces", "n": "ranks", "empty": "none", "absent.deep": "none",
        }))
        .expect("a mapping");
        let caller = caller("u-1", claims.as_object().expect("claims"), &mapping).expect("a caller");
        let expected = json!({
            "roles": ["admin", "u-1"], "teams": ["red", "blue"], "projects": ["read", "write"], "namespaces": ["dev"],
        });
        assert_eq!(serde_json::to_value(&caller.attributes).expect("attributes"), expected);
    }
}
