//! Reference data: users, past claims, rates, watch list, holidays.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::calendar::Holidays;
use crate::currency::{Currency, RateRow, Rates};
use crate::money;
use crate::names;
use crate::peril::{Peril, Product};

/// Holder of an account.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub user_id: String,
    #[serde(default)]
    pub full_name: String,
}

/// What became, or becomes, of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approve,
    Deny,
    ManualReview,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::ManualReview => "manual_review",
        }
    }
}

/// A claim decided before.
#[derive(Debug, Clone, Deserialize)]
pub struct PastClaim {
    pub claim_number: String,
    pub user_id: String,
    #[serde(default)]
    pub contract_number: Option<String>,
    pub product: Product,
    pub peril: Peril,
    pub incident_date: Date,
    #[serde(default, deserialize_with = "money::optional_amount")]
    pub claimed_amount: Option<Decimal>,
    /// Of the claim, not of the contract.
    #[serde(default)]
    pub currency: Option<Currency>,
    pub decision: Outcome,
    /// In the contract currency.
    #[serde(default, deserialize_with = "money::optional_amount")]
    pub payable_amount: Option<Decimal>,
    #[serde(default)]
    pub invoice_number: Option<String>,
    #[serde(default)]
    pub provider_name: Option<String>,
}

impl PastClaim {
    /// What was paid: nothing unless the claim was approved.
    pub fn paid(&self) -> Decimal {
        match self.decision {
            Outcome::Approve => self.payable_amount.unwrap_or_default().max(Decimal::ZERO),
            Outcome::Deny | Outcome::ManualReview => Decimal::ZERO,
        }
    }

    pub fn has_invoice(&self, invoice: &str) -> bool {
        self.invoice_number.as_deref().is_some_and(|own| names::same_reference(own, invoice))
    }
}

/// A similar past claim: explains, never decides.
#[derive(Debug, Clone, Deserialize)]
pub struct Precedent {
    #[serde(default)]
    pub claim_number: Option<String>,
    #[serde(default)]
    pub product: Option<Product>,
    #[serde(default)]
    pub peril: Option<Peril>,
    pub outcome: Outcome,
    #[serde(default, alias = "similarity_score", deserialize_with = "money::optional_rate")]
    pub similarity: Option<Decimal>,
}

/// Parameters that change without a new policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "WrittenParameters")]
pub struct Parameters {
    pub rates: Rates,
    pub watched_providers: Vec<String>,
    pub holidays: Holidays,
}

impl Parameters {
    pub fn is_watched(&self, provider: &str) -> bool {
        self.watched_providers.iter().any(|watched| names::same_reference(watched, provider))
    }
}

#[derive(Deserialize)]
struct WrittenParameters {
    #[serde(default)]
    fx_rates: Vec<RateRow>,
    #[serde(default)]
    provider_watchlist: Vec<WrittenProvider>,
    #[serde(default)]
    public_holidays: Vec<WrittenHoliday>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenProvider {
    Name(String),
    Row { provider_name: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenHoliday {
    Day(Date),
    Pair(Date, String),
    Row { date: Date, country: String },
}

impl From<WrittenParameters> for Parameters {
    fn from(written: WrittenParameters) -> Self {
        let providers = written.provider_watchlist.into_iter().map(|provider| match provider {
            WrittenProvider::Name(name) | WrittenProvider::Row { provider_name: name } => name,
        });
        let french = written.public_holidays.into_iter().filter_map(|holiday| match holiday {
            WrittenHoliday::Day(day) => Some(day),
            WrittenHoliday::Pair(date, country) | WrittenHoliday::Row { date, country } => {
                country.eq_ignore_ascii_case("FR").then_some(date)
            }
        });
        Self {
            rates: Rates::new(written.fx_rates),
            watched_providers: providers.collect(),
            holidays: Holidays::new(french),
        }
    }
}
