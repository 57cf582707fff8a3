//! Decimal amounts: reading, rounding, arithmetic that cannot overflow.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, de};

/// Larger magnitudes are refused when read: no loss is worth a million million.
pub const LARGEST: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Rounds half up to the cent.
pub fn round(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Product that saturates instead of overflowing.
pub fn times(amount: Decimal, factor: Decimal) -> Decimal {
    let negative = amount.is_sign_negative() != factor.is_sign_negative();
    let bound = if negative { Decimal::MIN } else { Decimal::MAX };
    amount.checked_mul(factor).unwrap_or(bound)
}

/// `None` when the divisor is zero or the quotient cannot be held.
pub fn divided(amount: Decimal, divisor: Decimal) -> Option<Decimal> {
    amount.checked_div(divisor)
}

/// Sum that saturates instead of overflowing.
pub fn total(amounts: impl IntoIterator<Item = Decimal>) -> Decimal {
    amounts.into_iter().fold(Decimal::ZERO, Decimal::saturating_add)
}

/// Whether a claimed amount can be worked with: not negative, not absurd.
pub fn usable(amount: Decimal) -> bool {
    amount >= Decimal::ZERO && amount <= LARGEST
}

/// Reads `1234.56`, `-3` or `1e3`, rounded to the cent. Words, NaN, infinities
/// and magnitudes above [`LARGEST`] are refused.
pub fn parse(text: &str) -> Result<Decimal, NotAnAmount> {
    number(text).map(round)
}

/// An unrounded finite number, for rates and confidences.
pub fn number(text: &str) -> Result<Decimal, NotAnAmount> {
    let text = text.trim();
    let shaped = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        && !text.contains('_');
    let exact = || text.parse().or_else(|_| Decimal::from_scientific(text)).ok();
    let value: Decimal = shaped.then(exact).flatten().ok_or(NotAnAmount)?;
    if value.abs() > LARGEST { Err(NotAnAmount) } else { Ok(value) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number such as 1234.56, between -1e12 and 1e12")]
pub struct NotAnAmount;

/// A JSON number or decimal string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

impl Written {
    fn number(self) -> Result<Decimal, NotAnAmount> {
        match self {
            Self::Whole(value) => number(&value.to_string()),
            // The shortest text that gives the same float is the number that was written.
            Self::Fraction(value) if value.is_finite() => number(&value.to_string()),
            Self::Fraction(_) => Err(NotAnAmount),
            Self::Text(text) => number(&text),
        }
    }
}

fn written<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    let value = Written::deserialize(source).map_err(|_| de::Error::custom(NotAnAmount))?;
    value.number().map_err(de::Error::custom)
}

/// Serde reader for a mandatory amount.
pub fn amount<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    written(source).map(round)
}

/// Serde reader for a rate or confidence, kept unrounded.
pub fn rate<'de, D: Deserializer<'de>>(source: D) -> Result<Decimal, D::Error> {
    written(source)
}

/// Serde reader for an amount that may be null; an empty text is null.
pub fn optional_amount<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Decimal>, D::Error> {
    Ok(optional_rate(source)?.map(round))
}

/// Serde reader for a rate that may be null; an empty text is null.
pub fn optional_rate<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Decimal>, D::Error> {
    let value = Option::<Written>::deserialize(source)
        .map_err(|_| de::Error::custom(NotAnAmount))?
        .filter(|value| !matches!(value, Written::Text(text) if text.trim().is_empty()));
    value.map(Written::number).transpose().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_and_rounded_half_up() {
        assert_eq!(LARGEST.to_string(), "1000000000000");
        for (text, cents) in [("1830.5", "1830.50"), ("0.005", "0.01"), ("1e3", "1000"), ("-0.125", "-0.13")] {
            assert_eq!(parse(text), Ok(cents.parse().expect("a decimal")), "{text}");
        }
        for text in ["NaN", "inf", "-inf", "1e308", "", " ", "12,5", "0x1F", "1_000", "9999999999999"] {
            assert_eq!(parse(text), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn float_noise_of_json_numbers_is_rounded_away() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(deserialize_with = "amount")]
            paid: Decimal,
        }
        let row: Row = serde_json::from_str(r#"{"paid":1867.6100000000001}"#).expect("a row");
        assert_eq!(row.paid.to_string(), "1867.61");
        assert!(serde_json::from_str::<Row>(r#"{"paid":1e308}"#).is_err());
        assert!(serde_json::from_str::<Row>(r#"{"paid":true}"#).is_err());
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(times(Decimal::MAX, Decimal::MAX), Decimal::MAX);
        assert_eq!(times(Decimal::MAX, Decimal::MIN), Decimal::MIN);
        assert_eq!(total([Decimal::MAX, Decimal::MAX]), Decimal::MAX);
        assert_eq!(divided(Decimal::ONE, Decimal::ZERO), None);
    }
}
