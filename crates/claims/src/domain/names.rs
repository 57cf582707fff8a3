//! Names in a model's closing words: people, firms and numbers of contracts that no evidence told it.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words kept of what a run's tools gave; what comes after them is not known.
const MOST_WORDS: usize = 50_000;
/// Written large by habit, naming nobody.
const COMMON: &str = "I Claim Claims Policy Policyholder Insurer Insured Contract Decision Reason Amount Clause Article \
    Section Deductible Limit Manual Review Approved Approve Denied Deny Refused Payable Total Customer Home Auto Health \
    Travel Sinistre Assuré Assurée Assureur Assurance Contrat Décision Motif Montant Franchise Plafond Approuvé Accordé \
    Refusé Gestionnaire Monsieur Madame Mr Mrs Ms M Mme Habitation Santé Voyage";

/// Words that were seen, without accents and capitals.
#[derive(Clone, Default)]
pub struct Vocabulary(HashSet<String>);

/// The words are personal data.
impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vocabulary of {} words", self.0.len())
    }
}

impl Vocabulary {
    pub fn learn(&mut self, text: &str) {
        for word in pieces(text) {
            if self.0.len() >= MOST_WORDS {
                return;
            }
            self.0.insert(folded(word));
        }
    }

    fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.learn(text);
        words
    }

    /// Whether every name in `text` was seen here or in `more`. A name is a word with a capital that begins no
    /// sentence, or a number with letters in it.
    pub fn tells_of_all_in(&self, text: &str, more: &str) -> bool {
        let (more, common) = (Self::of(more), Self::of(COMMON));
        let known = |word: &str| [self, &more, &common].iter().any(|words| words.0.contains(&folded(word)));
        let mut begins = true;
        text.split_whitespace().all(|token| {
            let number = token.chars().any(char::is_alphabetic) && token.chars().any(|letter| letter.is_ascii_digit());
            let all = pieces(token).all(|word| {
                let named = word.chars().count() > 1 && word.starts_with(char::is_uppercase) && !begins;
                begins = false;
                !(named || number) || known(word)
            });
            begins = token.ends_with(['.', '!', '?', ':', ';']);
            all
        })
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn folded(word: &str) -> String {
    word.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVIDENCE: &str =
        r#"{"full_name":"Hélène Dupont-Lévy","contract":"HAB-2024-0017","provider":"Toitures MARTIN SARL"}"#;

    #[test]
    fn names_that_the_evidence_tells_may_be_said_and_no_others() {
        let seen = Vocabulary::of(EVIDENCE);
        for (text, expected) in [
            ("The claim of Helene Dupont-Levy is approved under HAB-2024-0017.", true),
            ("Le devis de Toitures Martin est pris en charge.", true),
            ("Approved. Payment goes to the policyholder.", true),
            ("The claim of Jean Durand is approved.", false),
            ("Approved for Martin Roofing.", false),
            ("Approved under contract HAB-2024-0018.", false),
            ("The Claim is Approved by the Insurer, I confirm.", true),
            ("", true),
        ] {
            assert_eq!(seen.tells_of_all_in(text, ""), expected, "{text}");
        }
        assert!(seen.tells_of_all_in("Approved for Durand.", "Durand"));
    }

    proptest! {
        #[test]
        fn whatever_is_seen_may_be_said(text in "\\PC{0,120}") {
            prop_assert!(Vocabulary::of(&text).tells_of_all_in(&text, ""));
        }
    }
}
