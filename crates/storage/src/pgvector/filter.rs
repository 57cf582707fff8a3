//! Attribute filters as conditions on a `jsonb` column. Keys and values are bound, never written into the SQL.

use serde_json::Value;
use wire::openai::vector_stores::{Comparison, Filter};

/// Texts for `$1`, `$2` and so on.
#[derive(Default)]
pub struct Binds(pub Vec<String>);

impl Binds {
    pub fn add(&mut self, text: impl Into<String>) -> String {
        self.0.push(text.into());
        format!("cast(${} as text)", self.0.len())
    }
}

/// True or false for every row, never null: a missing attribute equals nothing and is in no list.
pub fn condition(filter: &Filter, binds: &mut Binds) -> String {
    match filter {
        Filter::Eq(it) => equal(it, &it.value, binds),
        Filter::Ne(it) => format!("not {}", equal(it, &it.value, binds)),
        Filter::Gt(it) => ordered(it, ">", binds),
        Filter::Gte(it) => ordered(it, ">=", binds),
        Filter::Lt(it) => ordered(it, "<", binds),
        Filter::Lte(it) => ordered(it, "<=", binds),
        Filter::In(it) => listed(it, binds),
        Filter::Nin(it) => format!("not {}", listed(it, binds)),
        Filter::And { filters } => joined(filters, " and ", "true", binds),
        Filter::Or { filters } => joined(filters, " or ", "false", binds),
    }
}

fn joined(filters: &[Filter], word: &str, none: &str, binds: &mut Binds) -> String {
    let parts: Vec<String> = filters.iter().map(|filter| condition(filter, binds)).collect();
    if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
}

/// PostgreSQL holds no text with a zero in it, so none equals one.
fn unheld(it: &Comparison, value: &Value) -> bool {
    it.key.contains('\0') || value.to_string().contains("\\u0000")
}

fn equal(it: &Comparison, value: &Value, binds: &mut Binds) -> String {
    if unheld(it, value) {
        return "false".into();
    }
    let (key, value) = (binds.add(&it.key), binds.add(value.to_string()));
    format!("coalesce(attributes -> {key} = cast({value} as jsonb), false)")
}

fn listed(it: &Comparison, binds: &mut Binds) -> String {
    let list = it.value.as_array().map(Vec::as_slice).unwrap_or_default();
    let parts: Vec<String> = list.iter().map(|value| equal(it, value, binds)).collect();
    if parts.is_empty() { "false".into() } else { format!("({})", parts.join(" or ")) }
}

fn ordered(it: &Comparison, sign: &str, binds: &mut Binds) -> String {
    if unheld(it, &it.value) {
        return "false".into();
    }
    match &it.value {
        Value::String(text) => {
            let (key, text) = (binds.add(&it.key), binds.add(text));
            let held = format!("jsonb_typeof(attributes -> {key}) = 'string'");
            format!("coalesce({held} and (attributes ->> {key}) collate \"C\" {sign} {text}, false)")
        }
        Value::Number(number) => {
            let (key, number) = (binds.add(&it.key), binds.add(number.to_string()));
            let held = format!("jsonb_typeof(attributes -> {key}) = 'number'");
            format!("coalesce({held} and attributes -> {key} {sign} cast({number} as jsonb), false)")
        }
        _ => "false".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_the_caller_is_in_the_sql() {
        let filter = json!({"type": "and", "filters": [
            {"type": "eq", "key": "a' OR 1=1 --", "value": "x'; drop table responses; --"},
            {"type": "nin", "key": "b", "value": ["') or true or ('", 1]}, {"type": "or", "filters": []},
            {"type": "gt", "key": "c\u{0}", "value": 1}, {"type": "lt", "key": "d", "value": "1) or (1"}]});
        let mut binds = Binds::default();
        let sql = condition(&serde_json::from_value(filter).unwrap(), &mut binds);
        for word in ["OR 1=1", "drop", "true", "1) or (1"] {
            assert!(!sql.contains(word), "{sql}");
        }
        assert_eq!(binds.0.len(), 8);
    }
}
