//! Printed labels and the values that stand beside or below them.

use std::sync::LazyLock;

use super::fold::{alike, fold};
use super::{lexicon, vocabulary};
use crate::page::{Line, PageText};

/// What a printed label announces. Several are only known so that they are not taken for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    ClaimNumber,
    Name,
    GivenName,
    ClientRef,
    ContractNumber,
    IncidentDate,
    Place,
    Registration,
    PoliceRef,
    DecreeDate,
    Claimed,
    Total,
    InvoiceNumber,
    Number,
    Date,
    PaidOn,
    CareDate,
    Customer,
    Vehicle,
    Provider,
    Nature,
    Reference,
    Product,
    Decoration,
}

impl Label {
    const ALL: &[Self] = &[
        Self::ClaimNumber,
        Self::Name,
        Self::GivenName,
        Self::ClientRef,
        Self::ContractNumber,
        Self::IncidentDate,
        Self::Place,
        Self::Registration,
        Self::PoliceRef,
        Self::DecreeDate,
        Self::Claimed,
        Self::Total,
        Self::InvoiceNumber,
        Self::Number,
        Self::Date,
        Self::PaidOn,
        Self::CareDate,
        Self::Customer,
        Self::Vehicle,
        Self::Provider,
        Self::Nature,
        Self::Reference,
        Self::Product,
        Self::Decoration,
    ];
}

static LABELS: LazyLock<Vec<(Label, &'static str)>> = LazyLock::new(|| {
    vocabulary::entries(include_str!("vocabulary/labels.txt"))
        .filter_map(|(key, name)| {
            Label::ALL.iter().find(|label| format!("{label:?}") == key).map(|label| (*label, name))
        })
        .collect()
});

/// A label found in a line, with what follows it in the same line.
#[derive(Debug, Clone)]
pub struct Found {
    pub label: Label,
    /// Printed after the label in the same line; may be empty.
    pub tail: String,
    /// Whether a colon or the like closed the label.
    pub closed: bool,
}

/// The label a line begins with, if any; misread letters are forgiven in long labels.
#[must_use]
pub fn label(text: &str) -> Option<Found> {
    let text = text.trim().trim_start_matches(['•', '-', '*', '·', '☐']).trim_start();
    let text = unnumbered(text);
    if let Some((head, tail)) = text.split_once([':', '：'])
        && head.chars().count() <= 60
        && let Some(label) = known(&fold(head))
    {
        // "Assuré" heads a block; before a value it announces the name.
        let names =
            label == Label::Decoration && !tail.trim().is_empty() && lexicon::concept(&fold(head)) == Some(Label::Name);
        let label = if names { Label::Name } else { label };
        return Some(Found { label, tail: tail.trim().to_owned(), closed: true });
    }
    let folded = fold(text);
    if let Some(label) = known(&folded) {
        return Some(Found { label, tail: String::new(), closed: false });
    }
    // "Date of loss 2026-02-12": the colon was lost; only labels of two words and values with digits.
    let words: Vec<&str> = text.split_whitespace().collect();
    for cut in (2..words.len().min(7)).rev() {
        let tail = words[cut..].join(" ");
        if tail.chars().any(|c| c.is_ascii_digit())
            && let Some((label, _)) = exact(&fold(&words[..cut].join(" ")))
            && !matches!(label, Label::Decoration | Label::Nature)
        {
            return Some(Found {
                label,
                tail: tail.trim_start_matches(['.', ':', '-']).trim().to_owned(),
                closed: true,
            });
        }
    }
    None
}

/// Without the number of a question: "6. Country".
fn unnumbered(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = text.len() - rest.len();
    match rest.strip_prefix(['.', ')']) {
        Some(rest) if (1..=2).contains(&count) && rest.starts_with(' ') => rest.trim_start(),
        _ => text,
    }
}

fn exact(folded: &str) -> Option<(Label, &'static str)> {
    LABELS.iter().find(|(_, name)| *name == folded).copied()
}

fn known(folded: &str) -> Option<Label> {
    if folded.is_empty() || folded.len() > 60 {
        return None;
    }
    if let Some((label, _)) = exact(folded) {
        return Some(label);
    }
    // Without a bracketed or explained ending: "date of loss dd mm yyyy".
    let trimmed = folded
        .trim_end_matches(" jj mm aaaa")
        .trim_end_matches(" dd mm yyyy")
        .trim_end_matches(" s")
        .trim_start_matches("votre ")
        .trim_start_matches("your ");
    if trimmed != folded
        && let Some((label, _)) = exact(trimmed)
    {
        return Some(label);
    }
    if folded.len() < 6 {
        return lexicon::concept(folded);
    }
    LABELS
        .iter()
        .filter(|(_, name)| name.len() >= 6)
        .map(|(label, name)| (alike(folded, name), *label))
        .filter(|(score, _)| *score >= 0.86)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, label)| label)
        .or_else(|| lexicon::concept(folded))
}

/// A label and its value in one run of words, nothing between: "Insured Alastair Drummond".
///
/// A guess, good only where the value has the shape that the label wants.
fn run_on(text: &str) -> Option<Found> {
    let words: Vec<&str> = unnumbered(text.trim()).split_whitespace().collect();
    (1..words.len().min(8)).rev().find_map(|cut| {
        let (head, tail) = (fold(&words[..cut].join(" ")), words[cut..].join(" "));
        let starts = tail.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || "€£$".contains(c));
        let listed = exact(&head).map(|(label, _)| label).filter(|label| *label != Label::Decoration);
        let title = || (cut == 1 && lexicon::TITLES.contains(&head.as_str())).then_some(Label::InvoiceNumber);
        let label = listed.or_else(|| lexicon::concept(&head)).or_else(title)?;
        // One word says little: a garage or a cause may begin a name.
        let vague = cut == 1 && matches!(label, Label::Provider | Label::Nature | Label::Customer | Label::Date);
        // "Nom Le Goff": the particle belongs to the name, "survenu le 3 mai" not.
        let dated = matches!(label, Label::IncidentDate | Label::CareDate | Label::DecreeDate);
        let cut_name = !dated && [" le", " la", " de", " du"].iter().any(|end| head.ends_with(end));
        let fits = starts && head.len() >= 3 && !vague && !cut_name && !matches!(label, Label::Number | Label::Total);
        fits.then_some(Found { label, tail, closed: true })
    })
}

/// A value with the line it came from.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    pub text: String,
    pub line: &'a Line,
}

/// What the lines of a page announce, read once.
pub struct Read {
    found: Vec<Option<Found>>,
    /// Of lines without a label: a label that runs on into its value.
    guessed: Vec<Option<Found>>,
}

/// Reads the labels of a page.
#[must_use]
pub fn read(page: &PageText) -> Read {
    let found: Vec<Option<Found>> = page.lines.iter().map(|line| label(&line.text)).collect();
    let guess = |(line, found): (&Line, &Option<Found>)| {
        (found.is_none() && line.text.chars().count() < 70).then(|| run_on(&line.text)).flatten()
    };
    let guessed = page.lines.iter().zip(&found).map(guess).collect();
    Read { found, guessed }
}

/// Where the values of a label may stand, most likely first: after it, right of it, below it.
#[must_use]
pub fn values<'a>(page: &'a PageText, read: &Read, wanted: &[Label]) -> Vec<(Label, Value<'a>)> {
    let Read { found, guessed } = read;
    let (mut values, mut guesses) = (Vec::new(), Vec::new());
    for (n, here) in found.iter().enumerate() {
        let Some(here) = here else {
            let line = &page.lines[n];
            let guess = guessed.get(n).and_then(Option::as_ref).filter(|guess| wanted.contains(&guess.label));
            guesses.extend(guess.map(|guess| (guess.label, Value { text: guess.tail.clone(), line })));
            continue;
        };
        if !wanted.contains(&here.label) {
            continue;
        }
        let line = &page.lines[n];
        if !here.tail.is_empty() {
            values.push((here.label, Value { text: here.tail.clone(), line }));
            continue;
        }
        let right = (n + 1..page.lines.len())
            .take_while(|m| page.lines[*m].row == line.row)
            .find(|m| found[*m].is_none() || value_like(&page.lines[*m].text));
        let next_is_label = page.lines.get(n + 1).is_some_and(|next| next.row == line.row && found[n + 1].is_some());
        match right {
            Some(m) if !next_is_label || m == n + 1 => {
                values.push((here.label, value(page, found, m)));
                if here.closed {
                    continue;
                }
            }
            _ => {}
        }
        if let Some(m) = below(page, n)
            && (found[m].is_none() || value_like(&page.lines[m].text))
        {
            values.push((here.label, value(page, found, m)));
        }
    }
    values.extend(guesses);
    values
}

/// A value with the pieces that follow it closely in its row: handwriting is often read word by word.
fn value<'a>(page: &'a PageText, found: &[Option<Found>], n: usize) -> Value<'a> {
    let line = &page.lines[n];
    let mut text = line.text.clone();
    let mut end = line.area.x1;
    for (m, next) in page.lines.iter().enumerate().skip(n + 1) {
        let near = next.row == line.row && next.area.x0 - end < 0.9 * line.area.height();
        if !near || found[m].is_some() {
            break;
        }
        text.push(' ');
        text.push_str(&next.text);
        end = next.area.x1;
    }
    Value { text, line }
}

/// A word that is also a label can be a value when it carries digits.
fn value_like(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 3 && !text.contains(':')
}

/// The nearest line under a label that starts where the label starts.
fn below(page: &PageText, n: usize) -> Option<usize> {
    let label = &page.lines[n].area;
    let tolerance = (page.width * 0.03).max(label.height() * 1.5);
    page.lines
        .iter()
        .enumerate()
        .filter(|(m, line)| {
            let gap = line.area.y0 - label.y1;
            *m != n
                && line.row != page.lines[n].row
                && line.area.middle() > label.middle() + label.height() * 0.4
                && gap < label.height() * 2.4
                && (line.area.x0 - label.x0).abs() <= tolerance
        })
        .min_by(|a, b| a.1.area.y0.total_cmp(&b.1.area.y0))
        .map(|(m, _)| m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_recognised_in_both_languages() {
        let cases = [
            ("Date of loss :", Some(Label::IncidentDate), ""),
            ("Date du sinislre", Some(Label::IncidentDate), ""),
            ("N° de contrat : AZ-1", Some(Label::ContractNumber), "AZ-1"),
            ("Nº client", Some(Label::ClientRef), ""),
            ("Policy number AZ-AU-25-003237", Some(Label::ContractNumber), "AZ-AU-25-003237"),
            ("Montant réclamé :", Some(Label::Claimed), ""),
            ("The airline lost my suitcase", None, ""),
            ("RECEIPT No. F-4368", Some(Label::InvoiceNumber), "F-4368"),
        ];
        for (text, expected, tail) in cases {
            let got = label(text);
            assert_eq!(got.as_ref().map(|f| f.label), expected, "{text}");
            assert_eq!(got.map(|f| f.tail).unwrap_or_default(), tail, "{text}");
        }
    }
}
