//! Numbers as people write them, in English and French.

use regex::Regex;
use std::sync::LazyLock;

static NUMERAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d(?:[\d\u{00a0}\u{202f}\u{2009}'., ]*\d)?").ok());

/// Every number written in `text`, with where it stands.
pub fn numerals(text: &str) -> Vec<(std::ops::Range<usize>, f64)> {
    let Some(pattern) = NUMERAL.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for hit in pattern.find_iter(text) {
        match parse(hit.as_str()) {
            Some(number) => found.push((hit.range(), number)),
            // "12 rue, 75001" is several numbers, not one: take its digit groups apart.
            None => found.extend(
                groups(hit.as_str())
                    .map(|(range, number)| (range.start + hit.start()..range.end + hit.start(), number)),
            ),
        }
    }
    found
}

/// `8 671,50`, `8,671.50`, `8.671,50`, `8671.5`: 8671.5. `None` when the digits do not group as one number.
pub fn parse(written: &str) -> Option<f64> {
    let compact: String =
        written.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'')).collect();
    let spaced = compact.len() != written.len();
    if spaced && !groups_by_three(written) {
        return None;
    }
    let plain = match (compact.rfind(','), compact.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => compact.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => compact.replace(',', ""),
        (Some(comma), None) if thousands(&compact, comma, ',') => compact.replace(',', ""),
        (Some(_), None) => compact.replacen(',', ".", 1),
        (None, Some(point)) if compact.matches('.').count() > 1 && thousands(&compact, point, '.') => {
            compact.replace('.', "")
        }
        _ => compact,
    };
    plain.parse().ok()
}

/// Whether the separator at `last` (and every earlier one) cuts off groups of three.
fn thousands(text: &str, last: usize, separator: char) -> bool {
    text.len() - last - 1 == 3 && text.split(separator).skip(1).all(|group| group.len() == 3)
}

fn groups_by_three(written: &str) -> bool {
    let whole = written.split([',', '.']).next().unwrap_or(written);
    let mut parts = whole.split([' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'']);
    let first = parts.next().unwrap_or_default();
    let tail_is_plain = !written[whole.len()..].contains([' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'']);
    (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3) && tail_is_plain
}

fn groups(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, f64)> + '_ {
    let mut start = 0;
    text.split([' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'']).filter_map(move |part| {
        let at = text[start..].find(part).map_or(start, |offset| start + offset);
        start = at + part.len();
        let trimmed = part.trim_matches([',', '.']);
        parse(trimmed).map(|number| (at..at + part.len(), number))
    })
}

/// Equal to the cent.
pub fn same(left: f64, right: f64) -> bool {
    (left - right).abs() < 0.005
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_conventions_are_read() {
        for (written, number) in [
            ("1 234,56", 1234.56),
            ("1,234.56", 1234.56),
            ("1.234,56", 1234.56),
            ("8671.5", 8671.5),
            ("12,5", 12.5),
            ("1,000", 1000.0),
            ("1 000 000", 1_000_000.0),
            ("7", 7.0),
        ] {
            assert_eq!(parse(written), Some(number), "{written}");
        }
        assert_eq!(parse("12 75001"), None);
    }

    #[test]
    fn separate_numbers_stay_separate() {
        let found: Vec<f64> = numerals("au 12 75001, payé 1 430,50 € (2 fois)").into_iter().map(|it| it.1).collect();
        assert_eq!(found, [12.0, 75001.0, 1430.5, 2.0]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
            for (range, _) in numerals(&text) {
                proptest::prop_assert!(text.get(range).is_some());
            }
        }
    }
}
