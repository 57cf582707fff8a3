//! Kubernetes drops fields it does not know, or warns; here they are errors.

use serde_json::{Map, Value, json};

const MAPS: [&str; 3] = ["properties", "$defs", "patternProperties"];
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Closes every object of `schema` that lists its fields.
pub fn close(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    for value in keywords.iter_mut().filter(|(name, _)| MAPS.contains(&name.as_str())).map(|(_, value)| value) {
        value.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(close);
    }
    for value in keywords.iter_mut().filter(|(name, _)| LISTS.contains(&name.as_str())).map(|(_, value)| value) {
        value.as_array_mut().into_iter().flatten().for_each(close);
    }
    for value in keywords.iter_mut().filter(|(name, _)| SINGLE.contains(&name.as_str())).map(|(_, value)| value) {
        close(value);
    }
    if says(keywords, "x-kubernetes-int-or-string") {
        keywords.insert("type".into(), json!(["integer", "string"]));
    }
    let open = says(keywords, "x-kubernetes-preserve-unknown-fields") || keywords.contains_key("additionalProperties");
    if keywords.contains_key("properties") && !open {
        keywords.insert("additionalProperties".into(), Value::Bool(false));
    }
}

fn says(keywords: &Map<String, Value>, name: &str) -> bool {
    keywords.get(name) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_listed_fields_are_closed_at_every_depth() {
        let mut schema = json!({
            "properties": {
                "labels": {"additionalProperties": {"type": "string"}},
                // A field that is called like a keyword is a field.
                "items": {"items": {"properties": {"a": {}}}},
                "free": {"properties": {}, "x-kubernetes-preserve-unknown-fields": true},
                "port": {"x-kubernetes-int-or-string": true},
            },
        });
        close(&mut schema);
        let valid = |value: Value| jsonschema::is_valid(&schema, &value);
        assert!(valid(json!({"labels": {"any": "x"}, "items": [{"a": 1}], "free": {"b": 1}, "port": "http"})));
        assert!(!valid(json!({"lables": {}})));
        assert!(!valid(json!({"items": [{"b": 1}]})));
        assert!(!valid(json!({"port": true})));
    }
}
