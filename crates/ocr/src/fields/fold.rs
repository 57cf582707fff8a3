//! Text reduced to what matters for comparison.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents; punctuation stays, quotes and dashes become plain.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match character {
            '’' | '‘' | '`' | '´' | 'ʼ' => out.push('\''),
            '–' | '—' | '‐' | '‑' | '−' => out.push('-'),
            'œ' | 'Œ' => out.push_str("oe"),
            'æ' | 'Æ' => out.push_str("ae"),
            'ß' => out.push_str("ss"),
            '\u{a0}' | '\u{202f}' | '\t' | '\n' => out.push(' '),
            _ => out.extend(character.to_lowercase()),
        }
    }
    out
}

/// Words of letters and digits in lower case without accents, one space between.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = plain(text);
    let mut out = String::with_capacity(plain.len());
    for word in plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// How alike two folded texts are, 0 to 1, counting edits.
#[must_use]
pub fn alike(a: &str, b: &str) -> f64 {
    let longest = a.chars().count().max(b.chars().count());
    if longest == 0 || a.chars().count().abs_diff(b.chars().count()) * 3 > longest {
        return 0.0;
    }
    strsim::normalized_levenshtein(a, b)
}

/// Capital letters and digits only: how references are compared.
#[must_use]
pub fn compact(text: &str) -> String {
    fold(text).chars().filter(|c| *c != ' ').collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_count() {
        assert_eq!(fold("N° de Contrat :"), "n de contrat");
        assert_eq!(fold("Main-d’œuvre"), "main d oeuvre");
        assert_eq!(compact("az-ha 25/0031"), "AZHA250031");
        assert!(alike("date du sinistre", "date du sinislre") > 0.9);
    }
}
