//! What gives a person away by its form: addresses of mail and of houses, phone numbers, plates, references.

use std::sync::LazyLock;

use regex::Regex;

use crate::labels::{after_phone, after_plate, after_reference, stands_alone};
use crate::{Found, Kind};

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is constant")
}

static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[\p{L}\d_.+%-]+(?:@|\s?\[at\]\s?|\(at\))[\p{L}\d-]+(?:\.[\p{L}\d-]+)+"));

pub(crate) fn emails(text: &str, found: &mut Vec<Found>) {
    found.extend(EMAIL.find_iter(text).map(|hit| Found { kind: Kind::Email, at: hit.range() }));
}

static INTERNATIONAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:\+|\b00)\d{1,3}(?:[ .()\u{a0}\u{202f}-]{0,3}\d{1,4}){3,6}"));
static FRENCH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b0[1-9](?:[ .\u{a0}\u{202f}-]?\d{2}){4}"));
/// Britain, Ireland and North America group their numbers; a bare run of digits is left to its label.
static GROUPED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}\b|\(\d{3,5}\) ?\d{3,4}[ -]?\d{3,4}\b|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b")
});
static LABELLED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d(?:[ .()-]?\d){7,13}"));

pub(crate) fn phones(text: &str, found: &mut Vec<Found>) {
    let mut take = |form: &Regex, good: &dyn Fn(&str, usize) -> bool| {
        for hit in form.find_iter(text) {
            let digits = hit.as_str().bytes().filter(u8::is_ascii_digit).count();
            if (8..=15).contains(&digits)
                && stands_alone(text, hit.start(), hit.end())
                && good(hit.as_str(), hit.start())
            {
                found.push(Found { kind: Kind::Phone, at: hit.range() });
            }
        }
    };
    let no_reference = |_: &str, at: usize| !after_reference(text, at);
    take(&INTERNATIONAL, &|_, at| text[at..].starts_with('+') || !after_reference(text, at));
    take(&FRENCH, &no_reference);
    // `123-456-7890` without a sign of being a phone number may be anything, and so may groups of a longer number.
    let inside = |at: usize| text[..at].trim_end_matches([' ', '-']).ends_with(|letter: char| letter.is_ascii_digit());
    let grouped = |hit: &str, at: usize| hit.starts_with(['0', '(']) && !after_reference(text, at) && !inside(at);
    take(&GROUPED, &|hit, at| grouped(hit, at) || after_phone(text, at));
    take(&LABELLED, &|_, at| after_phone(text, at));
}

/// Neither I, O nor U, as the law has it.
static FRENCH_PLATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b[A-HJ-NP-TV-Z]{2}(?:-\d{3}-| \d{3} |\d{3})[A-HJ-NP-TV-Z]{2}\b"));
static BRITISH_PLATE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-HJ-PR-Y]{2}\d{2} ?[A-HJ-PR-Z]{3}\b"));
/// Older French ones and Irish ones, which look like much else.
static OTHER_PLATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:\d{1,4}[ -][A-Z]{2,3}[ -]\d{2}|\d{2,3}-[A-Z]{1,2}-\d{1,6})\b"));
/// What stands behind an amount.
const CURRENCIES: [&str; 8] = ["EUR", "GBP", "USD", "CHF", "CAD", "JPY", "TTC", "PCS"];

pub(crate) fn plates(text: &str, found: &mut Vec<Found>) {
    type Good = fn(&str, usize) -> bool;
    let forms: [(&Regex, Good); 3] = [
        (&FRENCH_PLATE, |text, at| !after_reference(text, at)),
        (&BRITISH_PLATE, |text, at| !after_reference(text, at)),
        (&OTHER_PLATE, after_plate),
    ];
    for (form, good) in forms {
        for hit in form.find_iter(text) {
            let amount = CURRENCIES.iter().any(|code| hit.as_str().ends_with(code));
            if !amount && stands_alone(text, hit.start(), hit.end()) && good(text, hit.start()) {
                found.push(Found { kind: Kind::Plate, at: hit.range() });
            }
        }
    }
}

static FRENCH_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let number = r"\b\d{1,4}(?: ?(?:bis|ter|quater|[A-D])\b)?,?\s+";
    let plain = r"(?i:rue|avenue|av\.|boulevard|bd\.?|chemin|impasse|all[ée]e|quai|faubourg|fbg|sentier|lotissement|r[ée]sidence|hameau|esplanade|promenade|mont[ée]e|venelle)";
    let small = r"(?i:de la |de l['’]|du |des |de |d['’]|la |le |les |l['’]|aux |au |à |en |sur |sous )";
    let word = r"[\p{L}\d][\p{L}\d'’-]*";
    let proper = r"[\p{Lu}\d][\p{L}\d'’-]*";
    // `place`, `cours` and the like are streets only before a name.
    let doubtful = r"(?i:place|cours|route|passage|square|villa|voie)";
    let town = r"(?:[,\s]+(?:F-)?\d{5}(?:\s+\p{Lu}[\p{L}'’-]*(?:[ -]\p{Lu}[\p{L}'’-]*)*)?)?";
    let street = format!(r"{plain}\s+{small}*{word}(?: {small}*{proper})*");
    let other = format!(r"{doubtful}\s+{small}*\p{{Lu}}[\p{{L}}'’-]*(?: {small}*{proper})*");
    pattern(&format!("{number}(?:{street}|{other}){town}"))
});
static ENGLISH_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let street = r"(?i:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|way|terrace|crescent|grove|gardens|square|place|hill|row|mews|green|boulevard|blvd|quay|parade|walk|view|park)";
    let town = r"(?:,\s*\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*)?(?:,?\s+(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[\dW] ?[A-Z\d]{4}|[A-Z]{2} \d{5}(?:-\d{4})?))?";
    pattern(&format!(r"\b\d{{1,5}}[A-Za-z]?,?\s+(?:\p{{Lu}}[\p{{L}}'’-]*\s+){{1,4}}{street}\b\.?{town}"))
});
/// Post codes that look like nothing else: British and Irish.
static POSTCODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-HJLNP-UW-Z]{2}|[AC-FHKNPRTV-Y]\d[\dW] [AC-FHKNPRTV-Y\d]{4})\b")
});

pub(crate) fn addresses(text: &str, found: &mut Vec<Found>) {
    for form in [&FRENCH_ADDRESS, &ENGLISH_ADDRESS] {
        found.extend(form.find_iter(text).map(|hit| Found { kind: Kind::Address, at: hit.range() }));
    }
    for hit in POSTCODE.find_iter(text) {
        let last = hit.as_str().rsplit(' ').next().unwrap_or_default();
        let mixed =
            last.bytes().any(|byte| byte.is_ascii_digit()) && last.bytes().any(|byte| byte.is_ascii_uppercase());
        if mixed && stands_alone(text, hit.start(), hit.end()) && !after_reference(text, hit.start()) {
            found.push(Found { kind: Kind::Address, at: hit.range() });
        }
    }
}

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Z]{1,4}(?:-[A-Z]{1,3})?(?:-\d{2,})+\b"));

pub(crate) fn references(text: &str, found: &mut Vec<Found>) {
    found.extend(REFERENCE.find_iter(text).map(|hit| Found { kind: Kind::Reference, at: hit.range() }));
}
