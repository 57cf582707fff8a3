//! What a check found: its outcome, the values it looked at, the term it cites.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::codes::ReasonCode;
use crate::currency::{Currency, month};
use crate::facts::Field;
use crate::peril::{Peril, Product};

/// Result of one check, kept in the trace whether it fired or not.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Name of the check in the policy: `G1` … `R9`, or a flag.
    pub check: &'static str,
    pub outcome: CheckOutcome,
    /// Clause or field of the contract, or article of law, that the check rests on.
    pub clause: Option<String>,
    pub inputs: Inputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    Passed,
    Fired(ReasonCode),
    /// Not examined, because of another finding or because it does not concern the claim.
    Skipped,
}

impl CheckOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Fired(_) => "fired",
            Self::Skipped => "skipped",
        }
    }
}

/// Values a check looked at, in the order of its text.
pub type Inputs = Vec<(&'static str, Datum)>;

/// A value with a meaning, so that it can be written in either language.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    Money(Money),
    Date(Date),
    /// A month, given by any of its days.
    Month(Date),
    /// A share such as 0.7, shown as a percentage.
    Share(Decimal),
    Count(i64),
    Text(String),
    /// Sentences already written for one language; never cut.
    Prose(String),
    Texts(Vec<String>),
    /// A code with words in the policy.
    Word(String),
    Words(Vec<String>),
    Clauses(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub amount: Decimal,
    pub currency: Currency,
}

impl Money {
    pub fn new(amount: Decimal, currency: &Currency) -> Self {
        Self { amount, currency: currency.clone() }
    }
}

impl Finding {
    /// Fires with `code` when `fired` holds, else passes.
    pub fn when(fired: bool, check: &'static str, code: ReasonCode) -> Self {
        let outcome = if fired { CheckOutcome::Fired(code) } else { CheckOutcome::Passed };
        Self::new(check, outcome)
    }

    pub fn fired(check: &'static str, code: ReasonCode) -> Self {
        Self::new(check, CheckOutcome::Fired(code))
    }

    pub fn passed(check: &'static str) -> Self {
        Self::new(check, CheckOutcome::Passed)
    }

    pub fn skipped(check: &'static str) -> Self {
        Self::new(check, CheckOutcome::Skipped)
    }

    fn new(check: &'static str, outcome: CheckOutcome) -> Self {
        Self { check, outcome, clause: None, inputs: Inputs::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Datum>) -> Self {
        self.inputs.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn citing(mut self, clause: impl Into<String>) -> Self {
        self.clause = Some(clause.into()).filter(|clause: &String| !clause.is_empty());
        self
    }

    pub fn code(&self) -> Option<ReasonCode> {
        match self.outcome {
            CheckOutcome::Fired(code) => Some(code),
            CheckOutcome::Passed | CheckOutcome::Skipped => None,
        }
    }
}

impl From<Money> for Datum {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}

impl From<Date> for Datum {
    fn from(day: Date) -> Self {
        Self::Date(day)
    }
}

impl From<Peril> for Datum {
    fn from(peril: Peril) -> Self {
        Self::Word(peril.as_str().into())
    }
}

impl From<Product> for Datum {
    fn from(product: Product) -> Self {
        Self::Word(product.as_str().into())
    }
}

impl From<Field> for Datum {
    fn from(field: Field) -> Self {
        Self::Word(field.as_str().into())
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Datum {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(2))?;
        map.serialize_entry("amount", &format!("{:.2}", self.amount))?;
        map.serialize_entry("currency", &self.currency)?;
        map.end()
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Money(money) => money.serialize(out),
            Self::Date(day) => day.serialize(out),
            Self::Month(day) => out.serialize_str(&month(*day)),
            Self::Share(share) => out.collect_str(&share.normalize()),
            Self::Count(count) => out.serialize_i64(*count),
            Self::Text(text) | Self::Prose(text) | Self::Word(text) => out.serialize_str(text),
            Self::Texts(texts) | Self::Words(texts) | Self::Clauses(texts) => texts.serialize(out),
        }
    }
}
