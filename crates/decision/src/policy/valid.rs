//! What must hold of a policy before it is used.

use rust_decimal::Decimal;

use super::{Policy, PolicyError};
use crate::codes::{ReasonCode, Tier};
use crate::facts::Field;
use crate::peril::{Peril, Product};
use crate::texts::placeholders;

impl Policy {
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        self.check_thresholds()?;
        self.check_products()?;
        self.check_codes()?;
        self.check_letter()?;
        self.check_words()
    }

    fn check_thresholds(&self) -> Result<(), PolicyError> {
        let p = &self.parameters;
        let shares = [
            ("document_confidence_min", p.document_confidence_min),
            ("field_confidence_min", p.field_confidence_min),
            ("decision_confidence_min", p.decision_confidence_min),
            ("near_limit_share", p.near_limit_share),
            ("inferred_fact_confidence", p.inferred_fact_confidence),
            ("unnamed_contract_factor", p.unnamed_contract_factor),
            ("precedent_penalty", p.precedent_penalty),
        ];
        for (key, share) in shares {
            if share < Decimal::ZERO || share > Decimal::ONE {
                return invalid(format!("parameters.{key}"), "must be between 0 and 1");
            }
        }
        let tolerances = [
            ("items_total_tolerance", p.items_total_tolerance),
            ("duplicate_amount_tolerance", p.duplicate_amount_tolerance),
        ];
        for (key, tolerance) in tolerances {
            if tolerance < Decimal::ZERO {
                return invalid(format!("parameters.{key}"), "must not be negative");
            }
        }
        if self.version.trim().is_empty() {
            return invalid("version".into(), "must not be empty");
        }
        Ok(())
    }

    fn check_products(&self) -> Result<(), PolicyError> {
        for product in Product::ALL {
            let name = product.as_str();
            match self.authority.get(&product) {
                None => return invalid(format!("authority.{name}"), "must be given"),
                Some(amount) if amount.0 < Decimal::ZERO => {
                    return invalid(format!("authority.{name}"), "must not be negative");
                }
                Some(_) => {}
            }
            if !self.mandatory.by_product.contains_key(&product) {
                return invalid(format!("mandatory.by_product.{name}"), "must be given");
            }
            if self.perils.get(&product).is_none_or(Vec::is_empty) {
                return invalid(format!("perils.{name}"), "must name at least one peril");
            }
        }
        if self.perils.values().flatten().any(|peril| *peril == Peril::Unknown) {
            return invalid("perils".into(), "must be known peril codes");
        }
        // Without these no later check can be made.
        for field in [Field::Peril, Field::IncidentDate, Field::IncidentCountry] {
            if !self.mandatory.always.contains(&field) {
                return invalid(format!("mandatory.always: {}", field.as_str()), "must be listed");
            }
        }
        Ok(())
    }

    fn check_codes(&self) -> Result<(), PolicyError> {
        let listed: Vec<ReasonCode> = self.codes.iter().map(|entry| entry.code).collect();
        if listed != ReasonCode::ALL {
            return invalid("codes".into(), "must list every code once, in output order");
        }
        for entry in &self.codes {
            let code = entry.code;
            if entry.tier != code.tier() {
                return invalid(format!("codes.{code}.tier"), "must be the tier of the code");
            }
            let claimant = entry.claimant_en.iter().chain(&entry.claimant_fr);
            for text in [&entry.en, &entry.fr].into_iter().chain(claimant) {
                check_text(&format!("codes.{code}"), text, placeholders::of(code))?;
            }
            let adjusts = code.tier() == Tier::Approval && code != ReasonCode::Covered;
            if adjusts && !self.labels.contains_key(code.as_str()) {
                return invalid(format!("labels.{code}"), "must be given");
            }
        }
        let texts = &self.explanations;
        for (key, text) in [
            ("approve", &texts.approve),
            ("approve_adjusted", &texts.approve_adjusted),
            ("deny", &texts.deny),
            ("manual_review", &texts.manual_review),
            ("agent_disagrees", &texts.agent_disagrees),
        ] {
            for text in [&text.en, &text.fr] {
                check_text(&format!("explanations.{key}"), text, placeholders::EXPLANATION)?;
            }
        }
        Ok(())
    }

    fn check_letter(&self) -> Result<(), PolicyError> {
        let texts = &self.letter;
        for (key, text) in [
            ("subject", &texts.subject),
            ("greeting", &texts.greeting),
            ("amounts", &texts.amounts),
            ("clauses", &texts.clauses),
            ("contest", &texts.contest),
            ("waiting", &texts.waiting),
            ("closing", &texts.closing),
        ] {
            for text in [&text.en, &text.fr] {
                check_text(&format!("letter.{key}"), text, placeholders::LETTER)?;
            }
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), PolicyError> {
        let perils = Peril::ALL.iter().map(|peril| peril.as_str());
        let products = Product::ALL.iter().map(|product| product.as_str());
        let fields = Field::ALL.iter().map(|field| field.as_str());
        for word in perils.chain(products).chain(fields).chain(placeholders::WORDS.iter().copied()) {
            if !self.words.contains_key(word) {
                return invalid(format!("words.{word}"), "must be given");
            }
        }
        if !self.labels.contains_key("claimed") {
            return invalid("labels.claimed".into(), "must be given");
        }
        Ok(())
    }
}

fn check_text(key: &str, text: &str, known: &[&str]) -> Result<(), PolicyError> {
    if text.trim().is_empty() {
        return invalid(key.into(), "text must not be empty");
    }
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            return invalid(key.into(), "a placeholder is not closed");
        };
        if !known.contains(&name) {
            return invalid(format!("{key}: {{{name}}}"), "is not a placeholder of this text");
        }
        rest = tail;
    }
    Ok(())
}

fn invalid<T>(key: String, rule: &'static str) -> Result<T, PolicyError> {
    Err(PolicyError::Invalid { key, rule })
}
