//! Attribute filters: comparisons under `and` and `or`.

use std::cmp::Ordering;

use serde_json::Value;
use wire::JsonObject;
use wire::openai::vector_stores::{Comparison, Filter};

const DEEPEST: usize = 8;
const MOST: usize = 64;

/// Whether the filter is small enough to be asked of every chunk.
pub fn check(filter: &Filter) -> Result<(), String> {
    let mut left = MOST;
    count(filter, DEEPEST, &mut left)
}

fn count(filter: &Filter, depth: usize, left: &mut usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("filters may be nested {DEEPEST} deep"));
    }
    *left = left.checked_sub(1).ok_or_else(|| format!("filters may hold {MOST} comparisons"))?;
    match filter {
        Filter::And { filters } | Filter::Or { filters } => {
            filters.iter().try_for_each(|filter| count(filter, depth - 1, left))
        }
        Filter::In(comparison) | Filter::Nin(comparison) if !comparison.value.is_array() => {
            Err(format!("the value for '{}' must be a list", comparison.key))
        }
        _ => Ok(()),
    }
}

/// Whether `attributes` pass. A missing attribute equals nothing and is in no list.
pub fn passes(filter: &Filter, attributes: &JsonObject) -> bool {
    let ordered = |it: &Comparison| attributes.get(&it.key).and_then(|value| order(value, &it.value));
    let listed = |it: &Comparison| {
        let list = it.value.as_array().map(Vec::as_slice).unwrap_or_default();
        attributes.get(&it.key).is_some_and(|value| list.iter().any(|other| same(value, other)))
    };
    let equal = |it: &Comparison| attributes.get(&it.key).is_some_and(|value| same(value, &it.value));
    match filter {
        Filter::Eq(it) => equal(it),
        Filter::Ne(it) => !equal(it),
        Filter::Gt(it) => ordered(it) == Some(Ordering::Greater),
        Filter::Gte(it) => matches!(ordered(it), Some(Ordering::Greater | Ordering::Equal)),
        Filter::Lt(it) => ordered(it) == Some(Ordering::Less),
        Filter::Lte(it) => matches!(ordered(it), Some(Ordering::Less | Ordering::Equal)),
        Filter::In(it) => listed(it),
        Filter::Nin(it) => !listed(it),
        Filter::And { filters } => filters.iter().all(|filter| passes(filter, attributes)),
        Filter::Or { filters } => filters.iter().any(|filter| passes(filter, attributes)),
    }
}

/// `1` and `1.0` are the same.
fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn comparisons_and_their_unions() {
        let attributes = json!({"region": "eu", "year": 2024, "open": true});
        let attributes = attributes.as_object().unwrap();
        let cases = [
            (json!({"type": "eq", "key": "region", "value": "eu"}), true),
            (json!({"type": "eq", "key": "year", "value": 2024.0}), true),
            (json!({"type": "eq", "key": "none", "value": null}), false),
            (json!({"type": "ne", "key": "none", "value": "x"}), true),
            (json!({"type": "gt", "key": "year", "value": 2023}), true),
            (json!({"type": "gte", "key": "year", "value": 2024}), true),
            (json!({"type": "lt", "key": "year", "value": 2024}), false),
            (json!({"type": "lte", "key": "region", "value": "fr"}), true),
            (json!({"type": "gt", "key": "region", "value": 1}), false),
            (json!({"type": "in", "key": "region", "value": ["us", "eu"]}), true),
            (json!({"type": "nin", "key": "region", "value": ["us", "eu"]}), false),
            (
                json!({"type": "and", "filters": [{"type": "eq", "key": "open", "value": true},
                {"type": "or", "filters": [{"type": "eq", "key": "year", "value": 1}]}]}),
                false,
            ),
        ];
        for (filter, expected) in cases {
            let filter: Filter = serde_json::from_value(filter.clone()).unwrap();
            assert_eq!((check(&filter), passes(&filter, attributes)), (Ok(()), expected), "{filter:?}");
        }
        let list: Filter = serde_json::from_value(json!({"type": "in", "key": "a", "value": 1})).unwrap();
        assert!(check(&list).is_err());
    }
}
