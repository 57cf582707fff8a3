//! Personal data in JSON: a field's name says what its value is.

use serde_json::Value;

use crate::{Detector, Kind};

/// Fields whose whole text is personal, wherever they stand.
const FIELDS: &[(&str, Kind)] = &[
    ("email", Kind::Email),
    ("phone", Kind::Phone),
    ("telephone", Kind::Phone),
    ("iban", Kind::Iban),
    ("nir", Kind::Nir),
    ("date_of_birth", Kind::DateOfBirth),
    ("birth_date", Kind::DateOfBirth),
    ("registration", Kind::Plate),
    ("plate", Kind::Plate),
    ("street", Kind::Address),
    ("postcode", Kind::Address),
    ("address", Kind::Address),
    ("full_name", Kind::Name),
    ("first_name", Kind::Name),
    ("last_name", Kind::Name),
    ("insured_persons", Kind::Name),
];

/// The value with every text redacted. Names of fields, numbers and the shape stay.
pub fn redact_json(detector: &Detector, value: &Value) -> Value {
    redact(detector, value, None)
}

fn redact(detector: &Detector, value: &Value, of: Option<Kind>) -> Value {
    match value {
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(text) => Value::String(match of {
            Some(kind) => format!("[{}]", kind.as_str()),
            None => detector.redact(text),
        }),
        // An account number may be written as a number.
        Value::Number(_) if of.is_some() => Value::Null,
        Value::Array(items) => items.iter().map(|item| redact(detector, item, of)).collect(),
        Value::Object(fields) => {
            let clean = |(name, value): (&String, &Value)| {
                let named = FIELDS.iter().find(|(field, _)| field == name).map(|(_, kind)| *kind);
                // An address's country is no secret; what stands within a list of fields is judged by itself.
                let kind = if value.is_object() { None } else { named };
                (detector.redact(name), redact(detector, value, kind))
            };
            Value::Object(fields.iter().map(clean).collect())
        }
        other => other.clone(),
    }
}
