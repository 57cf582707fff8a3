//! What a model is shown of a contract. The evidence always has every term.

use serde_json::{Value, json};

use crate::records::{Contract, JsonObject};

/// Every structured term, and the wording when it is asked for.
pub(crate) fn whole(contract: &Contract, full_text: bool) -> JsonObject {
    let mut terms = contract.terms.clone();
    if full_text {
        terms.insert("full_text".into(), json!(contract.full_text));
    }
    terms
}

/// Dates, territory and limits, the cover of `peril` in full and the other perils by name. A small model pays for
/// every word it reads, and nothing is decided from these.
pub(crate) fn brief(contract: &Contract, peril: Option<&str>) -> JsonObject {
    const KEPT: [&str; 12] = [
        "contract_number",
        "product",
        "formula",
        "start_date",
        "end_date",
        "cancelled_on",
        "suspensions",
        "currency",
        "territory",
        "annual_limit",
        "insured_object",
        "late_notice",
    ];
    let mut shown = JsonObject::new();
    for name in KEPT {
        if let Some(value) = contract.terms.get(name).filter(|value| says_something(value)) {
            shown.insert(name.to_owned(), value.clone());
        }
    }
    let coverages = contract.terms.get("coverages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let name = |coverage: &Value| coverage.get("peril").and_then(Value::as_str).map(str::to_owned);
    let perils: Vec<String> = coverages.iter().filter_map(name).collect();
    if let Some(coverage) = coverages.iter().find(|coverage| peril.is_some() && name(coverage).as_deref() == peril) {
        let mut terms = coverage.as_object().cloned().unwrap_or_default();
        terms.retain(|_, value| says_something(value));
        shown.insert("coverage".into(), Value::Object(terms));
    }
    let exclusions = contract.terms.get("exclusions").and_then(Value::as_array).into_iter().flatten();
    let codes: Vec<&Value> = exclusions.filter_map(|exclusion| exclusion.get("code")).collect();
    shown.insert("covered_perils".into(), json!(perils));
    shown.insert("exclusion_codes".into(), json!(codes));
    shown
}

/// Number, product and dates of a contract that is not of the claim's product.
pub(crate) fn mention(contract: &Contract) -> JsonObject {
    const KEPT: [&str; 4] = ["contract_number", "product", "start_date", "end_date"];
    let kept = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), contract.terms.get(*name)?.clone())));
    kept.collect()
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}
