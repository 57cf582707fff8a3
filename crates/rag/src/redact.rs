//! Takes personal data, and every reference that leads to somebody, out of a text before it is embedded, or shown to a
//! model as a precedent.

use privacy::{Detector, Kind, Known};

pub(crate) use privacy::name_parts;

const REPLACEMENT: &str = "…";

/// Knows what to take out of the texts of one person.
#[derive(Debug, Clone)]
pub(crate) struct Redactor(Detector);

impl Default for Redactor {
    fn default() -> Self {
        Self::new([])
    }
}

impl Redactor {
    /// `known`: names, addresses, plates, dates of birth and references; matched as whole words, whatever their case,
    /// accents and punctuation.
    pub(crate) fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Known::default();
        for text in known {
            // What each is does not matter here: all of it goes. A date is known in any of its forms.
            let kind = match text.parse::<jiff::civil::Date>() {
                Ok(_) => Kind::DateOfBirth,
                Err(_) => Kind::Name,
            };
            all.add(kind, text);
        }
        Self(Detector::new(all).and_references())
    }

    /// The text without what is known and without what looks personal.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.replace(text, |_| REPLACEMENT.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_go_whatever_their_accents_case_and_hyphens() {
        let redactor = Redactor::new(["Émile Dupont-Aignan", "12 rue de la Paix", "xm509", "Jo"]);
        for (text, expected) in [
            ("EMILE DUPONT AIGNAN a dit", "… a dit"),
            ("au 12, Rue de la paix.", "au …."),
            ("Emile seul, la rue de la Paix, XM 510, Joël", "Emile seul, la rue de la Paix, XM 510, Joël"),
            ("XM509", "…"),
            ("", ""),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
    }

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
