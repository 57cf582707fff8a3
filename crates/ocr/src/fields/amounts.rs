//! Amounts of money as people write them in France and abroad.

use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::fold::plain;

/// An amount found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub value: Decimal,
    /// ISO 4217; `None` where no currency is printed.
    pub currency: Option<&'static str>,
    /// Byte range in the text searched.
    pub span: (usize, usize),
}

const CODES: &[&str] = &[
    "EUR", "GBP", "USD", "CHF", "CAD", "AUD", "NZD", "JPY", "CNY", "XOF", "XAF", "XPF", "MAD", "TND", "DZD", "EGP",
    "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "RSD", "TRY", "UAH", "RUB", "GEL", "INR", "PKR",
    "LKR", "THB", "VND", "IDR", "MYR", "SGD", "HKD", "KRW", "TWD", "PHP", "AED", "SAR", "QAR", "ILS", "JOD", "LBP",
    "BRL", "ARS", "CLP", "COP", "PEN", "MXN", "ZAR", "KES", "NGN", "GHS", "MUR", "SCR", "MGA", "ALL", "MKD", "BAM",
];

/// Printed forms of a currency that are not its code.
const WORDS: &[(&str, &str)] = &[
    ("us$", "USD"),
    ("ca$", "CAD"),
    ("c$", "CAD"),
    ("a$", "AUD"),
    ("hk$", "HKD"),
    ("s$", "SGD"),
    ("nz$", "NZD"),
    ("r$", "BRL"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("$", "USD"),
    ("¥", "JPY"),
    ("₺", "TRY"),
    ("₹", "INR"),
    ("₪", "ILS"),
    ("zł", "PLN"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("livres sterling", "GBP"),
    ("pounds sterling", "GBP"),
    ("pounds", "GBP"),
    ("dollars", "USD"),
    ("francs suisses", "CHF"),
    ("swiss francs", "CHF"),
    ("francs cfa", "XOF"),
    ("f cfa", "XOF"),
    ("fcfa", "XOF"),
    ("dirhams", "MAD"),
    ("dinars", "TND"),
    ("fr.", "CHF"),
    ("sfr", "CHF"),
    ("kr.", "SEK"),
];

/// Amounts without decimals and without a currency are counted only from this text on.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    let money = currency_pattern();
    Regex::new(&format!(
        r"(?ix)
        (?P<before>{money})? [\ \u{{a0}}\u{{202f}}:]*
        (?P<number>[-−]?(?:\d{{1,3}}(?:[\ \u{{a0}}\u{{202f}}.,'’]\d{{3}})+(?:[.,]\s?\d{{1,2}})?|\d+(?:[.,]\s?\d{{1,2}})?))
        (?P<after>[\ \u{{a0}}\u{{202f}}]*(?:{money}))?"
    ))
    .expect("a constant pattern")
});

fn currency_pattern() -> String {
    let words = WORDS.iter().map(|(word, _)| regex::escape(word));
    let codes = CODES.iter().map(|code| format!(r"\b{code}"));
    words.chain(codes).collect::<Vec<_>>().join("|").replace(' ', r"\ ")
}

fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    let code = CODES.iter().find(|code| text.eq_ignore_ascii_case(code)).copied();
    code.or_else(|| WORDS.iter().find(|(word, _)| text == *word).map(|(_, code)| *code))
}

/// Every amount of a text: a number with two decimals, or with a currency beside it.
///
/// Dates, percentages, references and numbers glued to letters are no amounts.
#[must_use]
pub fn amounts(text: &str) -> Vec<Amount> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(captures) = NUMBER.captures_at(text, from) {
        let (Some(whole), Some(number)) = (captures.get(0), captures.name("number")) else { break };
        from = whole.end().max(from + 1);
        let before = captures.name("before").and_then(|m| currency(m.as_str()));
        let after = captures.name("after").and_then(|m| currency(m.as_str()));
        let start = captures.name("before").map_or(number.start(), |m| m.start());
        // A currency glued to a preceding word belongs to that word.
        let glued_before =
            before.is_none() && text[..number.start()].ends_with(|c: char| c.is_alphanumeric() || "/.-".contains(c));
        let rest = &text[number.end()..];
        let glued_after =
            after.is_none() && rest.starts_with(|c: char| c.is_alphabetic() && !"eEC".contains(c) || "/%-".contains(c));
        let percent = rest.trim_start().starts_with('%');
        let sentence_end = after.is_none() && rest.starts_with(|c: char| c.is_ascii_digit());
        if glued_before || glued_after || percent || sentence_end {
            continue;
        }
        if let Some((value, decimals)) = decimal(number.as_str())
            && (decimals == 2 || before.is_some() || after.is_some())
        {
            let span = (start, captures.name("after").map_or(number.end(), |m| m.end()));
            found.push(Amount { value, currency: before.or(after), span });
        }
    }
    found
}

/// A number in French or English grouping, and how many decimals it had.
///
/// The last separator is decimal when one or two digits follow it; three digits are a group.
fn decimal(text: &str) -> Option<(Decimal, usize)> {
    let negative = text.starts_with(['-', '−']);
    let digits: Vec<char> = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let split = digits.iter().rposition(|c| !c.is_ascii_digit());
    let fraction = split.map_or(0, |at| digits.len() - at - 1);
    let decimals = if (1..=2).contains(&fraction) { fraction } else { 0 };
    let cut = if decimals > 0 { digits.len() - decimals } else { digits.len() };
    let mut plain: String = digits[..cut].iter().filter(|c| c.is_ascii_digit()).collect();
    if decimals > 0 {
        plain.push('.');
        plain.extend(&digits[cut..]);
    }
    let mut value: Decimal = plain.parse().ok()?;
    value.rescale(2);
    if negative {
        value.set_sign_negative(true);
    }
    (value < Decimal::from(1_000_000_000_i64)).then_some((value, decimals))
}

const UNITS: &[(&str, u64)] = &[
    ("zero", 0),
    ("un", 1),
    ("une", 1),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("cinq", 5),
    ("six", 6),
    ("sept", 7),
    ("huit", 8),
    ("neuf", 9),
    ("dix", 10),
    ("onze", 11),
    ("douze", 12),
    ("treize", 13),
    ("quatorze", 14),
    ("quinze", 15),
    ("seize", 16),
    ("vingt", 20),
    ("vingts", 20),
    ("trente", 30),
    ("quarante", 40),
    ("cinquante", 50),
    ("soixante", 60),
    ("septante", 70),
    ("huitante", 80),
    ("octante", 80),
    ("nonante", 90),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

/// An amount written in words, French or English, before a currency word:
/// "mille deux cents euros et cinquante centimes". `None` where there is none.
#[must_use]
pub fn in_words(text: &str) -> Option<Decimal> {
    let text = plain(text);
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
    let end = words.iter().position(|word| matches!(*word, "euros" | "euro" | "pounds" | "dollars" | "francs"))?;
    let start = words[..end].iter().rposition(|word| !is_number(word)).map_or(0, |at| at + 1);
    let whole = count(&words[start..end])?;
    let mut cents = 0;
    if let Some(stop) = words[end..].iter().position(|w| matches!(*w, "centimes" | "cents" | "cent" | "pence")) {
        let part = &words[end + 1..end + stop];
        if part.len() <= 5 && part.iter().all(|word| is_number(word)) {
            cents = count(part).unwrap_or(0).min(99);
        }
    }
    (whole > 0).then(|| Decimal::new((whole * 100 + cents) as i64, 2))
}

fn is_number(word: &str) -> bool {
    matches!(word, "et" | "and" | "cent" | "cents" | "hundred" | "mille" | "thousand" | "million" | "millions")
        || UNITS.iter().any(|(unit, _)| *unit == word)
}

fn count(words: &[&str]) -> Option<u64> {
    let (mut total, mut group, mut seen) = (0u64, 0u64, false);
    for word in words {
        match *word {
            "et" | "and" => continue,
            "cent" | "cents" | "hundred" => group = group.max(1) * 100,
            "mille" | "thousand" => {
                total += group.max(1) * 1000;
                group = 0;
            }
            "million" | "millions" => {
                total += group.max(1) * 1_000_000;
                group = 0;
            }
            _ => {
                let value = UNITS.iter().find(|(unit, _)| unit == word)?.1;
                // "quatre-vingts" multiplies.
                group = if value == 20 && group % 100 == 4 { group - 4 + 80 } else { group + value };
            }
        }
        seen = true;
        if group > 1_000_000 {
            return None;
        }
    }
    seen.then_some(total + group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_form_of_an_amount() {
        let cases = [
            ("1 187,92 €", Some(("1187.92", Some("EUR")))),
            ("1\u{202f}234,56\u{a0}€", Some(("1234.56", Some("EUR")))),
            ("€1,234.56", Some(("1234.56", Some("EUR")))),
            ("EUR 1,234.56", Some(("1234.56", Some("EUR")))),
            ("EUR1,043.90", Some(("1043.90", Some("EUR")))),
            ("1.234,56 EUR", Some(("1234.56", Some("EUR")))),
            ("£820", Some(("820.00", Some("GBP")))),
            ("US$ 412.00", Some(("412.00", Some("USD")))),
            ("CHF 1'250.50", Some(("1250.50", Some("CHF")))),
            ("283 818,00 XOF", Some(("283818.00", Some("XOF")))),
            ("12 000 FCFA", Some(("12000.00", Some("XOF")))),
            ("587,36", Some(("587.36", None))),
            ("1 200 euros", Some(("1200.00", Some("EUR")))),
            ("30/04/2026", None),
            ("TVA 20 %", None),
            ("12.5 %", None),
            ("F-4558", None),
            ("66000 Perpignan", None),
            ("1,1 g/l", None),
        ];
        for (text, expected) in cases {
            let got = amounts(text);
            let got = got.first().map(|a| (a.value.to_string(), a.currency));
            assert_eq!(got, expected.map(|(v, c)| (v.to_owned(), c)), "{text}");
        }
    }

    #[test]
    fn several_amounts_keep_their_order() {
        let got: Vec<String> = amounts("2 x 12,50 € = 25,00 €").iter().map(|a| a.value.to_string()).collect();
        assert_eq!(got, ["12.50", "25.00"]);
    }

    #[test]
    fn amounts_in_words() {
        let cases = [
            ("mille deux cents euros", Some("1200.00")),
            ("la somme de deux mille cinq cent quatre-vingt-dix euros et trente centimes", Some("2590.30")),
            ("one thousand two hundred and fifty pounds", Some("1250.00")),
            ("soixante-douze euros", Some("72.00")),
            ("some euros", None),
        ];
        for (text, expected) in cases {
            assert_eq!(in_words(text).map(|v| v.to_string()).as_deref(), expected, "{text}");
        }
    }
}
