//! The records of the reference data, as far as retrieval reads them.

use jiff::civil::Date;
use rmcp::schemars;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::redact::Redactor;

pub(crate) type JsonObject = Map<String, Value>;

/// A policyholder with everything that is theirs.
#[derive(Debug, Clone)]
pub(crate) struct Policyholder {
    pub profile: Profile,
    pub contracts: Vec<Contract>,
    /// Names, addresses and references that must not be embedded.
    pub personal: Vec<String>,
}

/// What a handler or a model needs to know of a person; contact details and birth date stay in the claims service.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Profile {
    pub user_id: String,
    pub full_name: String,
    /// `fr` or `en`.
    pub language: Option<String>,
    pub country: Option<String>,
    pub is_active: Option<bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub number: String,
    pub product: String,
    pub start: Option<Date>,
    pub end: Option<Date>,
    pub cancelled: Option<Date>,
    pub suspensions: Vec<(Date, Date)>,
    pub full_text: String,
    /// Every structured term as recorded, `full_text` left out.
    pub terms: JsonObject,
}

pub(crate) fn text(fields: &JsonObject, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn date(fields: &JsonObject, name: &str) -> Option<Date> {
    text(fields, name)?.get(..10)?.parse().ok()
}

impl Policyholder {
    /// Reads `{user…, contracts:[…]}`. Contracts of another user are left out, whoever sent them.
    pub(crate) fn read(record: &JsonObject, contracts: &[Value]) -> Option<Self> {
        let user_id = text(record, "user_id")?;
        let address = record.get("address").and_then(Value::as_object);
        let contracts: Vec<Contract> = contracts
            .iter()
            .filter_map(Value::as_object)
            .filter(|contract| text(contract, "user_id").is_none_or(|owner| owner == user_id))
            .filter_map(Contract::read)
            .collect();
        let profile = Profile {
            full_name: text(record, "full_name").unwrap_or_default(),
            language: text(record, "language"),
            country: address.and_then(|address| text(address, "country")),
            is_active: record.get("is_active").and_then(Value::as_bool),
            user_id,
        };
        let mut personal: Vec<String> = crate::redact::name_parts(&profile.full_name).map(str::to_owned).collect();
        personal.push(profile.user_id.clone());
        personal.extend(["email", "phone", "date_of_birth"].iter().filter_map(|name| text(record, name)));
        personal.extend(address.into_iter().flat_map(|address| {
            ["street", "postcode"].iter().filter_map(|name| text(address, name)).collect::<Vec<_>>()
        }));
        personal.extend(contracts.iter().flat_map(Contract::personal));
        Some(Self { profile, contracts, personal })
    }

    pub(crate) fn redactor(&self) -> Redactor {
        Redactor::new(self.personal.iter().map(String::as_str))
    }
}

impl Contract {
    fn read(record: &JsonObject) -> Option<Self> {
        let mut terms = record.clone();
        let full_text = match terms.remove("full_text") {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let suspensions = record.get("suspensions").and_then(Value::as_array).into_iter().flatten();
        let suspensions = suspensions.filter_map(Value::as_object);
        Some(Self {
            number: text(record, "contract_number")?,
            product: text(record, "product").unwrap_or_default(),
            start: date(record, "start_date"),
            end: date(record, "end_date"),
            cancelled: date(record, "cancelled_on"),
            suspensions: suspensions.filter_map(|span| Some((date(span, "from")?, date(span, "to")?))).collect(),
            full_text,
            terms,
        })
    }

    /// In force on a day: both ends included, from the day of cancellation no more, never while suspended.
    pub(crate) fn in_force(&self, day: Date) -> bool {
        let (Some(start), Some(end)) = (self.start, self.end) else { return false };
        (start..=end).contains(&day)
            && self.cancelled.is_none_or(|cancelled| day < cancelled)
            && !self.suspensions.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }

    fn personal(&self) -> Vec<String> {
        let persons = self.terms.get("insured_persons").and_then(Value::as_array).into_iter().flatten();
        let mut personal: Vec<String> = persons
            .filter_map(Value::as_str)
            .flat_map(|name| crate::redact::name_parts(name).map(str::to_owned))
            .collect();
        let object = self.terms.get("insured_object").and_then(Value::as_object);
        personal.extend(object.into_iter().flat_map(|object| {
            ["registration", "address"].iter().filter_map(|name| text(object, name)).collect::<Vec<_>>()
        }));
        personal.push(self.number.clone());
        personal
    }
}

/// A claim that was decided in the past.
#[derive(Debug, Clone)]
pub(crate) struct PastClaim {
    pub claim_number: String,
    pub product: String,
    pub peril: String,
    pub incident_date: Option<String>,
    pub decision: String,
    /// Of the claimed amount.
    pub currency: Option<String>,
    /// In the contract's currency.
    pub payable_amount: Option<String>,
    pub decided_on: Option<String>,
    /// The story, free of what looks personal.
    pub story: String,
}

impl PastClaim {
    /// `redactor` knows the claimant, if anybody does.
    pub(crate) fn read(record: &Value, redactor: &Redactor) -> Option<Self> {
        let fields = record.as_object()?;
        Some(Self {
            claim_number: text(fields, "claim_number")?,
            product: text(fields, "product").unwrap_or_default(),
            peril: text(fields, "peril").unwrap_or_default(),
            incident_date: text(fields, "incident_date"),
            decision: text(fields, "decision")?,
            currency: text(fields, "currency"),
            payable_amount: text(fields, "payable_amount"),
            decided_on: text(fields, "decided_on"),
            story: redactor.redact(&text(fields, "text").unwrap_or_default()),
        })
    }
}

/// Whether a raw record of the past carries this invoice of this provider.
pub(crate) fn same_invoice(record: &Value, number: &str, provider: &str) -> bool {
    let same = |name: &str, other: &str| {
        let own = record.get(name).and_then(Value::as_str);
        own.is_some_and(|own| crate::words::reference(own) == crate::words::reference(other))
    };
    same("invoice_number", number) && same("provider_name", provider)
}

/// A policy article.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Article {
    pub article_id: String,
    pub title: String,
    #[serde(default)]
    pub language: String,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub content: String,
    #[serde(default)]
    pub effective_date: Option<Date>,
    #[serde(default)]
    pub expiry_date: Option<Date>,
    #[serde(default = "active")]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

impl Article {
    pub(crate) fn in_effect(&self, today: Date) -> bool {
        self.is_active
            && self.effective_date.is_none_or(|from| from <= today)
            && self.expiry_date.is_none_or(|to| today <= to)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn contract(fields: Value) -> Contract {
        let mut record = json!({"contract_number": "C", "start_date": "2025-01-01", "end_date": "2026-12-31"});
        for (name, value) in fields.as_object().expect("an object") {
            record[name] = value.clone();
        }
        Contract::read(record.as_object().expect("an object")).expect("a contract")
    }

    #[test]
    fn a_contract_is_in_force_on_both_its_ends() {
        let plain = contract(json!({}));
        for (day, expected) in [
            (date(2024, 12, 31), false),
            (date(2025, 1, 1), true),
            (date(2026, 12, 31), true),
            (date(2027, 1, 1), false),
        ] {
            assert_eq!(plain.in_force(day), expected, "{day}");
        }
    }

    #[test]
    fn cancellation_and_suspension_end_it() {
        let cancelled = contract(json!({"cancelled_on": "2025-06-01"}));
        assert!(cancelled.in_force(date(2025, 5, 31)) && !cancelled.in_force(date(2025, 6, 1)));
        let suspended = contract(json!({"suspensions": [{"from": "2025-03-01", "to": "2025-03-31"}]}));
        assert!(!suspended.in_force(date(2025, 3, 1)) && !suspended.in_force(date(2025, 3, 31)));
        assert!(suspended.in_force(date(2025, 2, 28)) && suspended.in_force(date(2025, 4, 1)));
        assert!(!contract(json!({"end_date": null})).in_force(date(2025, 5, 1)));
    }

    #[test]
    fn contracts_of_another_user_are_left_out() {
        let user = json!({"user_id": "USR-1", "full_name": "Ada Byron"});
        let contracts =
            [json!({"contract_number": "A", "user_id": "USR-1"}), json!({"contract_number": "B", "user_id": "USR-2"})];
        let holder = Policyholder::read(user.as_object().expect("an object"), &contracts).expect("a user");
        let numbers: Vec<&str> = holder.contracts.iter().map(|contract| contract.number.as_str()).collect();
        assert_eq!(numbers, ["A"]);
        assert!(holder.personal.contains(&"Ada Byron".to_owned()));
    }
}
