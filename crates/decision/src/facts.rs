//! Everything a decision is made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::contract::{Contract, nullable};
use crate::currency::Currency;
use crate::money;
use crate::names;
use crate::peril::{Peril, Product};
use crate::reference::{Parameters, PastClaim, Precedent, User};

/// The whole input of [`crate::decide`].
#[derive(Debug, Clone)]
pub struct ClaimFacts {
    pub intake: Intake,
    pub document: DocumentQuality,
    pub claim: StatedClaim,
    pub users: Vec<User>,
    /// May hold contracts of other users; only the claimant's count.
    pub contracts: Vec<Contract>,
    /// Past claims by key: of this user, of the contract, with this invoice.
    pub history: Vec<PastClaim>,
    pub parameters: Parameters,
    pub precedents: Vec<Precedent>,
}

/// The claim as it arrived. Trusted.
#[derive(Debug, Clone)]
pub struct Intake {
    pub claim_id: String,
    /// A past claim with this number is this claim itself and does not count.
    pub claim_number: Option<String>,
    pub user_id: String,
    /// Date of notification, whatever the document says.
    pub received_date: Date,
}

/// How well the document could be read.
#[derive(Debug, Clone, Deserialize)]
pub struct DocumentQuality {
    pub readable: bool,
    #[serde(default)]
    pub unreadable_reason: Option<String>,
    #[serde(default)]
    pub kind: DocumentKind,
    /// `0..=1`. Absent when no machine read the document.
    #[serde(default, deserialize_with = "money::optional_rate")]
    pub ocr_confidence: Option<Decimal>,
    #[serde(default)]
    pub injection: bool,
    /// Confidence of single fields, where the reader gave one.
    #[serde(default)]
    pub field_confidence: BTreeMap<Field, Share>,
    /// The peril or a circumstance was concluded from free text.
    #[serde(default)]
    pub inferred: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    #[default]
    Claim,
    Other,
}

/// A confidence, kept inside `0..=1` with four decimals, so that 0.7 from a
/// single-precision reader is still 0.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(Decimal);

impl Share {
    pub fn new(value: Decimal) -> Self {
        Self(value.clamp(Decimal::ZERO, Decimal::ONE).round_dp(4))
    }

    pub fn value(self) -> Decimal {
        self.0
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        money::rate(source).map(Self::new)
    }
}

/// Facts printed on a document that the policy can ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    ClaimantName,
    ClientRef,
    ContractNumber,
    Product,
    Peril,
    IncidentDate,
    IncidentCountry,
    ClaimedAmount,
    Currency,
    OtherPayerAmount,
    InvoiceNumber,
    InvoiceDate,
    ProviderName,
    PoliceReportRef,
    DecreeDate,
    VehicleRegistration,
}

impl Field {
    pub const ALL: [Self; 16] = [
        Self::ClaimantName,
        Self::ClientRef,
        Self::ContractNumber,
        Self::Product,
        Self::Peril,
        Self::IncidentDate,
        Self::IncidentCountry,
        Self::ClaimedAmount,
        Self::Currency,
        Self::OtherPayerAmount,
        Self::InvoiceNumber,
        Self::InvoiceDate,
        Self::ProviderName,
        Self::PoliceReportRef,
        Self::DecreeDate,
        Self::VehicleRegistration,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaimantName => "claimant_name",
            Self::ClientRef => "client_ref",
            Self::ContractNumber => "contract_number",
            Self::Product => "product",
            Self::Peril => "peril",
            Self::IncidentDate => "incident_date",
            Self::IncidentCountry => "incident_country",
            Self::ClaimedAmount => "claimed_amount",
            Self::Currency => "currency",
            Self::OtherPayerAmount => "other_payer_amount",
            Self::InvoiceNumber => "invoice_number",
            Self::InvoiceDate => "invoice_date",
            Self::ProviderName => "provider_name",
            Self::PoliceReportRef => "police_report_ref",
            Self::DecreeDate => "decree_date",
            Self::VehicleRegistration => "vehicle_registration",
        }
    }
}

/// What the document says. Untrusted; every field may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct StatedClaim {
    pub claimant_name: Option<String>,
    pub client_ref: Option<String>,
    pub contract_number: Option<String>,
    pub product: Option<Product>,
    pub peril: Option<Peril>,
    pub incident_date: Option<Date>,
    /// ISO 3166 alpha-2.
    pub incident_country: Option<String>,
    #[serde(deserialize_with = "money::optional_amount")]
    pub claimed_amount: Option<Decimal>,
    pub currency: Option<Currency>,
    #[serde(deserialize_with = "nullable")]
    pub items: Vec<Item>,
    #[serde(deserialize_with = "money::optional_amount")]
    pub other_payer_amount: Option<Decimal>,
    pub invoice_number: Option<String>,
    pub invoice_date: Option<Date>,
    pub provider_name: Option<String>,
    pub police_report_ref: Option<String>,
    pub decree_date: Option<Date>,
    pub vehicle_registration: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub evidence_disposed: bool,
    pub late_excuse: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub stated_circumstances: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub suspected_circumstances: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub conflicts: Vec<Conflict>,
}

/// One line of the claim (poste), in the document currency.
#[derive(Debug, Clone, Deserialize)]
pub struct Item {
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    #[serde(default = "general")]
    pub category: String,
    #[serde(deserialize_with = "money::amount")]
    pub amount: Decimal,
    #[serde(default)]
    pub purchase_date: Option<Date>,
}

/// One fact with different values inside the file.
#[derive(Debug, Clone, Deserialize)]
pub struct Conflict {
    pub field: String,
    /// As written on the document; other JSON values are kept as their text.
    #[serde(default, deserialize_with = "texts")]
    pub values: Vec<String>,
}

impl StatedClaim {
    /// Whether the document states the field; blank text states nothing.
    pub fn states(&self, field: Field) -> bool {
        match field {
            Field::ClaimantName => written(&self.claimant_name).is_some(),
            Field::ClientRef => written(&self.client_ref).is_some(),
            Field::ContractNumber => written(&self.contract_number).is_some(),
            Field::Product => self.product.is_some(),
            Field::Peril => self.peril.is_some_and(|peril| peril != Peril::Unknown),
            Field::IncidentDate => self.incident_date.is_some(),
            Field::IncidentCountry => written(&self.incident_country).is_some(),
            Field::ClaimedAmount => self.claimed_amount.is_some(),
            Field::Currency => self.currency.is_some(),
            Field::OtherPayerAmount => self.other_payer_amount.is_some(),
            Field::InvoiceNumber => written(&self.invoice_number).is_some(),
            Field::InvoiceDate => self.invoice_date.is_some(),
            Field::ProviderName => written(&self.provider_name).is_some(),
            Field::PoliceReportRef => written(&self.police_report_ref).is_some(),
            Field::DecreeDate => self.decree_date.is_some(),
            Field::VehicleRegistration => written(&self.vehicle_registration).is_some(),
        }
    }

    /// Items as claimed; without a list, the whole claim is one general item.
    /// Empty when no amount is stated at all.
    pub fn claimed_items(&self) -> Vec<Item> {
        if !self.items.is_empty() {
            return self.items.clone();
        }
        let whole = self.claimed_amount.map(|amount| Item {
            description: String::new(),
            category: general(),
            amount,
            purchase_date: None,
        });
        whole.into_iter().collect()
    }

    /// Total claimed in the document currency: the stated total, else the items.
    pub fn total(&self) -> Option<Decimal> {
        let items = || (!self.items.is_empty()).then(|| money::total(self.items.iter().map(|i| i.amount)));
        self.claimed_amount.or_else(items)
    }
}

impl ClaimFacts {
    pub fn user(&self) -> Option<&User> {
        self.users.iter().find(|user| user.user_id == self.intake.user_id)
    }

    pub fn own_contracts(&self) -> impl Iterator<Item = &Contract> {
        self.contracts.iter().filter(|contract| contract.user_id == self.intake.user_id)
    }

    /// The claimant's contract with the number on the document.
    pub fn named_contract(&self) -> Option<&Contract> {
        let number = written(&self.claim.contract_number)?;
        self.own_contracts().find(|contract| contract.is_numbered(number))
    }

    /// The line of insurance: as stated, else of the named contract, else the only
    /// one that knows the peril, else the only one the claimant holds a contract
    /// of that knows it.
    pub fn product(&self, perils: &BTreeMap<Product, Vec<Peril>>) -> Option<Product> {
        let stated = self.claim.product.or_else(|| self.named_contract().map(|c| c.product));
        stated.or_else(|| {
            let peril = self.claim.peril?;
            let knowing = || perils.iter().filter(move |(_, known)| known.contains(&peril)).map(|(p, _)| *p);
            let held: BTreeSet<Product> = self.own_contracts().map(|c| c.product).collect();
            only(knowing()).or_else(|| only(knowing().filter(|product| held.contains(product))))
        })
    }

    /// Past claims without this claim itself.
    pub fn past_claims(&self) -> impl Iterator<Item = &PastClaim> {
        let own = self.intake.claim_number.as_deref();
        let is_own = move |past: &PastClaim| {
            past.claim_number == self.intake.claim_id
                || own.is_some_and(|own| names::same_reference(own, &past.claim_number))
        };
        self.history.iter().filter(move |past| !is_own(past))
    }
}

/// The text of a field, if it has any.
pub fn written(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn texts<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    let values: Vec<serde_json::Value> = nullable(source)?;
    let text = |value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(text).collect())
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn general() -> String {
    "general".into()
}
