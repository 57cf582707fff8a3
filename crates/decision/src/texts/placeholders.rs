//! Names that the texts of a policy may use.

use crate::codes::ReasonCode as Code;

/// Placeholders of the explanations.
pub const EXPLANATION: &[&str] = &["reasons", "adjustments", "payable", "claimed"];

/// Placeholders of the letter.
pub const LETTER: &[&str] = &["claim", "contract", "clauses"];

/// Words the checks use besides perils, products and fields.
pub const WORDS: &[&str] = &[
    "document",
    "decision",
    "unreadable",
    "user_unknown",
    "client_ref_differs",
    "name_differs",
    "contract_not_held",
    "contract_of_another_product",
    "registration_differs",
    "client_ref_or_contract_number",
    "items_total_differs",
    "incident_after_receipt",
    "amount_unusable",
    "items_excluded",
    "invoice_before_incident",
    "invoice_of_another_user",
    "provider_watched",
    "early_claim",
    "frequent_claims",
    "near_limit",
];

/// Values that the finding behind a code always carries.
pub fn of(code: Code) -> &'static [&'static str] {
    match code {
        Code::DocUnreadable => &["unreadable_reason"],
        Code::OcrLowConfidence => &["read_part", "confidence", "minimum"],
        Code::IdentityMismatch | Code::ContractMismatch => &["mismatches"],
        Code::MissingMandatoryField => &["missing_fields"],
        Code::ConflictingEvidence => &["contradictions"],
        Code::NoActiveContract => &["product", "incident_date"],
        Code::PerilNotCovered | Code::Covered | Code::MissingSupportingDocument => &["contract_number", "peril"],
        Code::ExclusionApplies | Code::ExclusionSuspected => &["contract_number", "clause", "exclusions"],
        Code::OutsideTerritory => &["incident_country", "contract_number"],
        Code::WaitingPeriod => &["contract_number", "peril", "covered_from", "waiting_days", "incident_date"],
        Code::TimeBarred => &["received_date", "time_bar_date"],
        Code::LateNoticeForfeiture | Code::LateNotice => &["deadline", "received_date", "days_late"],
        Code::DuplicateConfirmed => &["past_claims", "contract_number", "incident_date"],
        Code::DuplicateSuspected => &["past_claims"],
        Code::BelowDeductible => &["assessed", "deductible", "contract_number", "peril"],
        Code::AnnualLimitExhausted => &["annual_limit", "already_paid", "contract_number", "year"],
        Code::ContractAmbiguous => &["contracts"],
        Code::CurrencyUnsupported => &["currencies", "month"],
        Code::FraudRedFlags => &["flags"],
        Code::LifeReferral => &["product"],
        Code::AboveAuthority => &["payable", "payable_eur", "authority"],
        Code::FxConverted => &["before", "after", "month"],
        Code::ItemNotCovered | Code::SublimitApplied => &["before", "after", "categories"],
        Code::DepreciationApplied => &["before", "after", "rate_per_year", "max_rate"],
        Code::OtherPayerDeducted => &["before", "after", "other_payer"],
        Code::CoinsuranceApplied => &["before", "after", "reimbursement_rate"],
        Code::DeductibleApplied => &["before", "after", "deductible"],
        Code::LimitCapped => &["before", "after", "limit"],
        Code::AnnualLimitCapped => &["before", "after", "annual_left"],
        Code::NotAClaim | Code::InstructionInjection => &[],
    }
}
