//! Shortens a tool result to what a small context can afford, keeping its shape.
//!
//! The whole result stays in the response item; only the model's copy shrinks, and it says where something was left
//! out.

use serde_json::{Map, Value};

/// How much of each part survives, from generous to stingy.
const LEVELS: [(usize, usize, usize); 5] = [(5, 20, 2_000), (4, 8, 400), (3, 4, 160), (2, 2, 80), (1, 1, 48)];

/// `text` within `budget` characters. JSON is thinned by depth, list length and string length; other text is cut.
pub fn compact(text: &str, budget: usize) -> String {
    if text.chars().count() <= budget {
        return text.to_owned();
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return cut(text, budget) };
    for (depth, items, characters) in LEVELS {
        let thin = thinned(&value, depth, items, characters).to_string();
        if thin.chars().count() <= budget {
            return thin;
        }
    }
    cut(&thinned(&value, 1, 1, 48).to_string(), budget)
}

fn thinned(value: &Value, depth: usize, items: usize, characters: usize) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, characters)),
        Value::Array(list) if depth == 0 && !list.is_empty() => Value::String(format!("[{} items]", list.len())),
        Value::Array(list) => {
            let mut kept: Vec<Value> =
                list.iter().take(items).map(|item| thinned(item, depth - 1, items, characters)).collect();
            if list.len() > items {
                kept.push(Value::String(format!("[{} more]", list.len() - items)));
            }
            Value::Array(kept)
        }
        Value::Object(object) if depth == 0 && !object.is_empty() => Value::String("{…}".into()),
        Value::Object(object) => {
            let kept: Map<String, Value> = object
                .iter()
                .filter(|(_, value)| !empty(value))
                .map(|(key, value)| (key.clone(), thinned(value, depth - 1, items, characters)))
                .collect();
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

fn cut(text: &str, budget: usize) -> String {
    let total = text.chars().count();
    if total <= budget {
        return text.to_owned();
    }
    let kept: String = text.chars().take(budget).collect();
    format!("{kept}… [{} more characters]", total - budget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_short_result_is_left_alone() {
        assert_eq!(compact("{\"a\": 1}", 100), "{\"a\": 1}");
    }

    #[test]
    fn scalars_survive_and_long_parts_shrink() {
        let pages: Vec<Value> = (0..200).map(|page| json!({"page": page, "text": "x".repeat(500)})).collect();
        let whole = json!({"success": true, "amount": "1430.50", "none": null, "pages": pages}).to_string();
        let short = compact(&whole, 400);
        assert!(short.chars().count() <= 400, "{short}");
        assert!(short.contains("\"amount\":\"1430.50\"") && !short.contains("none"), "{short}");
    }

    proptest::proptest! {
        #[test]
        fn never_longer_than_the_budget_and_its_note(text in ".{0,400}", budget in 1usize..200) {
            proptest::prop_assert!(compact(&text, budget).chars().count() <= budget + 32);
        }
    }
}
