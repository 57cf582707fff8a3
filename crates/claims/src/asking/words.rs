//! Words and numbers of a text, as questions, passages and answers are compared by them.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters of a word that count: "covered" and "coverage" are one word, "franchise" and "franchises" too.
const STEM: usize = 5;
/// Words that say nothing of what is asked.
const EMPTY: &str = "the and for that this with was were are not has have had does did what which who when where why how \
    from into its his her they them their been being will would can could may might should there here than then also \
    about under because les des une est sont pas que qui quoi quel quelle quels quelles quand comment pourquoi dans par \
    pour sur avec sans cette ces son ses leur leurs elle elles ils aux ont été être avoir fait plus donc car mais claim \
    sinistre dossier please evidence according stated states states based document selon indique";

const MONTHS: [(&str, &str); 12] = [
    ("janua", "janvi"),
    ("febru", "fevri"),
    ("march", "mars"),
    ("april", "avril"),
    ("may", "mai"),
    ("june", "juin"),
    ("july", "juill"),
    ("augus", "aout"),
    ("septe", "septe"),
    ("octob", "octob"),
    ("novem", "novem"),
    ("decem", "decem"),
];

/// Without accents and capitals.
pub(super) fn folded(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

/// The beginnings of the words that say something, numbers left out.
pub(super) fn stems(text: &str) -> HashSet<String> {
    let text = folded(text).replace('œ', "oe");
    let words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.chars().count() >= 3);
    words.filter(|word| !is_empty(word)).map(|word| word.chars().take(STEM).collect()).collect()
}

fn is_empty(word: &str) -> bool {
    EMPTY.split_whitespace().any(|empty| folded(empty) == word)
}

/// The whole numbers in it: of `1 187,92` 1187 and 92, of 30 April 2026 30, 4 and 2026.
pub(super) fn numbers(text: &str) -> HashSet<String> {
    let text = folded(text);
    let letters: Vec<char> = text.chars().collect();
    let mut found = HashSet::new();
    let mut at = 0;
    while at < letters.len() {
        let (mut run, mut group) = (String::new(), 0);
        while let Some(letter) = letters.get(at) {
            if letter.is_ascii_digit() {
                run.push(*letter);
                group += 1;
            } else if (1..=3).contains(&group) && groups_thousands(&letters[at..]) {
                group = 0;
            } else {
                break;
            }
            at += 1;
        }
        if run.is_empty() {
            at += 1;
        } else {
            found.insert(plain(&run));
        }
    }
    let words: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for (at, word) in words.iter().enumerate() {
        let stem: String = word.chars().take(STEM).collect();
        let number =
            |beside: Option<&&str>| beside.is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let beside = number(words.get(at + 1)) || number(at.checked_sub(1).and_then(|before| words.get(before)));
        // "may" is a verb more often than a month.
        let named = |name: &str| stem == name && (name != "may" || beside);
        let month = MONTHS.iter().position(|(english, french)| named(english) || named(french));
        found.extend(month.map(|month| (month + 1).to_string()));
    }
    found
}

/// A mark with just three digits behind it.
fn groups_thousands(rest: &[char]) -> bool {
    let digit = |offset: usize| rest.get(offset).is_some_and(char::is_ascii_digit);
    matches!(rest.first(), Some(',' | '.' | ' ' | '\u{a0}' | '\u{202f}'))
        && digit(1)
        && digit(2)
        && digit(3)
        && !digit(4)
}

fn plain(digits: &str) -> String {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".into() } else { trimmed.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_and_dates_of_any_habit_have_the_same_numbers() {
        let set = |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<HashSet<_>>();
        for (text, expected) in [
            ("1 187,92 €", set(&["1187", "92"])),
            ("EUR 1,187.92", set(&["1187", "92"])),
            ("1187.92", set(&["1187", "92"])),
            ("12,500,000", set(&["12500000"])),
            ("30/04/2026", set(&["30", "4", "2026"])),
            ("2026-04-30", set(&["30", "4", "2026"])),
            ("le 30 avril 2026", set(&["30", "4", "2026"])),
            ("it may be 400", set(&["400"])),
            ("30 May 2026", set(&["30", "5", "2026"])),
            ("AZ-AU-25-002309", set(&["25", "2309"])),
            ("in 2026 123 claims", set(&["2026", "123"])),
            ("0.00", set(&["0"])),
            ("none", set(&[])),
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
    }

    #[test]
    fn one_word_in_many_forms_is_one_stem() {
        assert_eq!(stems("franchise"), stems("Franchises"));
        assert_eq!(stems("covered"), stems("coverage"));
        assert_eq!(stems("dégât"), stems("DEGAT"));
        assert!(stems("What is the, and for this claim?").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in ".{0,200}") {
            let _ = (numbers(&text), stems(&text));
        }
    }
}
