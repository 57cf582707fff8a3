//! Dates of birth: dates that the words before them name so, or that the person's record holds.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Regex};

use crate::fold::fold;
use crate::labels::after_birth;
use crate::{Found, Kind};

const MONTHS: [(&str, &str); 12] = [
    ("janvier", "january"),
    ("fevrier", "february"),
    ("mars", "march"),
    ("avril", "april"),
    ("mai", "may"),
    ("juin", "june"),
    ("juillet", "july"),
    ("aout", "august"),
    ("septembre", "september"),
    ("octobre", "october"),
    ("novembre", "november"),
    ("decembre", "december"),
];

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    let month = r"(?:[\p{L}]{3,9})\.?";
    let forms = [
        r"\b(?P<y1>\d{4})[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})\b".to_owned(),
        r"\b(?P<d2>\d{1,2})[ ]?[-/.][ ]?(?P<m2>\d{1,2})[ ]?[-/.][ ]?(?P<y2>\d{4}|\d{2})\b".to_owned(),
        format!(r"\b(?P<d3>\d{{1,2}})(?:er|st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>{month}),?\s+(?P<y3>\d{{4}})\b"),
        format!(r"\b(?P<m4>{month})\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y4>\d{{4}})\b"),
    ];
    Regex::new(&forms.join("|")).expect("the pattern is constant")
});

pub(crate) fn births(text: &str, known: &[Date], found: &mut Vec<Found>) {
    for date in DATE.captures_iter(text) {
        let whole = date.get_match();
        let dates = read(&date);
        let is_known = dates.iter().any(|date| known.contains(date));
        if is_known || (!dates.is_empty() && after_birth(text, whole.start())) {
            found.push(Found { kind: Kind::DateOfBirth, at: whole.range() });
        }
    }
}

/// The days that the words may mean: `03/04/1980` is two.
fn read(date: &Captures<'_>) -> Vec<Date> {
    let number = |name: &str| date.name(name).and_then(|part| part.as_str().parse::<i16>().ok());
    let word = |name: &str| date.name(name).and_then(|part| month_of(part.as_str()));
    let day = |year: i16, month: i16, day: i16| {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok()
    };
    if let (Some(year), Some(month), Some(of_month)) = (number("y1"), number("m1"), number("d1")) {
        return day(year, month, of_month).into_iter().collect();
    }
    if let (Some(year), Some(month), Some(of_month)) = (number("y2"), number("m2"), number("d2")) {
        let years = if year < 100 { vec![1900 + year, 2000 + year] } else { vec![year] };
        let both = |year: &i16| [day(*year, month, of_month), day(*year, of_month, month)];
        return years.iter().flat_map(both).flatten().collect();
    }
    let written = number("y3").zip(word("m3")).zip(number("d3"));
    let written = written.or_else(|| number("y4").zip(word("m4")).zip(number("d4")));
    written.and_then(|((year, month), of_month)| day(year, month, of_month)).into_iter().collect()
}

/// Of its French or English name, or the beginning of one.
fn month_of(word: &str) -> Option<i16> {
    let word = fold(word);
    let word = word.trim();
    let is = |name: &str| name == word || (word.len() >= 3 && name.starts_with(word));
    let place = MONTHS.iter().position(|(french, english)| is(french) || is(english))?;
    i16::try_from(place + 1).ok()
}
