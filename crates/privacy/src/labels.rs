//! The words before a value, which say what it is.

use std::sync::LazyLock;

use regex::Regex;

/// Looks this far back, in characters.
const REACH: usize = 48;

fn label(words: &str) -> Regex {
    // Up to the value stand only signs, a few small words, or the quotes of a JSON field.
    let pattern = format!(
        r#"(?i)(?:{words})[\s"'’:=.,\-–_#]*(?:(?:n°|nº|no\.?|number|num[ée]ro|is|est|le|on|the|of|de)[\s"'’:=.#]*){{0,3}}$"#
    );
    Regex::new(&pattern).expect("the pattern is constant")
}

/// Names of numbers that are no personal data, however they look.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    label(
        r"\b(?:contrats?|contract|police|policy|sinistres?|claim|dossier|case|factures?|invoice|devis|quote|estimate|commande|order|r[ée]f(?:[ée]rence|erence)?s?|siret|siren|siren/siret|tva|vat|rcs|serial|s[ée]rie|imei|avis|receipt|ticket)\b[^\n:;]{0,14}?",
    )
});
static BIRTH: LazyLock<Regex> = LazyLock::new(|| {
    label(
        r"\bn[ée]+(?:\(e\)|\(é\)|·e|\.e)?\s+le\b|\bn[ée]e?\s*:|\bdate[\s_]+de[\s_]+naissance\b|\bnaissance\b|\bborn(?:\s+on)?\b|\bdate[\s_]*of[\s_]*birth\b|\bbirth[\s_]*da(?:te|y)\b|\bd\.?o\.?b\b\.?",
    )
});
static PHONE: LazyLock<Regex> =
    LazyLock::new(|| label(r"\b(?:t[ée]l(?:[ée]phone)?|phone|mobile|portable|call|cell|fax|gsm|whatsapp)\b"));
static PLATE: LazyLock<Regex> = LazyLock::new(|| {
    label(
        r"\b(?:immatricul\w*|plaque|plate|registration|registered|licen[cs]e|reg|v[ée]hicule|vehicle|car|voiture|moto)\b[^\n:;0-9]{0,24}?",
    )
});
static NIR: LazyLock<Regex> = LazyLock::new(|| {
    label(
        r"\b(?:nir|nss|s[ée]curit[ée]\s+sociale|s[ée]cu|n°\s*ss|num[ée]ro\s+ss|social\s+security|insee)\b[^\n:;0-9]{0,12}?",
    )
});

pub(crate) fn after_reference(text: &str, at: usize) -> bool {
    REFERENCE.is_match(before(text, at))
}

pub(crate) fn after_birth(text: &str, at: usize) -> bool {
    BIRTH.is_match(before(text, at))
}

pub(crate) fn after_phone(text: &str, at: usize) -> bool {
    PHONE.is_match(before(text, at))
}

pub(crate) fn after_plate(text: &str, at: usize) -> bool {
    PLATE.is_match(before(text, at))
}

pub(crate) fn after_nir(text: &str, at: usize) -> bool {
    NIR.is_match(before(text, at))
}

fn before(text: &str, at: usize) -> &str {
    let head = &text[..at];
    let from = head.char_indices().rev().nth(REACH - 1).map_or(0, |(at, _)| at);
    &head[from..]
}

/// Whether the place is a word of its own: not a part of a longer reference such as `AZ-0612345678` or `1.234`.
pub(crate) fn stands_alone(text: &str, from: usize, to: usize) -> bool {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    let ties = |letter: char| matches!(letter, '-' | '/' | '.' | ',' | '\'' | '+');
    let (mut back, mut ahead) = (text[..from].chars().rev(), text[to..].chars());
    let tied = |first: Option<char>, second: Option<char>| match first {
        Some(letter) if joins(letter) => true,
        Some(letter) if ties(letter) => second.is_some_and(char::is_alphanumeric),
        _ => false,
    };
    let left = tied(back.next(), back.next());
    let right = match (ahead.next(), ahead.next()) {
        (Some(letter), _) if joins(letter) => true,
        // `12.Next` ends a sentence; `12.5` does not.
        (Some(letter), Some(second)) if ties(letter) => second.is_ascii_digit() || (letter == '-' && joins(second)),
        _ => false,
    };
    !left && !right
}
