//! What is known of a person beforehand: the strings of their record, found as whole words.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::Date;

use crate::fold::words_of;
use crate::{Found, Kind};

/// Shorter strings are words of the language more often than anybody's.
const SHORTEST: usize = 3;
/// Months that are names too.
const MONTHS: [&str; 4] = ["mai", "may", "jan", "jun"];

/// Strings of one person's record with what they are.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Folded words of each string, under the first of them; longest first.
    by_first: HashMap<String, Vec<(Vec<String>, Kind)>>,
    births: Vec<Date>,
}

impl Known {
    /// Matched as whole words, whatever their case, accents and punctuation. A date of birth in any of its forms.
    pub fn add(&mut self, kind: Kind, text: &str) {
        if kind == Kind::DateOfBirth
            && let Some(date) = text.get(..10).and_then(|day| day.parse().ok())
        {
            self.births.push(date);
            return;
        }
        if text.trim().chars().count() < SHORTEST {
            return;
        }
        let words: Vec<String> = words_of(text).into_iter().map(|(_, word)| word).collect();
        let Some(first) = words.first() else { return };
        let candidates = self.by_first.entry(first.clone()).or_default();
        let known = (words, kind);
        if !candidates.contains(&known) {
            candidates.push(known);
            candidates.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
    }

    /// The same, for a name and each of its parts.
    pub fn add_name(&mut self, name: &str) {
        name_parts(name).for_each(|part| self.add(Kind::Name, part));
    }

    pub fn is_empty(&self) -> bool {
        self.by_first.is_empty() && self.births.is_empty()
    }

    pub(crate) fn births(&self) -> &[Date] {
        &self.births
    }

    pub(crate) fn find(&self, text: &str, found: &mut Vec<Found>) {
        if self.by_first.is_empty() {
            return;
        }
        let words = words_of(text);
        let mut at = 0;
        while at < words.len() {
            match self.at(&words[at..], text) {
                Some((length, kind)) => {
                    found.push(Found { kind, at: words[at].0.start..words[at + length - 1].0.end });
                    at += length;
                }
                None => at += 1,
            }
        }
    }

    /// How many of the next words are a known string, and which kind.
    fn at(&self, words: &[(Range<usize>, String)], text: &str) -> Option<(usize, Kind)> {
        let (place, first) = words.first()?;
        let matches = |known: &&(Vec<String>, Kind)| {
            let (known, kind) = known;
            known.len() <= words.len()
                && known.iter().zip(words).all(|(known, (_, word))| known == word)
                && (*kind != Kind::Name || known.len() > 1 || is_a_name(&text[place.clone()], first))
        };
        self.by_first.get(first)?.iter().find(matches).map(|(words, kind)| (words.len(), *kind))
    }
}

/// A short part of a name counts only with a capital: `Léa`, not `rob`.
fn is_a_name(written: &str, folded: &str) -> bool {
    folded.chars().count() > SHORTEST
        || (written.chars().next().is_some_and(char::is_uppercase) && !MONTHS.contains(&folded))
}

/// A full name and each of its parts that is long enough to be told from a word.
pub fn name_parts(name: &str) -> impl Iterator<Item = &str> {
    let part = move |part: &&str| part.chars().count() >= SHORTEST && *part != name;
    std::iter::once(name).chain(name.split_whitespace().filter(part))
}
