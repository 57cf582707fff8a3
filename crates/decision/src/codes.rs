//! Reason codes of the policy, in the order in which they are reported.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a code leads to when nothing stronger fired. Stronger tiers come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The facts cannot be relied on: a person decides, whatever else was found.
    Integrity,
    /// A contract or legal term rules payment out.
    Refusal,
    /// A person decides although the claim could be payable.
    Referral,
    /// Explains an approval.
    Approval,
}

macro_rules! reason_codes {
    ($($variant:ident = $text:literal, $tier:ident;)*) => {
        /// A reason for the outcome; `Ord` is the output order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        pub enum ReasonCode {
            $(#[serde(rename = $text)] $variant,)*
        }

        impl ReasonCode {
            /// Every code, in output order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub fn tier(self) -> Tier {
                match self { $(Self::$variant => Tier::$tier,)* }
            }
        }
    };
}

reason_codes! {
    DocUnreadable = "DOC_UNREADABLE", Integrity;
    NotAClaim = "NOT_A_CLAIM", Integrity;
    OcrLowConfidence = "OCR_LOW_CONFIDENCE", Integrity;
    InstructionInjection = "INSTRUCTION_INJECTION", Integrity;
    IdentityMismatch = "IDENTITY_MISMATCH", Integrity;
    ContractMismatch = "CONTRACT_MISMATCH", Integrity;
    MissingMandatoryField = "MISSING_MANDATORY_FIELD", Integrity;
    ConflictingEvidence = "CONFLICTING_EVIDENCE", Integrity;
    NoActiveContract = "NO_ACTIVE_CONTRACT", Refusal;
    PerilNotCovered = "PERIL_NOT_COVERED", Refusal;
    ExclusionApplies = "EXCLUSION_APPLIES", Refusal;
    OutsideTerritory = "OUTSIDE_TERRITORY", Refusal;
    WaitingPeriod = "WAITING_PERIOD", Refusal;
    TimeBarred = "TIME_BARRED", Refusal;
    LateNoticeForfeiture = "LATE_NOTICE_FORFEITURE", Refusal;
    DuplicateConfirmed = "DUPLICATE_CONFIRMED", Refusal;
    BelowDeductible = "BELOW_DEDUCTIBLE", Refusal;
    AnnualLimitExhausted = "ANNUAL_LIMIT_EXHAUSTED", Refusal;
    ContractAmbiguous = "CONTRACT_AMBIGUOUS", Referral;
    CurrencyUnsupported = "CURRENCY_UNSUPPORTED", Referral;
    LateNotice = "LATE_NOTICE", Referral;
    ExclusionSuspected = "EXCLUSION_SUSPECTED", Referral;
    MissingSupportingDocument = "MISSING_SUPPORTING_DOCUMENT", Referral;
    DuplicateSuspected = "DUPLICATE_SUSPECTED", Referral;
    FraudRedFlags = "FRAUD_RED_FLAGS", Referral;
    LifeReferral = "LIFE_REFERRAL", Referral;
    AboveAuthority = "ABOVE_AUTHORITY", Referral;
    Covered = "COVERED", Approval;
    FxConverted = "FX_CONVERTED", Approval;
    ItemNotCovered = "ITEM_NOT_COVERED", Approval;
    DepreciationApplied = "DEPRECIATION_APPLIED", Approval;
    SublimitApplied = "SUBLIMIT_APPLIED", Approval;
    OtherPayerDeducted = "OTHER_PAYER_DEDUCTED", Approval;
    CoinsuranceApplied = "COINSURANCE_APPLIED", Approval;
    DeductibleApplied = "DEDUCTIBLE_APPLIED", Approval;
    LimitCapped = "LIMIT_CAPPED", Approval;
    AnnualLimitCapped = "ANNUAL_LIMIT_CAPPED", Approval;
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
