//! Numbers that prove what they are by a checksum: IBAN, NIR, payment cards.

use std::sync::LazyLock;

use regex::Regex;

use crate::labels::{after_nir, after_reference, stands_alone};
use crate::{Found, Kind};

/// Country and length, of the registry of IBANs.
const IBANS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

static IBAN_START: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z]{2} ?\d ?\d").expect("the pattern is constant"));
static DIGITS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d(?:[ .\u{a0}\u{202f}-]?\d){11,18}").expect("the pattern is constant"));
static NIR: LazyLock<Regex> = LazyLock::new(|| {
    let space = r"[ .\u{a0}\u{202f}-]?";
    let parts = ["[123478]", r"\d\d", r"\d\d", r"(?:\d\d|2[ABab])", r"\d{3}", r"\d{3}"].join(space);
    Regex::new(&format!(r"{parts}(?:{space}\d\d)?")).expect("the pattern is constant")
});

pub(crate) fn ibans(text: &str, found: &mut Vec<Found>) {
    let mut next = 0;
    while let Some(start) = IBAN_START.find_at(text, next) {
        next = start.start() + 1;
        let Some(end) = iban_end(text, start.start()) else { continue };
        if alone_before(text, start.start()) {
            found.push(Found { kind: Kind::Iban, at: start.start()..end });
            next = end;
        }
    }
}

fn alone_before(text: &str, at: usize) -> bool {
    !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

/// Where the IBAN that begins at `from` ends, if one does.
fn iban_end(text: &str, from: usize) -> Option<usize> {
    let country = text.get(from..from + 2)?.to_ascii_uppercase();
    let (_, length) = *IBANS.iter().find(|(code, _)| *code == country)?;
    let (mut taken, mut gap) = (String::with_capacity(length), false);
    for (at, letter) in text[from..].char_indices() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => {
                gap = false;
                taken.push(letter.to_ascii_uppercase());
                if taken.len() == length {
                    let end = from + at + 1;
                    let over = !text[end..].chars().next().is_some_and(char::is_alphanumeric);
                    return (over && rest_of_97(&taken) == 1).then_some(end);
                }
            }
            ' ' | '-' | '.' | '\u{a0}' | '\u{202f}' if !gap => gap = true,
            _ => return None,
        }
    }
    None
}

/// The IBAN's digits, its first four characters moved to the end and letters read as 10 to 35, modulo 97.
fn rest_of_97(iban: &str) -> u32 {
    let (head, tail) = iban.split_at(4);
    tail.chars().chain(head.chars()).filter_map(|letter| letter.to_digit(36)).fold(0, |rest, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (rest * shift + value) % 97
    })
}

pub(crate) fn nirs(text: &str, found: &mut Vec<Found>) {
    let mut next = 0;
    while let Some(hit) = NIR.find_at(text, next) {
        next = hit.start() + 1;
        let plain: String = hit.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        let good = match plain.len() {
            15 => nir_key(&plain[..13]) == plain[13..].parse().ok(),
            // Thirteen digits alone may be anything.
            _ => plain_month(&plain) && after_nir(text, hit.start()),
        };
        if good && stands_alone(text, hit.start(), hit.end()) {
            found.push(Found { kind: Kind::Nir, at: hit.range() });
            next = hit.end();
        }
    }
}

fn plain_month(nir: &str) -> bool {
    nir.get(3..5)
        .and_then(|month| month.parse::<u8>().ok())
        .is_some_and(|month| (1..=12).contains(&month) || month >= 20)
}

/// 97 less the number modulo 97; Corsica's letters count as 19 and 18.
fn nir_key(nir: &str) -> Option<u64> {
    if !plain_month(nir) {
        return None;
    }
    let number: u64 = nir.to_ascii_uppercase().replace("2A", "19").replace("2B", "18").parse().ok()?;
    Some(97 - number % 97)
}

pub(crate) fn cards(text: &str, found: &mut Vec<Found>) {
    for hit in DIGITS.find_iter(text) {
        let digits: Vec<u8> = hit.as_str().bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let good = of_a_brand(&digits) && luhn(&digits) && one_separator(hit.as_str());
        if good && stands_alone(text, hit.start(), hit.end()) && !after_reference(text, hit.start()) {
            found.push(Found { kind: Kind::Card, at: hit.range() });
        }
    }
}

fn one_separator(digits: &str) -> bool {
    let mut signs = digits.chars().filter(|letter| !letter.is_ascii_digit());
    signs.next().is_none_or(|first| first != '.' && signs.all(|sign| sign == first))
}

/// The first digits and the length that issuers use together.
fn of_a_brand(digits: &[u8]) -> bool {
    let head = |count: usize| digits.iter().take(count).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    match digits.len() {
        13 => head(1) == 4,
        14 => (300..=305).contains(&head(3)) || matches!(head(2), 36 | 38),
        15 => matches!(head(2), 34 | 37),
        16 => head(1) == 4 || head(1) == 5 || (2221..=2720).contains(&head(4)) || head(1) == 6 || head(2) == 35,
        17..=19 => matches!(head(1), 4 | 6) || head(2) == 50 || (56..=58).contains(&head(2)),
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != digits[0])
}
