//! Fraud red flags (indices de fraude): S1–S3, W1–W3 and the referral R7.

use rust_decimal::Decimal;

use crate::calendar::{days_between, plus_days};
use crate::codes::ReasonCode;
use crate::facts::{ClaimFacts, written};
use crate::findings::{Datum, Finding};
use crate::money;
use crate::peril::Product;
use crate::policy::Policy;
use crate::selection::{Loss, Terms};

/// A raised flag. Strong ones refer alone, weak ones only in company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    InvoiceBeforeIncident,
    InvoiceOfAnotherUser,
    ProviderWatched,
    EarlyClaim,
    FrequentClaims,
    NearLimit,
}

impl Flag {
    pub fn is_strong(self) -> bool {
        matches!(self, Self::InvoiceBeforeIncident | Self::InvoiceOfAnotherUser | Self::ProviderWatched)
    }

    /// Name in the policy: `S1` … `W3`.
    pub fn id(self) -> &'static str {
        match self {
            Self::InvoiceBeforeIncident => "S1",
            Self::InvoiceOfAnotherUser => "S2",
            Self::ProviderWatched => "S3",
            Self::EarlyClaim => "W1",
            Self::FrequentClaims => "W2",
            Self::NearLimit => "W3",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::InvoiceBeforeIncident => "invoice_before_incident",
            Self::InvoiceOfAnotherUser => "invoice_of_another_user",
            Self::ProviderWatched => "provider_watched",
            Self::EarlyClaim => "early_claim",
            Self::FrequentClaims => "frequent_claims",
            Self::NearLimit => "near_limit",
        }
    }
}

/// R7 and the flags behind it. One weak flag alone passes; it stays a note.
pub fn check(facts: &ClaimFacts, loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> (Finding, Vec<Flag>) {
    let flags = raised(facts, loss, terms, policy);
    let weak = flags.iter().filter(|flag| !flag.is_strong()).count();
    let strong = flags.len() - weak;
    let refers = strong > 0 || weak >= policy.parameters.weak_flags_for_referral.max(1);
    let words = flags.iter().map(|flag| flag.word().to_owned()).collect();
    let ids = flags.iter().map(|flag| flag.id().to_owned()).collect();
    let finding = Finding::when(refers, "R7", ReasonCode::FraudRedFlags)
        .with("flags", Datum::Words(words))
        .with("flag_ids", Datum::Texts(ids));
    (finding, flags)
}

fn raised(facts: &ClaimFacts, loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> Vec<Flag> {
    let raised = [
        (Flag::InvoiceBeforeIncident, invoice_before_incident(loss)),
        (Flag::InvoiceOfAnotherUser, invoice_of_another_user(facts, loss)),
        (Flag::ProviderWatched, provider_watched(facts, loss)),
        (Flag::EarlyClaim, early_claim(loss, terms, policy)),
        (Flag::FrequentClaims, frequent_claims(facts, loss, policy)),
        (Flag::NearLimit, near_limit(facts, loss, terms, policy)),
    ];
    raised.into_iter().filter(|(_, raised)| *raised).map(|(flag, _)| flag).collect()
}

fn invoice_before_incident(loss: &Loss<'_>) -> bool {
    matches!(loss.product, Product::Auto | Product::Home)
        && loss.claim.invoice_date.is_some_and(|day| day < loss.incident_date)
}

fn invoice_of_another_user(facts: &ClaimFacts, loss: &Loss<'_>) -> bool {
    let claim = loss.claim;
    let Some((invoice, provider)) = written(&claim.invoice_number).zip(written(&claim.provider_name)) else {
        return false;
    };
    let same_provider = |own: &str| crate::names::same_reference(own, provider);
    facts.past_claims().any(|past| {
        past.user_id != facts.intake.user_id
            && past.has_invoice(invoice)
            && past.provider_name.as_deref().is_some_and(same_provider)
    })
}

fn provider_watched(facts: &ClaimFacts, loss: &Loss<'_>) -> bool {
    written(&loss.claim.provider_name).is_some_and(|provider| facts.parameters.is_watched(provider))
}

fn early_claim(loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> bool {
    let days = i64::from(policy.parameters.early_claim_days);
    loss.incident_date < plus_days(terms.contract.start_date, days)
}

/// Past claims of any product, the day of the incident itself left out.
fn frequent_claims(facts: &ClaimFacts, loss: &Loss<'_>, policy: &Policy) -> bool {
    let window = i64::from(policy.parameters.frequency_window_days);
    let recent = facts.past_claims().filter(|past| {
        let days_before = days_between(past.incident_date, loss.incident_date);
        past.user_id == facts.intake.user_id && days_before > 0 && days_before <= window
    });
    recent.count() >= policy.parameters.frequent_claims.max(1)
}

/// Claimed total, converted, against the limit per claim.
fn near_limit(facts: &ClaimFacts, loss: &Loss<'_>, terms: &Terms<'_>, policy: &Policy) -> bool {
    let own = &terms.contract.currency;
    let from = loss.claim.currency.as_ref().unwrap_or(own);
    let rates = &facts.parameters.rates;
    let claimed = loss.claim.total().and_then(|total| rates.convert(total, from, own, loss.incident_date));
    let threshold = terms.coverage.limit.map(|limit| money::times(limit, policy.parameters.near_limit_share));
    let above = claimed.zip(threshold).is_some_and(|(claimed, threshold)| claimed >= threshold);
    above && claimed > Some(Decimal::ZERO)
}
