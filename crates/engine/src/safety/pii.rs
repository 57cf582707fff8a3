//! Personal data in text: found by form and, where there is one, by check digit.

use std::sync::LazyLock;

use regex::Regex;

use super::Violation;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Email,
    Iban,
    Card,
    SocialSecurity,
    Phone,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Card => "card_number",
            Self::SocialSecurity => "social_security_number",
            Self::Phone => "phone_number",
        }
    }
}

type Detector = (Kind, LazyLock<Option<Regex>>, fn(&str) -> bool);

static DETECTORS: [Detector; 5] = [
    (
        Kind::Email,
        LazyLock::new(|| Regex::new(r"(?i)\b[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b").ok()),
        |_| true,
    ),
    (Kind::Iban, LazyLock::new(|| Regex::new(r"(?i)\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,30}").ok()), iban),
    (Kind::Card, LazyLock::new(|| Regex::new(r"\b\d(?:[ -]?\d){12,18}\b").ok()), card),
    (
        Kind::SocialSecurity,
        LazyLock::new(|| Regex::new(r"(?i)\b[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ab]) ?\d{3} ?\d{3}(?: |/)?\d{2}\b").ok()),
        social_security,
    ),
    (
        Kind::Phone,
        LazyLock::new(|| {
            Regex::new(r"(?:\+33|\b0033|\b0) ?(?:\(0\) ?)?[1-9](?:[ .-]?\d{2}){4}\b|\+\d{1,3}(?:[ .-]?\d){7,12}\b").ok()
        }),
        |_| true,
    ),
];

/// The kinds of personal data in `text`, each once.
pub fn kinds(text: &str) -> Vec<Kind> {
    let holds = |(kind, form, real): &'static Detector| {
        let form = form.as_ref()?;
        form.find_iter(text).any(|found| real(found.as_str())).then_some(*kind)
    };
    DETECTORS.iter().filter_map(holds).collect()
}

pub fn check(text: &str) -> Option<Violation> {
    let names: Vec<String> = kinds(text).into_iter().map(|kind| kind.name().to_owned()).collect();
    (!names.is_empty())
        .then(|| Violation::new("The message holds personal data that may not be processed here.", &names))
}

fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_alphanumeric)
}

/// The form allows spaces, so it takes the words behind a number with it: they are left off one by one.
fn iban(found: &str) -> bool {
    std::iter::successors(Some(found), |text| text.rfind(' ').map(|at| &text[..at])).any(iban_checks)
}

/// ISO 13616: the country and check digits moved behind, letters as numbers, remainder 1 of 97.
fn iban_checks(text: &str) -> bool {
    let letters: Vec<char> = plain(text).collect();
    if !(15..=34).contains(&letters.len()) {
        return false;
    }
    let turned = letters[4..].iter().chain(&letters[..4]);
    let remainder = turned.fold(0_u32, |rest, letter| {
        let value = letter.to_digit(36).unwrap_or(0);
        (if value < 10 { rest * 10 + value } else { rest * 100 + value }) % 97
    });
    remainder == 1
}

/// One number in ten passes by chance, so what is surely something else is not a card.
fn card(text: &str) -> bool {
    luhn(text) && !social_security(text)
}

fn luhn(text: &str) -> bool {
    let digits: Vec<u32> = plain(text).filter_map(|digit| digit.to_digit(10)).collect();
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, _) => *digit,
        (_, twice) if twice > 9 => twice - 9,
        (_, twice) => twice,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

/// The key is 97 less the remainder of the thirteen first digits; Corsica's `2A` and `2B` count as 19 and 18.
fn social_security(text: &str) -> bool {
    let letters: String = plain(text).collect::<String>().to_ascii_uppercase();
    if letters.len() != 15 {
        return false;
    }
    let (number, key) = letters.split_at(13);
    let number = number.replace("2A", "19").replace("2B", "18");
    let month: u32 = number.get(3..5).and_then(|month| month.parse().ok()).unwrap_or(0);
    match (number.parse::<u64>(), key.parse::<u64>()) {
        (Ok(number), Ok(key)) => month >= 1 && 97 - number % 97 == key,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_real_is_found_and_what_only_looks_so_is_not() {
        let cases = [
            ("write to ann.b+c@mail.example.fr.", Some(Kind::Email)),
            ("IBAN FR76 3000 6000 0112 3456 7890 189 merci", Some(Kind::Iban)),
            ("IBAN FR76 3000 6000 0112 3456 7890 188 merci", None),
            ("carte 4111 1111 1111 1111", Some(Kind::Card)),
            ("dossier 4111 1111 1111 1112", None),
            ("n° 2 55 08 14 168 025 38", Some(Kind::SocialSecurity)),
            ("n° 255081416802539", None),
            ("appelez le 06 12 34 56 78", Some(Kind::Phone)),
            ("call +44 20 7946 0958", Some(Kind::Phone)),
            ("claim CLM-2024-000123 of 1 430,50 € on 12/03/2024", None),
        ];
        for (text, kind) in cases {
            assert_eq!(kinds(text), kind.into_iter().collect::<Vec<_>>(), "{text}");
        }
        let violation = check("ann@mail.example and 06 12 34 56 78").unwrap();
        assert_eq!(violation.kinds(), ["email", "phone_number"]);
        assert!(!format!("{violation:?}").contains("ann@"), "what was found is not repeated");
    }
}
