//! Takes personal data out of a text before it is embedded, or shown to a model as a precedent.

use std::sync::LazyLock;

use regex::Regex;

/// What gives a person away by its form alone: addresses of mail and pages, account and phone numbers, our
/// references (`USR-1001`, `AZ-AU-25-001889`, `F-5858`).
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
        r"(?:\+|\b00)\d{1,3}(?:[ .()-]{0,2}\d{1,4}){3,6}\b",
        r"\b0\d(?:[ .-]?\d{2}){4}\b",
        r"\b[A-Z]{1,4}(?:-[A-Z]{1,3})?(?:-\d{2,})+\b",
    ];
    let pattern = forms.join("|");
    Regex::new(&pattern).expect("the pattern is constant")
});

const REPLACEMENT: &str = "…";

/// Knows what to take out of the texts of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    known: Option<Regex>,
}

impl Redactor {
    /// `known`: names, addresses, plates and references; matched as whole words, in any case.
    pub(crate) fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().map(str::trim).filter(|word| word.chars().count() >= 3).collect();
        known.sort_by_key(|word| std::cmp::Reverse(word.len()));
        known.dedup();
        if known.is_empty() {
            return Self::default();
        }
        let words: Vec<String> = known.iter().map(|word| regex::escape(word)).collect();
        // Escaped literals always compile unless they are enormous together; forms still go then.
        Self { known: Regex::new(&format!(r"(?i)(?:\b|^)(?:{})(?:\b|$)", words.join("|"))).ok() }
    }

    /// The text without what is known and without what looks personal.
    pub(crate) fn redact(&self, text: &str) -> String {
        let clean = FORMS.replace_all(text, REPLACEMENT);
        match &self.known {
            Some(known) => known.replace_all(&clean, REPLACEMENT).into_owned(),
            None => clean.into_owned(),
        }
    }
}

/// A full name and each of its longer parts.
pub(crate) fn name_parts(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.split_whitespace().filter(|part| part.chars().count() >= 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_goes_and_the_story_stays() {
        let text = "Je soussigné Émile DUPONT (USR-1080), emile.dupont@example.org, +33 6 12 34 56 78, 01 23 45 67 89, \
                    contrat AZ-SA-22-004020, facture F-13567, IBAN FR76 3000 6000 0112 3456 7890 189 : ma voiture \
                    XM-509-WF a été percutée le 12/05/2026, montant 1 430,50 €.";
        let clean = Redactor::new(name_parts("Émile Dupont").chain(["XM-509-WF"])).redact(text);
        for gone in ["DUPONT", "mile", "USR", "example", "12 34", "23 45", "AZ-SA", "13567", "FR76", "XM-509"] {
            assert!(!clean.contains(gone), "{gone} in {clean}");
        }
        for kept in ["ma voiture", "percutée", "12/05/2026", "1 430,50 €"] {
            assert!(clean.contains(kept), "{kept} not in {clean}");
        }
    }
}
