//! Rows of options with check boxes: which answer is crossed.

use super::fold::fold;
use crate::page::{Area, CheckBox, Line, PageText};

/// Signs that print a crossed or an empty box.
const CROSSED: &[&str] = &["☒", "☑", "✓", "✔", "✗", "✘", "[x]", "[X]", "(x)", "(X)", "[✓]", "⊠", "■"];
const EMPTY: &[&str] = &["☐", "[ ]", "[]", "( )", "□", "▢"];

/// An option whose box is crossed.
pub struct Choice<'a, T> {
    pub option: T,
    pub line: &'a Line,
}

/// The crossed options of a page; `known` tells which option a few words name.
///
/// Options of one row may have been read as one line: a box then belongs to
/// the option that begins nearest to its right.
pub fn crossed<'a, T: Clone>(page: &'a PageText, known: impl Fn(&str) -> Option<T>) -> Vec<Choice<'a, T>> {
    let mut found = Vec::new();
    for (n, line) in page.lines.iter().enumerate() {
        if let Some(option) = printed_cross(page, n).and_then(|text| known(&text)) {
            found.push(Choice { option, line });
        }
    }
    if !found.is_empty() {
        return found;
    }
    for mark in page.boxes.iter().filter(|mark| mark.crossed) {
        if let Some(choice) = beside(page, mark, &known) {
            found.push(choice);
        }
    }
    found
}

/// The words of a line that begins with a cross or follows one.
fn printed_cross(page: &PageText, n: usize) -> Option<String> {
    let line = &page.lines[n];
    let text = line.text.trim();
    if let Some(rest) = CROSSED.iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some(rest.trim().to_owned());
    }
    if EMPTY.iter().any(|mark| text.starts_with(mark)) {
        return None;
    }
    for mark in ["X ", "x ", "× ", "✕ "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return Some(rest.trim().to_owned());
        }
    }
    let before = &page.lines[n.checked_sub(1)?];
    let alone = matches!(before.text.trim(), "X" | "x" | "×" | "☒" | "☑" | "✓" | "✔" | "[X]" | "[x]");
    (alone && before.row == line.row).then(|| text.to_owned())
}

/// The option right of a box.
fn beside<'a, T>(page: &'a PageText, mark: &CheckBox, known: &impl Fn(&str) -> Option<T>) -> Option<Choice<'a, T>> {
    let height = mark.area.height();
    let mut best: Option<(f32, Choice<'a, T>)> = None;
    for line in &page.lines {
        let level = (line.area.middle() - mark.area.middle()).abs() < 0.8 * height.max(line.area.height() * 0.6);
        if !level || line.area.x1 < mark.area.x1 {
            continue;
        }
        for (start, option) in starts(line, known) {
            let distance = start - mark.area.x1;
            // Places of words inside a line are estimates; a box is never far left of its option.
            let fits = distance > -2.0 * height && distance < 5.0 * height;
            if fits && best.as_ref().is_none_or(|(least, _)| distance.abs() < *least) {
                best = Some((distance.abs(), Choice { option, line }));
            }
        }
    }
    best.map(|(_, choice)| choice)
}

/// Options named in a line with the x at which each begins, the longest name at each word.
fn starts<T>(line: &Line, known: &impl Fn(&str) -> Option<T>) -> Vec<(f32, T)> {
    let words: Vec<&str> = line.text.split_whitespace().take(40).collect();
    let all = line.text.chars().count().max(1) as f32;
    let mut found = Vec::new();
    let mut at = 0;
    let mut column = 0;
    while at < words.len() {
        let longest = (1..=6.min(words.len() - at)).rev().find_map(|count| {
            let name = words[at..at + count].join(" ");
            let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
            (fold(name).len() >= 2).then(|| known(name).map(|option| (count, option))).flatten()
        });
        let taken = longest.as_ref().map_or(1, |(count, _)| *count);
        if let Some((_, option)) = longest {
            found.push((place(&line.area, column as f32 / all), option));
        }
        column += words[at..at + taken].iter().map(|word| word.chars().count() + 1).sum::<usize>();
        at += taken;
    }
    found
}

fn place(area: &Area, share: f32) -> f32 {
    area.x0 + area.width() * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Source;

    fn page(lines: &[(&str, f32)], boxes: &[(f32, bool)]) -> PageText {
        let line = |(text, x): &(&str, f32)| Line {
            text: (*text).to_owned(),
            area: Area::new(*x, 100.0, x + 6.0 * text.chars().count() as f32, 112.0),
            confidence: 0.9,
            row: 0,
        };
        PageText {
            number: 1,
            width: 600.0,
            height: 800.0,
            source: Source::Recognised,
            turned: 0,
            lines: lines.iter().map(line).collect(),
            boxes: boxes.iter().map(|(x, crossed)| CheckBox { area: Area::new(*x, 101.0, x + 10.0, 111.0), crossed: *crossed }).collect(),
            hidden: vec![],
        }
    }

    fn answer(page: &PageText) -> Vec<&'static str> {
        let known = |text: &str| ["fire", "theft", "storm hail"].into_iter().find(|name| *name == fold(text));
        crossed(page, known).into_iter().map(|choice| choice.option).collect()
    }

    #[test]
    fn a_cross_belongs_to_the_option_at_its_right() {
        assert_eq!(answer(&page(&[("Fire", 40.0), ("X Theft", 100.0)], &[])), ["theft"]);
        assert_eq!(answer(&page(&[("Fire", 40.0), ("X", 90.0), ("Theft", 100.0)], &[])), ["theft"]);
        assert_eq!(answer(&page(&[("Fire", 40.0), ("Theft", 100.0)], &[(25.0, false), (86.0, true)])), ["theft"]);
        // Read as one line: "Fire" at 40, "Theft" at 76, "Storm / hail" at 118.
        let joined = page(&[("Fire  Theft  Storm / hail", 40.0)], &[(26.0, false), (64.0, false), (104.0, true)]);
        assert_eq!(answer(&joined), ["storm hail"]);
        assert!(answer(&page(&[("Fire", 40.0)], &[(25.0, false)])).is_empty());
    }
}
