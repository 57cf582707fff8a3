//! Reasons and explanations in English and French.

mod format;
mod letter;
pub(crate) mod placeholders;

use crate::amount::AmountStep;
use crate::codes::{ReasonCode, Tier};
use crate::decision::Reason;
use crate::findings::{Datum, Inputs, Money};
use crate::policy::{Bilingual, Policy};
use crate::reference::Outcome;
use format::rendered;

pub use letter::letter;

/// The same text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub en: String,
    pub fr: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    French,
}

impl Language {
    pub(crate) fn of(self, text: &Bilingual) -> &str {
        match self {
            Self::English => &text.en,
            Self::French => &text.fr,
        }
    }
}

/// Text of a reason for the person who handles the claim.
pub fn reason(code: ReasonCode, inputs: &Inputs, policy: &Policy) -> Text {
    let Some(entry) = policy.code(code) else { return Text::default() };
    Text {
        en: filled(&entry.en, inputs, Language::English, policy),
        fr: filled(&entry.fr, inputs, Language::French, policy),
    }
}

/// One short paragraph for the claimant: the reasons, the steps of the amount, what
/// will be paid.
pub fn explanation(
    outcome: Outcome,
    reasons: &[Reason],
    steps: &[AmountStep],
    (payable, policy): (Option<&Money>, &Policy),
) -> Text {
    let texts = policy.explanations();
    let adjusted = reasons.iter().any(is_adjustment);
    let template = match outcome {
        Outcome::Approve if adjusted => &texts.approve_adjusted,
        Outcome::Approve => &texts.approve,
        Outcome::Deny => &texts.deny,
        Outcome::ManualReview => &texts.manual_review,
    };
    let paragraph = |language: Language| {
        let (adjustments, causes): (Vec<&Reason>, Vec<&Reason>) = reasons.iter().partition(|r| is_adjustment(r));
        let join = |reasons: Vec<&Reason>| {
            let texts = reasons.into_iter().map(|reason| for_claimant(reason, language, policy));
            texts.collect::<Vec<_>>().join("; ")
        };
        let mut inputs: Inputs = vec![
            ("reasons", Datum::Prose(join(causes))),
            ("adjustments", Datum::Prose(capitalised(&join(adjustments)))),
        ];
        inputs.extend(payable.cloned().map(|money| ("payable", Datum::Money(money))));
        inputs.extend(steps.first().map(|step| ("claimed", Datum::Money(step.before.clone()))));
        let text = filled(language.of(template), &inputs, language, policy);
        // French sets a space before the semicolon.
        if language == Language::French { text.replace("; ", " ; ").replace("  ;", " ;") } else { text }
    };
    Text { en: paragraph(Language::English), fr: paragraph(Language::French) }
}

/// What the claimant reads when an agent asked for a second look.
pub fn second_look(policy: &Policy) -> Text {
    let text = &policy.explanations().agent_disagrees;
    Text { en: text.en.clone(), fr: text.fr.clone() }
}

fn is_adjustment(reason: &Reason) -> bool {
    reason.code.tier() == Tier::Approval && reason.code != ReasonCode::Covered
}

fn for_claimant(reason: &Reason, language: Language, policy: &Policy) -> String {
    let entry = policy.code(reason.code);
    let own = entry.and_then(|entry| match language {
        Language::English => entry.claimant_en.as_deref(),
        Language::French => entry.claimant_fr.as_deref(),
    });
    match (own, language) {
        (Some(template), _) => filled(template, &reason.inputs, language, policy),
        (None, Language::English) => reason.text.en.clone(),
        (None, Language::French) => reason.text.fr.clone(),
    }
}

/// Fills `{name}` from the inputs. A name without a value leaves nothing behind.
fn filled(template: &str, inputs: &Inputs, language: Language, policy: &Policy) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        if let Some((_, value)) = inputs.iter().find(|(known, _)| *known == name) {
            out.push_str(&rendered(value, language, policy));
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
