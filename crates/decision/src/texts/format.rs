//! Amounts, dates and lists as each language writes them.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Language;
use crate::findings::{Datum, Money};
use crate::money;
use crate::policy::Policy;

/// Longest value taken from a document into a text, in characters.
const LONGEST_VALUE: usize = 120;
/// Most values of a list that are written out.
const LONGEST_LIST: usize = 8;
const NO_BREAK: char = '\u{a0}';

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// A value in words of `language`.
pub(super) fn rendered(value: &Datum, language: Language, policy: &Policy) -> String {
    match value {
        Datum::Money(money) => amount(money, language),
        Datum::Date(day) => date(*day, language),
        Datum::Month(day) => month(*day, language),
        Datum::Share(share) => percentage(*share, language),
        Datum::Count(count) => count.to_string(),
        Datum::Text(text) => short(text),
        Datum::Prose(text) => text.clone(),
        Datum::Texts(texts) => listed(texts.iter().map(|text| short(text))),
        Datum::Word(word) => worded(word, language, policy),
        Datum::Words(words) => listed(words.iter().map(|word| worded(word, language, policy))),
        Datum::Clauses(clauses) => clause(clauses, language),
    }
}

fn worded(word: &str, language: Language, policy: &Policy) -> String {
    policy.word(word).map_or_else(|| short(word), |text| language.of(text).to_owned())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_VALUE).collect()
}

fn listed(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.take(LONGEST_LIST + 1).collect();
    if texts.len() > LONGEST_LIST {
        texts.truncate(LONGEST_LIST);
        texts.push("…".into());
    }
    texts.join(", ")
}

pub(super) fn clause(clauses: &[String], language: Language) -> String {
    let word = match (language, clauses.len()) {
        (Language::English, 0 | 1) => "clause",
        (Language::English, _) => "clauses",
        (Language::French, 0 | 1) => "article",
        (Language::French, _) => "articles",
    };
    format!("{word} {}", listed(clauses.iter().map(|clause| short(clause))))
}

/// `€1,430.50`, `1 430,50 €`; currencies without a common sign keep their code.
pub(super) fn amount(money: &Money, language: Language) -> String {
    let text = format!("{:.2}", money::round(money.amount).abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let sign = if money.amount.is_sign_negative() && !money.amount.is_zero() { "-" } else { "" };
    let code = money.currency.as_str();
    let symbol = match code {
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        _ => None,
    };
    match (language, symbol) {
        (Language::English, Some(symbol)) => format!("{sign}{symbol}{}.{cents}", grouped(whole, ',')),
        (Language::English, None) => format!("{code}{NO_BREAK}{sign}{}.{cents}", grouped(whole, ',')),
        (Language::French, symbol) => {
            format!("{sign}{},{cents}{NO_BREAK}{}", grouped(whole, NO_BREAK), symbol.unwrap_or(code))
        }
    }
}

fn grouped(digits: &str, separator: char) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

fn date(day: Date, language: Language) -> String {
    let (number, year) = (day.day(), day.year());
    match language {
        Language::English => format!("{number} {} {year}", named(&MONTHS_EN, day)),
        Language::French if number == 1 => format!("1er {} {year}", named(&MONTHS_FR, day)),
        Language::French => format!("{number} {} {year}", named(&MONTHS_FR, day)),
    }
}

fn month(day: Date, language: Language) -> String {
    let months = if language == Language::English { &MONTHS_EN } else { &MONTHS_FR };
    format!("{} {}", named(months, day), day.year())
}

fn named(months: &[&'static str; 12], day: Date) -> &'static str {
    usize::try_from(day.month() - 1).ok().and_then(|index| months.get(index)).copied().unwrap_or("")
}

fn percentage(share: Decimal, language: Language) -> String {
    let percent = money::times(share, Decimal::ONE_HUNDRED).round_dp(2).normalize();
    match language {
        Language::English => format!("{percent}%"),
        Language::French => format!("{}{NO_BREAK}%", percent.to_string().replace('.', ",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Currency;
    use jiff::civil::date as day;

    #[test]
    fn amounts_are_written_as_each_language_does() {
        let money = |text: &str, code: &str| Money {
            amount: text.parse().expect("an amount"),
            currency: Currency::parse(code).expect("a code"),
        };
        let plain = |money: Money, language| amount(&money, language).replace(NO_BREAK, " ");
        assert_eq!(plain(money("1430.5", "EUR"), Language::English), "€1,430.50");
        assert_eq!(plain(money("1430.5", "EUR"), Language::French), "1 430,50 €");
        assert_eq!(plain(money("1234567", "GBP"), Language::English), "£1,234,567.00");
        assert_eq!(plain(money("412", "USD"), Language::English), "USD 412.00");
        assert_eq!(plain(money("-0.5", "USD"), Language::French), "-0,50 USD");
    }

    #[test]
    fn dates_and_shares_too() {
        assert_eq!(date(day(2026, 5, 1), Language::French), "1er mai 2026");
        assert_eq!(date(day(2026, 5, 12), Language::English), "12 May 2026");
        assert_eq!(month(day(2026, 8, 3), Language::French), "août 2026");
        assert_eq!(percentage("0.125".parse().expect("a share"), Language::French), "12,5\u{a0}%");
    }
}
