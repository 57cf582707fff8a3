//! Holds a call's arguments to the tool's schema, and mends what small models commonly get wrong.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Number, Value};

/// Errors told to the model about one call, at most: it mends one thing at a time anyway.
const TOLD: usize = 3;
/// Nested values that are mended; deeper ones are only checked.
const DEPTH: usize = 8;

/// `arguments` as the schema wants them; or what is wrong, in words that a model can act on.
///
/// Arguments that fit are left alone. Others are mended where nothing is guessed: a number or a flag written as text,
/// an object or a list written as JSON text, a lone value where a list of such values is wanted, `null` for an optional
/// argument. A schema that is none itself holds nobody up: the tool's server has the last word.
/// The flag says whether anything was mended.
pub fn fitted(schema: &Value, arguments: Map<String, Value>) -> Result<(Map<String, Value>, bool), String> {
    let Some(validator) = validator(schema) else { return Ok((arguments, false)) };
    let given = Value::Object(arguments);
    let fits = validator.is_valid(&given);
    let value = if fits { given } else { mended(schema, given, DEPTH) };
    let mut faults: Vec<String> = Vec::new();
    for error in validator.iter_errors(&value).take(TOLD) {
        let place = error.instance_path().to_string();
        let place = place.trim_start_matches('/').replace('/', ".");
        faults.push(if place.is_empty() { error.to_string() } else { format!("{place}: {error}") });
    }
    match value {
        Value::Object(object) if faults.is_empty() => Ok((object, !fits)),
        _ => Err(faults.join("; ")),
    }
}

/// Schemas whose validators are kept; when there are more, all are made anew.
const KEPT: usize = 512;

type Validators = HashMap<String, Option<Arc<Validator>>>;

/// The validator of a schema, which takes long to make; `None` where it is no schema.
fn validator(schema: &Value) -> Option<Arc<Validator>> {
    static MADE: LazyLock<Mutex<Validators>> = LazyLock::new(Mutex::default);
    let key = schema.to_string();
    if let Some(made) = MADE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return made.clone();
    }
    let made = jsonschema::validator_for(schema).ok().map(Arc::new);
    let mut all = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= KEPT {
        all.clear();
    }
    all.insert(key, made.clone());
    made
}

fn mended(schema: &Value, value: Value, depth: usize) -> Value {
    if depth == 0 {
        return value;
    }
    match value {
        Value::Object(object) => Value::Object(mended_object(schema, object, depth)),
        Value::Array(list) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            Value::Array(list.into_iter().map(|item| mended(items, item, depth - 1)).collect())
        }
        other => retyped(schema, other, depth),
    }
}

fn mended_object(schema: &Value, object: Map<String, Value>, depth: usize) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|it| it == name))
    };
    let mut kept = Map::new();
    for (name, value) in object {
        let Some(property) = properties.and_then(|properties| properties.get(&name)) else {
            kept.insert(name, value);
            continue;
        };
        if value.is_null() && !allows(property, "null") && !required(&name) {
            continue;
        }
        let value = match value {
            single if allows(property, "array") && !single.is_array() && !single.is_string() => {
                Value::Array(vec![single])
            }
            other => other,
        };
        kept.insert(name, mended(property, value, depth - 1));
    }
    kept
}

/// A scalar under another of the types that the schema allows, where the text says which value is meant.
fn retyped(schema: &Value, value: Value, depth: usize) -> Value {
    match &value {
        Value::String(text) if !allows(schema, "string") => from_text(schema, text, depth).unwrap_or(value),
        Value::Number(number)
            if allows(schema, "string") && !allows(schema, "number") && !allows(schema, "integer") =>
        {
            Value::String(number.to_string())
        }
        Value::Number(number) if allows(schema, "integer") && !allows(schema, "number") => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => Value::Number(Number::from(whole as i64)),
            _ => value,
        },
        _ => value,
    }
}

fn from_text(schema: &Value, text: &str, depth: usize) -> Option<Value> {
    let text = text.trim();
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    match parsed {
        Some(value @ Value::Number(_)) if allows(schema, "number") => Some(value),
        Some(value @ Value::Number(_)) if allows(schema, "integer") => Some(retyped(schema, value, depth)),
        Some(value @ Value::Bool(_)) if allows(schema, "boolean") => Some(value),
        Some(value @ Value::Object(_)) if allows(schema, "object") => Some(mended(schema, value, depth - 1)),
        Some(value @ Value::Array(_)) if allows(schema, "array") => Some(mended(schema, value, depth - 1)),
        _ if allows(schema, "boolean") => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        _ if allows(schema, "array") => Some(Value::Array(vec![Value::String(text.to_owned())])),
        _ => None,
    }
}

/// Whether the schema names this type itself. One that names none (`anyOf`, `$ref`, `enum`) is left to the validator.
fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(many)) => many.iter().any(|one| one == kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "claim_id": {"type": "string"},
                "top_k": {"type": "integer", "minimum": 1},
                "share": {"type": "number"},
                "urgent": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "filter": {"type": "object", "properties": {"year": {"type": "integer"}}},
                "kind": {"enum": ["a", "b"]},
            },
            "required": ["claim_id"],
            "additionalProperties": false,
        })
    }

    fn fit(arguments: Value) -> Result<Value, String> {
        fitted(&schema(), arguments.as_object().cloned().unwrap_or_default()).map(|(fits, _)| Value::Object(fits))
    }

    #[test]
    fn common_slips_are_mended() {
        for (given, meant) in [
            (json!({"claim_id": "c", "top_k": "5"}), json!({"claim_id": "c", "top_k": 5})),
            (json!({"claim_id": "c", "top_k": "5.0"}), json!({"claim_id": "c", "top_k": 5})),
            (json!({"claim_id": 77}), json!({"claim_id": "77"})),
            (json!({"claim_id": "c", "share": " 0.5 "}), json!({"claim_id": "c", "share": 0.5})),
            (json!({"claim_id": "c", "urgent": "True"}), json!({"claim_id": "c", "urgent": true})),
            (json!({"claim_id": "c", "tags": "x"}), json!({"claim_id": "c", "tags": ["x"]})),
            (json!({"claim_id": "c", "tags": "[\"x\",1]"}), json!({"claim_id": "c", "tags": ["x", "1"]})),
            (
                json!({"claim_id": "c", "filter": "{\"year\": \"26\"}"}),
                json!({"claim_id": "c", "filter": {"year": 26}}),
            ),
            (json!({"claim_id": "c", "top_k": null}), json!({"claim_id": "c"})),
        ] {
            assert_eq!(fit(given.clone()), Ok(meant), "{given}");
        }
    }

    #[test]
    fn what_fits_is_left_alone() {
        let given = json!({"claim_id": "5", "share": 2, "tags": [], "kind": "b"});
        assert_eq!(fit(given.clone()), Ok(given));
    }

    #[test]
    fn what_cannot_be_mended_is_said_with_its_place() {
        for (given, said) in [
            (json!({}), "claim_id"),
            (json!({"claim_id": "c", "top_k": "many"}), "top_k"),
            (json!({"claim_id": "c", "top_k": 0}), "top_k"),
            (json!({"claim_id": "c", "kind": "c"}), "kind"),
            (json!({"claim_id": "c", "more": 1}), "more"),
            (json!({"claim_id": null}), "claim_id"),
        ] {
            let error = fit(given.clone()).expect_err("a fault");
            assert!(error.contains(said), "{given}: {error}");
        }
    }

    #[test]
    fn a_schema_that_is_none_holds_nobody_up() {
        let arguments = json!({"x": 1}).as_object().cloned().unwrap_or_default();
        assert!(fitted(&json!({"type": 7}), arguments).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn mending_never_panics_and_what_passes_is_valid(text in "\\PC{0,12}", number: f64, flag: bool) {
            for value in [json!(text), json!(number), json!(flag), json!([text]), json!({"year": text})] {
                for name in ["claim_id", "top_k", "share", "urgent", "tags", "filter", "kind"] {
                    let mut arguments = Map::from_iter([("claim_id".to_owned(), json!("c"))]);
                    arguments.insert(name.to_owned(), value.clone());
                    if let Ok((fits, _)) = fitted(&schema(), arguments) {
                        let valid = jsonschema::is_valid(&schema(), &Value::Object(fits));
                        proptest::prop_assert!(valid);
                    }
                }
            }
        }
    }
}
