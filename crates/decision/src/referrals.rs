//! Referrals R2, R5, R8 and R9: a person decides although nothing refuses.

use rust_decimal::Decimal;

use crate::codes::ReasonCode;
use crate::currency::{Currency, Rates};
use crate::facts::written;
use crate::findings::{Datum, Finding, Money};
use crate::money;
use crate::peril::Product;
use crate::policy::Policy;
use crate::selection::{Loss, Terms};

/// R2: the month has a rate for the document currency, and for the contract
/// currency, which the authority is compared in.
pub fn currency(loss: &Loss<'_>, terms: &Terms<'_>, rates: &Rates) -> Finding {
    let mut missing: Vec<String> = Vec::new();
    for currency in loss.claim.currency.iter().chain([&terms.contract.currency]) {
        let unknown = rates.euro_per_unit(currency, loss.incident_date).is_none();
        if unknown && loss.claim.total().is_some() && !missing.iter().any(|seen| seen == currency.as_str()) {
            missing.push(currency.as_str().into());
        }
    }
    Finding::when(!missing.is_empty(), "R2", ReasonCode::CurrencyUnsupported)
        .with("currencies", Datum::Texts(missing))
        .with("month", Datum::Month(loss.incident_date))
}

/// R5: a police report is given where the cover asks for one.
pub fn supporting_document(loss: &Loss<'_>, terms: &Terms<'_>) -> Finding {
    let missing = terms.coverage.police_report_required && written(&loss.claim.police_report_ref).is_none();
    Finding::when(missing, "R5", ReasonCode::MissingSupportingDocument)
        .with("contract_number", terms.contract.contract_number.as_str())
        .with("peril", loss.peril)
        .citing(terms.cite("police_report_required"))
}

/// R8: every life claim goes to a person.
pub fn life(loss: &Loss<'_>) -> Finding {
    Finding::when(loss.product == Product::Life, "R8", ReasonCode::LifeReferral).with("product", loss.product)
}

/// R9: the amount due, in EUR, is within the authority of the product.
pub fn authority(payable: Decimal, loss: &Loss<'_>, currency: &Currency, rates: &Rates, policy: &Policy) -> Finding {
    let Some(rate) = rates.euro_per_unit(currency, loss.incident_date) else {
        return Finding::skipped("R9");
    };
    // Unrounded, so that a fraction of a cent above the authority is above it.
    let in_euro = money::times(payable, rate);
    let authority = policy.authority(loss.product);
    let euro = Currency::euro();
    Finding::when(in_euro > authority, "R9", ReasonCode::AboveAuthority)
        .with("payable", Money::new(payable, currency))
        .with("payable_eur", Money::new(money::round(in_euro), &euro))
        .with("authority", Money::new(authority, &euro))
}
