//! Deadlines: working days, French public holidays, anniversaries.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// Longest notice that is counted day by day, in days.
const LONGEST_NOTICE: u32 = 3660;

/// Days on which working-day deadlines stand still.
///
/// Holidays are data. A year for which the data has no day at all falls back to
/// the legal holidays of metropolitan France, computed.
#[derive(Debug, Clone, Default)]
pub struct Holidays {
    days: BTreeSet<Date>,
    years: BTreeSet<i16>,
}

impl Holidays {
    pub fn new(days: impl IntoIterator<Item = Date>) -> Self {
        let days: BTreeSet<Date> = days.into_iter().collect();
        let years = days.iter().map(|day| day.year()).collect();
        Self { days, years }
    }

    pub fn contains(&self, day: Date) -> bool {
        if self.years.contains(&day.year()) { self.days.contains(&day) } else { legal_holiday(day) }
    }

    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.contains(day)
    }
}

/// How the days of a notice are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    Working,
    Calendar,
}

/// Last day in time: `days` after `start`, the day after `start` being day one.
pub fn deadline(start: Date, days: u32, basis: Basis, holidays: &Holidays) -> Date {
    if basis == Basis::Calendar || days > LONGEST_NOTICE {
        return plus_days(start, i64::from(days));
    }
    let mut day = start;
    let mut left = days;
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return day };
        day = next;
        if holidays.is_working_day(day) {
            left -= 1;
        }
    }
    day
}

/// `day` moved by `days`, stopping at the ends of the calendar.
pub fn plus_days(day: Date, days: i64) -> Date {
    let days = days.clamp(-7_000_000, 7_000_000);
    day.saturating_add(Span::new().days(days))
}

/// Same day `years` later; 29 February becomes 28 February.
pub fn plus_years(day: Date, years: u32) -> Date {
    let years = i64::from(years.min(10_000));
    day.saturating_add(Span::new().years(years))
}

/// Days from `from` to `to`, negative when `to` is earlier.
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// Complete years from `from` to `to`, each complete on its anniversary; 0 when
/// `to` is earlier.
pub fn full_years(from: Date, to: Date) -> u32 {
    let years = i32::from(to.year()) - i32::from(from.year());
    let Ok(years) = u32::try_from(years) else { return 0 };
    if plus_years(from, years) > to { years.saturating_sub(1) } else { years }
}

fn legal_holiday(day: Date) -> bool {
    let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    // Easter Monday, Ascension and Whit Monday.
    easter(day.year()).is_some_and(|sunday| [1, 39, 50].into_iter().any(|after| plus_days(sunday, after) == day))
}

/// Easter Sunday of the Gregorian calendar (anonymous Gregorian computus).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let moon_shift = (8 * century + 13).div_euclid(25);
    let epact = (19 * golden + century - century.div_euclid(4) - moon_shift + 15).rem_euclid(30);
    let weekday = (32 + 2 * century.rem_euclid(4) + 2 * in_century.div_euclid(4) - epact - in_century.rem_euclid(4))
        .rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday).div_euclid(451);
    let days = epact + weekday - 7 * late + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn computed_holidays_are_those_of_the_table() {
        let table = include_str!("../../../samples/reference/public_holidays.csv");
        let days: Vec<Date> = table.lines().skip(1).filter_map(|line| line.split(',').next()?.parse().ok()).collect();
        let (data, computed) = (Holidays::new(days.iter().copied()), Holidays::default());
        let mut day = days[0].first_of_year();
        let end = days[days.len() - 1].last_of_year();
        while day <= end {
            assert_eq!(data.contains(day), computed.contains(day), "{day}");
            day = plus_days(day, 1);
        }
    }

    #[test]
    fn working_days_skip_weekends_and_holidays() {
        let holidays = Holidays::default();
        // Thursday 7 May 2026; the 8th is a holiday.
        assert_eq!(deadline(date(2026, 5, 7), 2, Basis::Working, &holidays), date(2026, 5, 12));
        assert_eq!(deadline(date(2026, 3, 2), 30, Basis::Calendar, &holidays), date(2026, 4, 1));
    }

    #[test]
    fn years_are_complete_on_their_anniversary() {
        assert_eq!(full_years(date(2021, 3, 10), date(2026, 2, 20)), 4);
        assert_eq!(full_years(date(2021, 3, 10), date(2026, 3, 10)), 5);
        assert_eq!(full_years(date(2024, 2, 29), date(2025, 2, 28)), 1);
        assert_eq!(full_years(date(2026, 3, 10), date(2021, 3, 10)), 0);
    }

    #[test]
    fn the_ends_of_the_calendar_are_not_passed() {
        assert_eq!(plus_years(Date::MAX, 2), Date::MAX);
        assert_eq!(deadline(Date::MAX, 5, Basis::Working, &Holidays::default()), Date::MAX);
        assert_eq!(plus_days(Date::MIN, -1), Date::MIN);
        assert_eq!(full_years(Date::MIN, Date::MAX), 19_998);
    }
}
