//! Dates: day first, written out in French or English, or ISO.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use super::fold::plain;

const MONTHS: [&[&str]; 12] = [
    &["janvier", "january", "janv", "jan"],
    &["fevrier", "february", "fevr", "fev", "feb"],
    &["mars", "march", "mar"],
    &["avril", "april", "avr", "apr"],
    &["mai", "may"],
    &["juin", "june", "jun"],
    &["juillet", "july", "juil", "jul"],
    &["aout", "august", "aug"],
    &["septembre", "september", "sept", "sep"],
    &["octobre", "october", "oct"],
    &["novembre", "november", "nov"],
    &["decembre", "december", "dec"],
];

/// Digits, and the letters that recognition confuses with them.
const D: &str = "[0-9OoIl|]";

static ISO: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"({D}{{4}})\s?[-/.]\s?({D}{{1,2}})\s?[-/.]\s?({D}{{1,2}})")));
static NUMERIC: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"({D}{{1,2}})\s?[-/.]\s?({D}{{1,2}})\s?[-/.]\s?({D}{{4}}|{D}{{2}})")));
static DAY_MONTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"({D}{{1,2}})\s?(?:er|st|nd|rd|th|e)?\s?(?:of\s)?[\s.-]*([a-z]{{3,9}})\.?,?[\s.-]*({D}{{4}})"))
});
static MONTH_DAY: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"([a-z]{{3,9}})\.?\s?({D}{{1,2}})(?:st|nd|rd|th)?,?\s({D}{{4}})")));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

fn number(text: &str) -> Option<i16> {
    let digits: String = text
        .chars()
        .map(|c| match c {
            'o' | 'O' => '0',
            'i' | 'l' | 'I' | '|' => '1',
            other => other,
        })
        .collect();
    digits.parse().ok()
}

fn month(word: &str) -> Option<i8> {
    let exact = MONTHS.iter().position(|names| names.contains(&word));
    let near = || {
        MONTHS.iter().position(|names| {
            names[..2.min(names.len())].iter().any(|name| name.len() >= 5 && strsim::levenshtein(name, word) <= 1)
        })
    };
    exact.or_else(near).map(|n| n as i8 + 1)
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    let year = if year < 100 { 2000 + year } else { year };
    if !(1900..=2100).contains(&year) {
        return None;
    }
    let make = |month: i16, day: i16| Date::new(year, month as i8, day as i8).ok();
    // Day first; a second number above 12 can only be a day.
    if month > 12 && day <= 12 { make(day, month) } else { make(month, day) }
}

/// Every date of a text in order, with the byte offset of each in [`plain`] text.
#[must_use]
pub fn dates(text: &str) -> Vec<(Date, usize)> {
    let text = plain(text);
    let mut found: Vec<(Date, usize, usize)> = Vec::new();
    let mut add = |value: Option<Date>, start: usize, end: usize| {
        if let Some(value) = value
            && !found.iter().any(|(_, s, e)| start < *e && *s < end)
        {
            found.push((value, start, end));
        }
    };
    for (regex, order) in [(&ISO, [0, 1, 2]), (&NUMERIC, [2, 1, 0])] {
        for captures in regex.captures_iter(&text) {
            let Some(whole) = captures.get(0) else { continue };
            let parts = [1, 2, 3].map(|n| captures.get(n).and_then(|m| number(m.as_str())));
            let bounded = !text[..whole.start()].ends_with(|c: char| c.is_alphanumeric())
                && !text[whole.end()..].starts_with(|c: char| c.is_ascii_digit());
            if let [Some(a), Some(b), Some(c)] = parts
                && bounded
            {
                let [y, m, d] = order.map(|n| [a, b, c][n]);
                add(date(y, m, d), whole.start(), whole.end());
            }
        }
    }
    for (regex, day_at, month_at) in [(&DAY_MONTH, 1, 2), (&MONTH_DAY, 2, 1)] {
        for captures in regex.captures_iter(&text) {
            let Some(whole) = captures.get(0) else { continue };
            let day = captures.get(day_at).and_then(|m| number(m.as_str()));
            let month = captures.get(month_at).and_then(|m| month(m.as_str()));
            let year = captures.get(3).and_then(|m| number(m.as_str()));
            if let (Some(day), Some(month), Some(year)) = (day, month, year) {
                add(date(year, i16::from(month), day), whole.start(), whole.end());
            }
        }
    }
    found.sort_by_key(|(_, start, _)| *start);
    found.into_iter().map(|(value, start, _)| (value, start)).collect()
}

/// The first date of a text.
#[must_use]
pub fn first(text: &str) -> Option<Date> {
    dates(text).first().map(|(date, _)| *date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_form_of_a_date() {
        let cases = [
            ("30/04/2026", Some("2026-04-30")),
            ("Le 14 mars 2026 à Annecy", Some("2026-03-14")),
            ("1er août 2025", Some("2025-08-01")),
            ("2026-02-12", Some("2026-02-12")),
            ("14.03.26", Some("2026-03-14")),
            ("14th March 2026", Some("2026-03-14")),
            ("March 14, 2026", Some("2026-03-14")),
            ("3 of May 2026", Some("2026-05-03")),
            ("12 févr. 2026", Some("2026-02-12")),
            ("12 decernbre 2025", None),
            ("12 decembrc 2025", Some("2025-12-12")),
            ("O7/O5/2026", Some("2026-05-07")),
            ("04/28/2026", Some("2026-04-28")),
            ("31/02/2026", None),
            ("PV-2026-9514", None),
            ("535 908 523 00054", None),
        ];
        for (text, expected) in cases {
            assert_eq!(first(text).map(|d| d.to_string()).as_deref(), expected, "{text}");
        }
    }
}
