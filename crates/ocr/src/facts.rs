//! What a document says about a claim: the result of reading.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The facts of the decision policy that stand in one place of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldName {
    ClaimNumber,
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
    EvidenceDisposed,
    LateExcuse,
}

/// Who read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    /// It stood beside its printed label.
    Label,
    /// Its place tells it: a crossed box, a letterhead, the sum of a table.
    Layout,
    /// A rule found it in running text.
    Text,
    /// The language model concluded it from running text that was found on the page.
    Model,
}

/// Another value for the same fact, which did not win.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    pub value: String,
    pub confidence: f32,
    /// Counts from 1.
    pub page: usize,
    #[serde(rename = "box")]
    pub area: [f32; 4],
    pub source: FactSource,
}

/// One fact with its place. Dates are ISO, amounts decimal strings, countries ISO alpha-2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    pub value: String,
    /// The words it was taken from, as read.
    #[serde(default)]
    pub printed: String,
    /// 0 to 1: how well the words were read, and no more than the way of finding them allows.
    pub confidence: f32,
    /// Counts from 1.
    pub page: usize,
    /// `[x0, y0, x1, y1]` in points (PDF) or pixels (image), y downwards.
    #[serde(rename = "box")]
    pub area: [f32; 4],
    pub source: FactSource,
    /// Other values that stand in the file for this fact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// A claimed item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub description: String,
    pub category: String,
    /// Decimal string in the document currency.
    pub amount: String,
    /// ISO date, where printed.
    pub purchase_date: Option<String>,
    pub confidence: f32,
    pub page: usize,
}

/// One fact with two values inside the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    pub field: FieldName,
    pub values: Vec<String>,
}

/// A passage that addresses the processing system. Evidence, never followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InjectionEvidence {
    /// `None` outside the pages: metadata, notes, form values.
    pub page: Option<usize>,
    /// The lines it stands in, in units of the page; `None` where nothing is seen on a page.
    #[serde(default, rename = "box")]
    pub area: Option<[f32; 4]>,
    pub text: String,
}

/// Whether a loss, care or benefit is claimed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Claim,
    Other,
}

/// Everything that fields give, before it is put into a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub kind: DocumentKind,
    /// `fr` or `en`.
    pub language: String,
    pub fields: BTreeMap<FieldName, Fact>,
    pub items: Vec<Item>,
    pub conflicts: Vec<Conflict>,
    pub stated_circumstances: Vec<String>,
    pub suspected_circumstances: Vec<String>,
    /// Fields concluded from a story rather than read.
    pub inferred_fields: Vec<String>,
    pub injection_evidence: Vec<InjectionEvidence>,
}
