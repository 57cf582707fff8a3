//! Rows of options with check boxes: which answer is crossed.

use crate::page::{Area, CheckBox, Line, PageText};

/// Signs that print a crossed or an empty box.
const CROSSED: &[&str] = &["☒", "☑", "✓", "✔", "✗", "✘", "[x]", "[X]", "(x)", "(X)", "[✓]", "⊠", "■"];
const EMPTY: &[&str] = &["☐", "[ ]", "[]", "( )", "□", "▢"];

/// An option whose box is crossed.
pub struct Choice<'a, T> {
    pub option: T,
    pub line: &'a Line,
}

/// An option named in a text, with the share of the text before it (0 to 1).
pub type Named<T> = (f32, T);

/// The crossed options of a page; `find` tells which options a text names, in order.
///
/// Options of one row may have been read as one line: boxes and options are
/// then paired in order, or, where they are not as many, by distance.
pub fn crossed<'a, T: Clone>(page: &'a PageText, find: impl Fn(&str) -> Vec<Named<T>>) -> Vec<Choice<'a, T>> {
    let mut found = Vec::new();
    for (n, line) in page.lines.iter().enumerate() {
        if let Some(text) = printed_cross(page, n)
            && let Some((share, option)) = find(&text).into_iter().next()
            && share < 0.25
        {
            found.push(Choice { option, line });
        }
    }
    if !found.is_empty() || page.boxes.iter().all(|mark| !mark.crossed) {
        return found;
    }
    for line in &page.lines {
        let named = find(&line.text);
        if named.is_empty() || line.text.chars().count() > 140 {
            continue;
        }
        found.extend(paired(page, line, &named).into_iter().map(|option| Choice { option, line }));
    }
    found
}

/// The crossed options of one line.
fn paired<T: Clone>(page: &PageText, line: &Line, named: &[Named<T>]) -> Vec<T> {
    let height = line.area.height();
    let mut boxes: Vec<&CheckBox> = page
        .boxes
        .iter()
        .filter(|mark| {
            let level = (line.area.middle() - mark.area.middle()).abs() < 0.7 * height;
            level && mark.area.x1 > line.area.x0 - 2.6 * height && mark.area.x0 < line.area.x1
        })
        .collect();
    boxes.sort_by(|a, b| a.area.x0.total_cmp(&b.area.x0));
    // A box far left of the first word belongs to another line, if a nearer one is there.
    if boxes.len() == named.len() {
        return boxes
            .iter()
            .zip(named)
            .filter(|(mark, _)| mark.crossed)
            .map(|(_, (_, option))| option.clone())
            .collect();
    }
    let crossed = boxes.into_iter().filter(|mark| mark.crossed);
    let nearest = crossed.filter_map(|mark| {
        let distance = |share: f32| place(&line.area, share) - mark.area.x1;
        let fits = |share: &f32| distance(*share) > -3.0 * height && distance(*share) < 4.0 * height;
        let near = named.iter().filter(|(share, _)| fits(share));
        near.min_by(|a, b| distance(a.0).abs().total_cmp(&distance(b.0).abs())).map(|(_, option)| option.clone())
    });
    nearest.collect()
}

/// The words of a line that begins with a cross or follows one.
fn printed_cross(page: &PageText, n: usize) -> Option<String> {
    let line = &page.lines[n];
    let text = line.text.trim();
    if let Some(rest) = CROSSED.iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some(rest.trim().to_owned());
    }
    if EMPTY.iter().any(|mark| text.starts_with(mark) || text.ends_with(mark)) {
        return None;
    }
    if let Some(option) = CROSSED.iter().find_map(|mark| text.strip_suffix(mark)) {
        return Some(option.trim().to_owned());
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
            boxes: boxes
                .iter()
                .map(|(x, crossed)| CheckBox { area: Area::new(*x, 101.0, x + 10.0, 111.0), crossed: *crossed })
                .collect(),
            hidden: vec![],
        }
    }

    fn answer(page: &PageText) -> Vec<&'static str> {
        let find = |text: &str| {
            let text = text.to_lowercase();
            let mut found: Vec<Named<&'static str>> = ["fire", "theft", "storm"]
                .into_iter()
                .filter_map(|name| text.find(name).map(|at| (at as f32 / text.len() as f32, name)))
                .collect();
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            found
        };
        crossed(page, find).into_iter().map(|choice| choice.option).collect()
    }

    #[test]
    fn a_cross_belongs_to_the_option_at_its_right() {
        assert_eq!(answer(&page(&[("Fire", 40.0), ("X Theft", 100.0)], &[])), ["theft"]);
        assert_eq!(answer(&page(&[("Fire", 40.0), ("X", 90.0), ("Theft", 100.0)], &[])), ["theft"]);
        assert_eq!(answer(&page(&[("Fire", 40.0), ("Theft", 100.0)], &[(25.0, false), (86.0, true)])), ["theft"]);
        // Read as one line: "Fire" at 40, "Theft" at 76, "Storm / hail" at 118.
        let joined = page(&[("Fire  Theft  Storm / hail", 40.0)], &[(26.0, false), (64.0, false), (104.0, true)]);
        assert_eq!(answer(&joined), ["storm"]);
        assert!(answer(&page(&[("Fire", 40.0)], &[(25.0, false)])).is_empty());
    }
}
