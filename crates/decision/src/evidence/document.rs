//! The OCR tool's result as facts.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::currency::Currency;
use crate::explicit::{BadFact, read};
use crate::facts::{Conflict, DocumentKind, DocumentQuality, Field, Item, Share, StatedClaim};
use crate::money;
use crate::peril::{Peril, Product};

/// More items than this are not a claim that a machine should settle.
const MAX_ITEMS: usize = 500;

#[derive(Debug)]
pub(super) struct ReadDocument {
    pub quality: DocumentQuality,
    pub claim: StatedClaim,
    /// `unreadable_value:<field>` for values that make no sense.
    pub notes: Vec<String>,
}

/// Reads the payload of `document` evidence.
///
/// A wrong JSON shape is an error that names the place. A value that makes no sense
/// (a date that does not exist) counts as absent and is noted; where absence could
/// raise the payment it counts as a contradiction instead.
pub(super) fn read_document(payload: &Value) -> Result<ReadDocument, BadFact> {
    let document = payload.get("document").and_then(Value::as_object);
    let document = document.ok_or_else(|| BadFact::new("document", "must be an object"))?;
    let mut fields = Fields::of(payload)?;
    let mut claim = fields.claim();
    claim.items = items(payload, &mut fields)?;
    claim.stated_circumstances = codes(payload, "stated_circumstances")?;
    claim.suspected_circumstances = codes(payload, "suspected_circumstances")?;
    let found: Vec<Conflict> = optional(payload, "conflicts").map_or(Ok(Vec::new()), |list| read("conflicts", list))?;
    claim.conflicts = found;
    let contradictory = fields.contradictory.iter();
    claim.conflicts.extend(contradictory.map(|field| Conflict { field: field.clone(), values: Vec::new() }));
    let quality = quality(document, payload, &fields)?;
    Ok(ReadDocument { quality, claim, notes: fields.notes })
}

fn quality(document: &Map<String, Value>, payload: &Value, fields: &Fields<'_>) -> Result<DocumentQuality, BadFact> {
    let given = |name: &str| document.get(name).filter(|value| !value.is_null());
    let required = |name: &str| given(name).ok_or_else(|| BadFact::new(format!("document.{name}"), "must be given"));
    let flag = |name: &str| given(name).map_or(Ok(false), |value| read(&format!("document.{name}"), value));
    let readable: bool = read("document.readable", required("readable")?)?;
    let confidence = match (given("ocr_confidence"), readable) {
        (Some(value), _) => Some(read::<Share>("document.ocr_confidence", value)?.value()),
        (None, true) => return Err(BadFact::new("document.ocr_confidence", "must be given for a readable document")),
        (None, false) => None,
    };
    let passages =
        optional(payload, "injection_evidence").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let passages_inside = given("injection_evidence").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let inferred: Vec<String> =
        optional(payload, "inferred_fields").map_or(Ok(Vec::new()), |list| read("inferred_fields", list))?;
    Ok(DocumentQuality {
        readable,
        unreadable_reason: given("unreadable_reason")
            .map(|reason| read("document.unreadable_reason", reason))
            .transpose()?,
        kind: given("kind").map_or(Ok(DocumentKind::Claim), |kind| read("document.kind", kind))?,
        ocr_confidence: confidence,
        injection: flag("injection")? || passages || passages_inside,
        field_confidence: fields.confidence.clone(),
        // The line of insurance follows from the peril; only these two lower the confidence.
        inferred: inferred.iter().any(|field| field == "peril" || field.contains("circumstance")),
    })
}

/// The `fields` map being read.
#[derive(Default)]
struct Fields<'a> {
    values: BTreeMap<&'a str, String>,
    confidence: BTreeMap<Field, Share>,
    notes: Vec<String>,
    contradictory: Vec<String>,
}

impl<'a> Fields<'a> {
    fn of(payload: &'a Value) -> Result<Self, BadFact> {
        let fields = match optional(payload, "fields") {
            None => None,
            Some(Value::Object(fields)) => Some(fields),
            Some(_) => return Err(BadFact::new("fields", "must be an object")),
        };
        let mut read_fields = Self::default();
        for (name, field) in fields.into_iter().flatten() {
            read_fields.take(name, field)?;
        }
        Ok(read_fields)
    }

    /// Takes `{value, confidence}`; null and a null value are absent.
    fn take(&mut self, name: &'a str, field: &'a Value) -> Result<(), BadFact> {
        let at = |part: &str| format!("fields.{name}.{part}");
        let field = match field {
            Value::Null => return Ok(()),
            Value::Object(field) => field,
            _ => return Err(BadFact::new(format!("fields.{name}"), "must be an object with value and confidence")),
        };
        let value = match field.get("value") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(_) => return Err(BadFact::new(at("value"), "must be text")),
        };
        if value.is_empty() {
            return Ok(());
        }
        let known = Field::ALL.into_iter().find(|field| field.as_str() == name);
        if let (Some(known), Some(confidence)) = (known, field.get("confidence").filter(|given| !given.is_null())) {
            self.confidence.insert(known, read(&at("confidence"), confidence)?);
        }
        self.values.insert(name, value);
        Ok(())
    }

    fn claim(&mut self) -> StatedClaim {
        StatedClaim {
            claimant_name: self.text("claimant_name"),
            client_ref: self.text("client_ref"),
            contract_number: self.text("contract_number"),
            product: self.parsed("product", Product::parse),
            peril: self.parsed("peril", Peril::parse),
            incident_date: self.parsed("incident_date", date),
            incident_country: self.text("incident_country"),
            claimed_amount: self.parsed("claimed_amount", amount),
            currency: self.parsed("currency", Currency::parse),
            other_payer_amount: self.certain("other_payer_amount", amount),
            invoice_number: self.text("invoice_number"),
            invoice_date: self.certain("invoice_date", date),
            provider_name: self.text("provider_name"),
            police_report_ref: self.text("police_report_ref"),
            decree_date: self.certain("decree_date", date),
            vehicle_registration: self.text("vehicle_registration"),
            evidence_disposed: self.parsed("evidence_disposed", flag).unwrap_or_default(),
            late_excuse: self.text("late_excuse"),
            ..StatedClaim::default()
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = parse(self.values.get(name)?);
        if value.is_none() {
            self.notes.push(format!("unreadable_value:{name}"));
        }
        value
    }

    /// Like `parsed`; a senseless value is a contradiction, because without it the
    /// claim would look better than it may be.
    fn certain<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let stated = self.values.contains_key(name);
        let value = self.parsed(name, parse);
        if stated && value.is_none() {
            self.contradictory.push(name.to_owned());
        }
        value
    }
}

fn items(payload: &Value, fields: &mut Fields<'_>) -> Result<Vec<Item>, BadFact> {
    let Some(list) = optional(payload, "items") else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or_else(|| BadFact::new("items", "must be a list"))?;
    if list.len() > MAX_ITEMS {
        return Err(BadFact::new("items", "must not be longer than 500"));
    }
    let mut items = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let at = |part: &str| format!("items[{index}]{part}");
        let item = item.as_object().ok_or_else(|| BadFact::new(at(""), "must be an object"))?;
        let text = |name: &str| match item.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(BadFact::new(at(&format!(".{name}")), "must be text")),
        };
        let (written_amount, written_day) = (text("amount")?, text("purchase_date")?);
        let value = written_amount.as_deref().and_then(amount);
        let purchase_date = written_day.as_deref().and_then(date);
        if value.is_none() || (written_day.is_some() && purchase_date.is_none()) {
            fields.notes.push(format!("unreadable_value:{}", at("")));
            fields.contradictory.push("claimed_amount".into());
        }
        items.push(Item {
            description: text("description")?.unwrap_or_default(),
            category: text("category")?.unwrap_or_else(|| "general".into()),
            amount: value.unwrap_or_default(),
            purchase_date,
        });
    }
    Ok(items)
}

/// Circumstance codes, given as text or as objects with a `code`.
fn codes(payload: &Value, name: &str) -> Result<Vec<String>, BadFact> {
    let Some(list) = optional(payload, name) else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or_else(|| BadFact::new(name, "must be a list"))?;
    let code = |value: &Value| value.as_str().or_else(|| value.get("code")?.as_str()).map(str::to_owned);
    let codes = list.iter().map(|value| code(value).ok_or_else(|| BadFact::new(name, "must be codes")));
    codes.collect()
}

fn optional<'a>(payload: &'a Value, name: &str) -> Option<&'a Value> {
    payload.get(name).filter(|value| !value.is_null())
}

fn amount(text: &str) -> Option<Decimal> {
    money::parse(text).ok()
}

fn date(text: &str) -> Option<Date> {
    Date::from_str(text).ok()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "oui" => Some(true),
        "false" | "no" | "non" => Some(false),
        _ => None,
    }
}
