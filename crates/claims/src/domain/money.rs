//! Money in minor units of its currency (cents), exact in both databases.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// An amount in hundredths. The currency stands beside it, never inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number with at most two decimals and at most 15 digits")]
pub struct InvalidAmount;

const LARGEST_MINOR: i64 = 999_999_999_999_999;

impl Money {
    pub fn from_minor(minor: i64) -> Self {
        Self { minor }
    }

    pub fn minor(self) -> i64 {
        self.minor
    }

    pub fn is_positive(self) -> bool {
        self.minor > 0
    }
}

impl FromStr for Money {
    type Err = InvalidAmount;

    /// Reads `1430.5`, `1430.50`, `-3`. More than two decimals is an error, not a rounding.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let amount = Decimal::from_str_exact(text.trim()).map_err(|_| InvalidAmount)?;
        let hundredths = amount.checked_mul(Decimal::ONE_HUNDRED).ok_or(InvalidAmount)?;
        let minor = if hundredths.is_integer() { hundredths.to_i64() } else { None };
        match minor {
            Some(minor) if minor.abs() <= LARGEST_MINOR => Ok(Self { minor }),
            _ => Err(InvalidAmount),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let absolute = self.minor.unsigned_abs();
        write!(f, "{sign}{}.{:02}", absolute / 100, absolute % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_exact_or_refused() {
        assert_eq!("1430.5".parse::<Money>(), Ok(Money::from_minor(143_050)));
        assert_eq!(Money::from_minor(-5).to_string(), "-0.05");
        for bad in ["", "1.005", "NaN", "inf", "1e400", "1 000", "9999999999999999999999", "12,50"] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in -LARGEST_MINOR..=LARGEST_MINOR) {
            let amount = Money::from_minor(minor);
            prop_assert_eq!(amount.to_string().parse::<Money>(), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = text.parse::<Money>();
        }
    }
}
