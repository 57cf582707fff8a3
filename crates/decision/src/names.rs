//! Comparing what people write: names, references, providers.

use unicode_normalization::UnicodeNormalization;

/// Longest name that is compared, in characters; the rest is cut off.
const LONGEST_NAME: usize = 256;

/// A name without accents, punctuation, case and titles, its words sorted.
pub fn normalised(name: &str, titles: &[String]) -> String {
    let folded = folded(name);
    let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let without_titles: Vec<&str> =
        words.iter().copied().filter(|word| !titles.iter().any(|title| title == word)).collect();
    // "M. Me" is nobody without its titles; then they are the name.
    if !without_titles.is_empty() {
        words = without_titles;
    }
    words.sort_unstable();
    words.join(" ")
}

/// Whether two names are one person's: edit distance of the normalised forms.
/// A name without any letter matches nothing.
pub fn same_person(left: &str, right: &str, titles: &[String], distance: usize) -> bool {
    let (left, right) = (normalised(left, titles), normalised(right, titles));
    !left.is_empty() && !right.is_empty() && strsim::levenshtein(&left, &right) <= distance
}

/// Letters and digits only, in lower case and without accents: how references,
/// registrations and providers are compared.
pub fn reference(text: &str) -> String {
    folded(text).chars().filter(|c| *c != ' ').collect()
}

/// Whether two references are the same; nothing equals an empty one.
pub fn same_reference(left: &str, right: &str) -> bool {
    let left = reference(left);
    !left.is_empty() && left == reference(right)
}

/// Lower case, no accents; apostrophes vanish, other punctuation becomes a blank.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(LONGEST_NAME).flat_map(char::to_lowercase).nfkd() {
        match c {
            '\u{300}'..='\u{36f}' | '\'' | '\u{2019}' | '\u{2bc}' => {}
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' => out.push('d'),
            'ı' => out.push('i'),
            c if c.is_alphanumeric() => out.push(c),
            _ => out.push(' '),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        let titles = ["m", "mme", "dr", "me"].map(str::to_owned);
        same_person(left, right, &titles, 2)
    }

    #[test]
    fn names_match_across_accents_order_titles_and_small_slips() {
        assert!(same("Léa VIDAL", "vidal lea"));
        assert!(same("Mme Hélène Le Goff", "Helene LE GOFF"));
        assert!(same("Jean-Pierre O’Brien", "O'Brien Jean Pierre"));
        assert!(same("Sinciair", "Sinclair"));
        assert!(same("Dr. Søren Łuczak", "Luczak Soren"));
        assert!(!same("Paul Autre", "Jeanne Exemple"));
        assert!(!same("", "Jeanne"));
        assert!(!same("---", "--"));
    }

    #[test]
    fn references_compare_letters_and_digits() {
        assert!(same_reference("AA-111-AA", "aa 111 aa"));
        assert!(same_reference("Rénov'Eclair", "RENOV ECLAIR"));
        assert!(!same_reference("", ""));
        assert!(!same_reference("AA-111-AA", "AA-111-AB"));
    }
}
