//! Takes personal data out of a text before it is embedded, or shown to a model as a precedent.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::char::is_combining_mark;

use crate::words::fold;

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
    /// Folded words of each known string, under the first of them; longest first.
    known: HashMap<String, Vec<Vec<String>>>,
}

impl Redactor {
    /// `known`: names, addresses, plates and references; matched as whole words, whatever their case, accents and
    /// punctuation.
    pub(crate) fn new<'a>(known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for text in known.into_iter().filter(|text| text.trim().chars().count() >= 3) {
            let words: Vec<String> = words_of(text).into_iter().map(|(_, word)| word).collect();
            if let Some(first) = words.first() {
                by_first.entry(first.clone()).or_default().push(words);
            }
        }
        for candidates in by_first.values_mut() {
            candidates.sort_by_key(|words| std::cmp::Reverse(words.len()));
        }
        Self { known: by_first }
    }

    /// The text without what is known and without what looks personal.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = FORMS.replace_all(text, REPLACEMENT);
        if self.known.is_empty() {
            return text.into_owned();
        }
        let words = words_of(&text);
        let (mut clean, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
        while at < words.len() {
            let length = self.known_at(&words[at..]);
            if length > 0 {
                clean.push_str(&text[copied..words[at].0.start]);
                clean.push_str(REPLACEMENT);
                copied = words[at + length - 1].0.end;
            }
            at += length.max(1);
        }
        clean.push_str(&text[copied..]);
        clean
    }

    /// How many of the next words are a known string.
    fn known_at(&self, words: &[(Range<usize>, String)]) -> usize {
        let candidates = words.first().and_then(|(_, first)| self.known.get(first));
        let matches = |known: &&Vec<String>| {
            known.len() <= words.len() && known.iter().zip(words).all(|(known, (_, word))| known == word)
        };
        candidates.and_then(|candidates| candidates.iter().find(matches)).map_or(0, Vec::len)
    }
}

/// Runs of letters and digits, where they are and folded.
fn words_of(text: &str) -> Vec<(Range<usize>, String)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = letter.is_alphanumeric() || is_combining_mark(letter);
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from..at, fold(&text[from..at])));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// A full name and each of its longer parts.
pub(crate) fn name_parts(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.split_whitespace().filter(|part| part.chars().count() >= 4))
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
