//! The policy as data: read from YAML, checked before it is used.

mod valid;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_decimal::Decimal;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::codes::{ReasonCode, Tier};
use crate::facts::Field;
use crate::money;
use crate::peril::{Peril, Product};

const EMBEDDED: &str = include_str!("../../policy.yaml");
/// Larger policy files are refused unread.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Parameters, authority, mandatory fields, codes and texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub version: String,
    /// Of the file, in hexadecimal: two policies that call themselves alike are told apart.
    #[serde(skip)]
    pub sha256: String,
    pub parameters: Thresholds,
    /// In EUR.
    pub authority: BTreeMap<Product, Authority>,
    pub mandatory: Mandatory,
    pub perils: BTreeMap<Product, Vec<Peril>>,
    pub titles: Vec<String>,
    codes: Vec<CodeEntry>,
    labels: BTreeMap<String, Bilingual>,
    explanations: Explanations,
    letter: LetterTexts,
    words: BTreeMap<String, Bilingual>,
}

/// Section 3 of the policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    #[serde(deserialize_with = "money::rate")]
    pub document_confidence_min: Decimal,
    #[serde(deserialize_with = "money::rate")]
    pub field_confidence_min: Decimal,
    #[serde(deserialize_with = "money::rate")]
    pub decision_confidence_min: Decimal,
    #[serde(deserialize_with = "money::amount")]
    pub items_total_tolerance: Decimal,
    pub name_edit_distance: usize,
    pub duplicate_window_days: u32,
    #[serde(deserialize_with = "money::amount")]
    pub duplicate_amount_tolerance: Decimal,
    pub early_claim_days: u32,
    pub frequent_claims: usize,
    pub frequency_window_days: u32,
    #[serde(deserialize_with = "money::rate")]
    pub near_limit_share: Decimal,
    pub time_bar_years: u32,
    pub weak_flags_for_referral: usize,
    #[serde(deserialize_with = "money::rate")]
    pub inferred_fact_confidence: Decimal,
    #[serde(deserialize_with = "money::rate")]
    pub unnamed_contract_factor: Decimal,
    #[serde(deserialize_with = "money::rate")]
    pub precedent_penalty: Decimal,
    pub precedents_compared: usize,
    pub precedents_for_divergence: usize,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub struct Authority(#[serde(deserialize_with = "money::amount")] pub Decimal);

/// Which fields a claim must state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandatory {
    always: Vec<Field>,
    /// One of these is enough.
    pub any_of: Vec<Field>,
    by_product: BTreeMap<Product, Vec<Field>>,
    by_peril: BTreeMap<Peril, Vec<Field>>,
}

impl Mandatory {
    /// Fields that must be stated, `any_of` aside.
    pub fn fields(&self, product: Option<Product>, peril: Option<Peril>) -> BTreeSet<Field> {
        let of_product = product.and_then(|product| self.by_product.get(&product));
        let of_peril = peril.and_then(|peril| self.by_peril.get(&peril));
        let lists = [Some(&self.always), of_product, of_peril];
        lists.into_iter().flatten().flatten().copied().collect()
    }
}

/// The same text in English and French.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    pub en: String,
    pub fr: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    pub code: ReasonCode,
    pub tier: Tier,
    /// Section of the policy, and the article of law where there is one.
    pub article: String,
    pub en: String,
    pub fr: String,
    /// What the claimant reads instead of `en`.
    #[serde(default)]
    pub claimant_en: Option<String>,
    #[serde(default)]
    pub claimant_fr: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanations {
    pub approve: Bilingual,
    pub approve_adjusted: Bilingual,
    pub deny: Bilingual,
    pub manual_review: Bilingual,
    pub agent_disagrees: Bilingual,
}

/// What stands around the explanation in a letter to the claimant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterTexts {
    pub subject: Bilingual,
    pub greeting: Bilingual,
    /// Above the steps of the amount.
    pub amounts: Bilingual,
    pub clauses: Bilingual,
    /// What a claimant who disagrees can do; after a payment or a refusal.
    pub contest: Bilingual,
    /// What happens next; after a review.
    pub waiting: Bilingual,
    pub closing: Bilingual,
}

/// Why a policy file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("policy file {path} cannot be read: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("policy file {path} is larger than {LARGEST_FILE} bytes")]
    TooLarge { path: String },
    #[error("policy is not well formed: {0}")]
    Malformed(#[from] serde_saphyr::Error),
    #[error("policy {key}: {rule}")]
    Invalid { key: String, rule: &'static str },
}

impl Policy {
    /// The policy this version was built with.
    pub fn embedded() -> Result<Self, PolicyError> {
        Self::load(EMBEDDED)
    }

    /// The file of [`Policy::embedded`].
    pub fn embedded_text() -> &'static str {
        EMBEDDED
    }

    /// Reads and checks a policy file.
    pub fn from_path(path: &Path) -> Result<Self, PolicyError> {
        let name = || path.display().to_string();
        let unreadable = |source| PolicyError::Unreadable { path: name(), source };
        if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE {
            return Err(PolicyError::TooLarge { path: name() });
        }
        Self::load(&std::fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Reads and checks a policy. The error names the key and the rule it breaks.
    pub fn load(yaml: &str) -> Result<Self, PolicyError> {
        let mut policy: Self = serde_saphyr::from_str(yaml)?;
        policy.check()?;
        policy.sha256 = hex::encode(Sha256::digest(yaml));
        Ok(policy)
    }

    /// Every code with its tier, article and texts, in output order.
    pub fn codes(&self) -> &[CodeEntry] {
        &self.codes
    }

    /// Text and article of a code.
    pub fn code(&self, code: ReasonCode) -> Option<&CodeEntry> {
        self.codes.iter().find(|entry| entry.code == code)
    }

    pub fn explanations(&self) -> &Explanations {
        &self.explanations
    }

    pub fn letter(&self) -> &LetterTexts {
        &self.letter
    }

    pub fn label(&self, key: &str) -> Option<&Bilingual> {
        self.labels.get(key)
    }

    pub fn word(&self, key: &str) -> Option<&Bilingual> {
        self.words.get(key)
    }

    /// Zero for a product without an entry: nothing is settled automatically.
    pub fn authority(&self, product: Product) -> Decimal {
        self.authority.get(&product).map_or(Decimal::ZERO, |authority| authority.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_policy_is_valid() {
        let policy = Policy::embedded().expect("the embedded policy");
        assert_eq!(policy.authority(Product::Travel), Decimal::from(1500));
        assert_eq!(policy.codes().len(), ReasonCode::ALL.len());
    }

    #[test]
    fn a_broken_policy_is_refused_by_name() {
        for (from, to, named) in [
            ("document_confidence_min: 0.60", "document_confidence_min: 1.5", "document_confidence_min"),
            ("near_limit_share: 0.90", "near_limit_sahre: 0.90", "near_limit_sahre"),
            ("  life: 0", "  life: -1", "authority.life"),
            ("{incident_country}, outside", "{country}, outside", "{country}"),
            ("  - code: NOT_A_CLAIM", "  - code: NOT_A_CLAM", "NOT_A_CLAM"),
            ("tier: refusal", "tier: referral", "NO_ACTIVE_CONTRACT.tier"),
            ("  collision: { en: \"collision\", fr: \"collision\" }\n", "", "words.collision"),
            ("always: [claimant_name, peril,", "always: [claimant_name,", "peril"),
        ] {
            let text = EMBEDDED.replacen(from, to, 1);
            assert_ne!(text, EMBEDDED, "{from}");
            let error = Policy::load(&text).expect_err(from).to_string();
            assert!(error.contains(named), "{named} in {error}");
        }
    }
}
