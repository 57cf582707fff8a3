//! Currencies and the exchange rates of each month.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::money;

/// ISO 4217 code in capitals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// `None` unless the text is three letters, case and outer blanks aside.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let shaped = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        shaped.then(|| Self(text.to_ascii_uppercase()))
    }

    pub fn euro() -> Self {
        Self("EUR".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("must be an ISO 4217 code such as EUR"))
    }
}

/// Euro per unit of a currency, by month. Euro itself is always one.
#[derive(Debug, Clone, Default)]
pub struct Rates(BTreeMap<(String, Currency), Decimal>);

impl Rates {
    /// Later rows for the same month and currency win; a rate that is not above
    /// zero is left out, as if it did not exist.
    pub fn new(rows: impl IntoIterator<Item = RateRow>) -> Self {
        let rows = rows.into_iter().filter(|row| row.2 > Decimal::ZERO);
        Self(rows.map(|row| ((row.0, row.1), row.2)).collect())
    }

    /// Euro per unit of `currency` in the month of `day`.
    pub fn euro_per_unit(&self, currency: &Currency, day: Date) -> Option<Decimal> {
        if currency.as_str() == "EUR" {
            return Some(Decimal::ONE);
        }
        self.0.get(&(month(day), currency.clone())).copied()
    }

    /// Converts and rounds to the cent; `None` when a rate is missing. The same
    /// currency on both sides needs no rate.
    pub fn convert(&self, amount: Decimal, from: &Currency, to: &Currency, day: Date) -> Option<Decimal> {
        if from == to {
            return Some(money::round(amount));
        }
        let in_euro = money::times(amount, self.euro_per_unit(from, day)?);
        money::divided(in_euro, self.euro_per_unit(to, day)?).map(money::round)
    }
}

/// `["2026-06", "USD", "0.90"]`.
#[derive(Debug, Clone, Deserialize)]
pub struct RateRow(pub String, pub Currency, #[serde(deserialize_with = "money::rate")] pub Decimal);

/// `YYYY-MM` of a day.
pub fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}
