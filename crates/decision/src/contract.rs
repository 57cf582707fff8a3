//! Structured terms of a contract.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::calendar::Basis;
use crate::currency::Currency;
use crate::money;
use crate::names;
use crate::peril::{Peril, Product};

/// A contract. Fields that the policy does not use are ignored when it is read.
#[derive(Debug, Clone, Deserialize)]
pub struct Contract {
    pub contract_number: String,
    pub user_id: String,
    pub product: Product,
    /// First day of cover.
    pub start_date: Date,
    /// Last day of cover.
    pub end_date: Date,
    /// First day without cover.
    #[serde(default)]
    pub cancelled_on: Option<Date>,
    #[serde(default, deserialize_with = "nullable")]
    pub suspensions: Vec<Suspension>,
    pub currency: Currency,
    /// ISO 3166 alpha-2 codes.
    pub territory: Vec<String>,
    #[serde(default, deserialize_with = "money::optional_amount")]
    pub annual_limit: Option<Decimal>,
    #[serde(default, deserialize_with = "nullable")]
    pub coverages: Vec<Coverage>,
    #[serde(default, deserialize_with = "nullable")]
    pub exclusions: Vec<Exclusion>,
    #[serde(default)]
    pub late_notice: Option<LateNoticeTerms>,
    #[serde(default, deserialize_with = "nullable")]
    pub insured_persons: Vec<String>,
    #[serde(default)]
    pub insured_object: Option<InsuredObject>,
}

/// Time without cover, both days included.
#[derive(Debug, Clone, Deserialize)]
pub struct Suspension {
    pub from: Date,
    pub to: Date,
}

/// What a contract pays for one peril.
#[derive(Debug, Clone, Deserialize)]
pub struct Coverage {
    pub peril: Peril,
    #[serde(default, deserialize_with = "money::optional_amount")]
    pub limit: Option<Decimal>,
    #[serde(default)]
    pub deductible: Option<Deductible>,
    #[serde(default = "whole", deserialize_with = "money::rate")]
    pub reimbursement_rate: Decimal,
    #[serde(default)]
    pub waiting_days: u32,
    #[serde(default)]
    pub depreciation: Option<Depreciation>,
    #[serde(default, deserialize_with = "nullable")]
    pub sub_limits: BTreeMap<String, CategoryLimit>,
    #[serde(default, deserialize_with = "nullable")]
    pub excluded_items: Vec<String>,
    pub notice: Notice,
    #[serde(default)]
    pub police_report_required: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub struct CategoryLimit(#[serde(deserialize_with = "money::amount")] pub Decimal);

/// What stays with the insured (franchise).
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Deductible {
    /// Always taken off.
    Absolute {
        #[serde(deserialize_with = "money::amount")]
        amount: Decimal,
    },
    /// Nothing is paid up to the amount, everything above it.
    Relative {
        #[serde(deserialize_with = "money::amount")]
        amount: Decimal,
    },
    /// A share of the loss, at least `min`.
    Percent {
        #[serde(deserialize_with = "money::rate")]
        rate: Decimal,
        #[serde(default, deserialize_with = "money::amount")]
        min: Decimal,
    },
}

/// Loss of value with age (vétusté).
#[derive(Debug, Clone, Deserialize)]
pub struct Depreciation {
    #[serde(deserialize_with = "money::rate")]
    pub rate_per_year: Decimal,
    #[serde(deserialize_with = "money::rate")]
    pub max: Decimal,
    #[serde(default, deserialize_with = "nullable")]
    pub exempt: Vec<String>,
}

/// Time in which a loss must be reported.
#[derive(Debug, Clone, Deserialize)]
pub struct Notice {
    pub days: u32,
    pub basis: Basis,
    #[serde(default)]
    pub from: NoticeStart,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeStart {
    #[default]
    Incident,
    Decree,
}

/// A circumstance the contract does not pay for.
#[derive(Debug, Clone, Deserialize)]
pub struct Exclusion {
    pub code: String,
    #[serde(default)]
    pub clause: String,
    #[serde(default)]
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct LateNoticeTerms {
    #[serde(default)]
    pub forfeiture_clause: bool,
    #[serde(default)]
    pub hard_limit_days: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct InsuredObject {
    #[serde(default)]
    pub registration: Option<String>,
}

impl Contract {
    /// Whether the contract covers losses of `day`: inside its dates, before its
    /// cancellation, in no suspension.
    pub fn in_force(&self, day: Date) -> bool {
        let started = self.start_date <= day && day <= self.end_date;
        let cancelled = self.cancelled_on.is_some_and(|from| day >= from);
        let suspended = self.suspensions.iter().any(|gap| gap.from <= day && day <= gap.to);
        started && !cancelled && !suspended
    }

    /// The cover for a peril. A cover whose limit is not above zero is none.
    pub fn coverage(&self, peril: Peril) -> Option<&Coverage> {
        let known = self.coverages.iter().filter(|_| peril != Peril::Unknown);
        let mut paying = known.filter(|cover| cover.limit.is_none_or(|limit| limit > Decimal::ZERO));
        paying.find(|cover| cover.peril == peril)
    }

    pub fn exclusion(&self, code: &str) -> Option<&Exclusion> {
        self.exclusions.iter().find(|exclusion| exclusion.code.eq_ignore_ascii_case(code.trim()))
    }

    pub fn covers_country(&self, country: &str) -> bool {
        self.territory.iter().any(|insured| insured.eq_ignore_ascii_case(country.trim()))
    }

    pub fn is_numbered(&self, number: &str) -> bool {
        names::same_reference(&self.contract_number, number)
    }

    /// False when the contract has no registration on record.
    pub fn insures_vehicle(&self, registration: &str) -> bool {
        let object = self.insured_object.as_ref();
        let own = object.and_then(|object| object.registration.as_deref());
        own.is_some_and(|own| names::same_reference(own, registration))
    }
}

fn whole() -> Decimal {
    Decimal::ONE
}

/// Reads null as the empty value.
pub(crate) fn nullable<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(source)?.unwrap_or_default())
}
