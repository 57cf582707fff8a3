//! Names of people and of professionals.

use std::sync::LazyLock;

use super::fold::{alike, fold};
use super::labels::{Label, label};
use super::parts::Part;
use super::view::{View, claimant_first};
use super::vocabulary;
use crate::facts::{Fact, FactSource};
use crate::page::Line;

/// Words that no person is called but letterheads, headings and addresses are.
static NOT_PEOPLE: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| vocabulary::entries(include_str!("vocabulary/not_people.txt")).map(|(_, word)| word).collect());

/// A person's name, cleaned, if a text can be one: two to five words with capitals and no digits.
#[must_use]
pub fn person(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches([',', '.', ';', ':']).trim();
    let text = text.split(['(', '|']).next().unwrap_or_default().trim();
    let text = without_title(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let letters_only = text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.'));
    if !(2..=5).contains(&words.len()) || !letters_only || text.chars().count() > 45 {
        return None;
    }
    let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
    let particle = |word: &&str| {
        matches!(
            *word,
            "de" | "du"
                | "la"
                | "le"
                | "van"
                | "von"
                | "der"
                | "den"
                | "ben"
                | "d'"
                | "des"
                | "al"
                | "bin"
                | "da"
                | "dos"
                | "di"
                | "y"
                | "et"
                | "ter"
        )
    };
    if !words.iter().all(|word| capital(word) || particle(word)) || !words.first().is_some_and(capital) {
        return None;
    }
    let folded = fold(text);
    if folded.split(' ').any(|word| NOT_PEOPLE.contains(&word)) {
        return None;
    }
    Some(words.join(" "))
}

fn without_title(text: &str) -> &str {
    for title in [
        "M. ",
        "Mme ",
        "Mlle ",
        "Mr ",
        "Mr. ",
        "Mrs ",
        "Mrs. ",
        "Ms ",
        "Ms. ",
        "Miss ",
        "Monsieur ",
        "Madame ",
        "M et Mme ",
        "Dr ",
    ] {
        if let Some(rest) = text.strip_prefix(title) {
            return rest.trim_start();
        }
    }
    text
}

/// As [`person`], for a value that stands beside a name label: lower case and single words pass.
fn labelled_person(text: &str) -> Option<String> {
    if let Some(name) = person(text) {
        return Some(name);
    }
    let text = without_title(text.trim());
    let fine = text.chars().all(|c| c.is_alphabetic() || " -'’.".contains(c));
    let words = text.split_whitespace().count();
    let label = label(text).is_some();
    (fine && !label && (2..=5).contains(&words) && text.len() >= 5).then(|| text.to_owned())
}

/// Who claims: the name on the form, the sender of the letter, the patient.
#[must_use]
pub fn claimant(views: &[View<'_>]) -> Option<Fact> {
    for view in claimant_first(views) {
        if let Some(fact) = in_two_parts(view) {
            return Some(fact);
        }
        let found = match view.part {
            Part::Form | Part::Bill | Part::Other => view.labelled(&[Label::Name], labelled_person),
            Part::Letter => view.labelled(&[Label::Name], person).or_else(|| sender(view)),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    let others = views.iter().find_map(|view| view.labelled(&[Label::Name, Label::Customer], person));
    others.or_else(|| views.iter().filter(|view| view.is(&[Part::Form, Part::Letter])).find_map(sender))
}

/// A surname and a given name under labels of their own.
fn in_two_parts(view: &View<'_>) -> Option<Fact> {
    let part = |text: &str| {
        let fine = text.chars().all(|c| c.is_alphabetic() || " -'’.".contains(c));
        (fine && text.len() > 1 && text.split_whitespace().count() <= 3 && label(text).is_none())
            .then(|| text.trim().to_owned())
    };
    let given = view.labelled(&[Label::GivenName], part)?;
    let surname = view.labelled(&[Label::Name], part).filter(|surname| surname.value != given.value)?;
    let confidence = surname.confidence.min(given.confidence);
    Some(Fact { value: format!("{} {}", given.value, surname.value), confidence, ..surname })
}

/// The person a line of a letterhead names, before an address in the same line.
fn named(text: &str) -> Option<String> {
    person(text).or_else(|| person(text.split_once(',')?.0))
}

/// The sender of a letter: a name at the top, and the same name under the closing where it is signed.
fn sender(view: &View<'_>) -> Option<Fact> {
    let lines = &view.page.lines;
    let greeting = lines.iter().position(|line| {
        let text = fold(&line.text);
        ["madame", "monsieur", "dear", "bonjour", "objet", "re ", "subject", "to whom"]
            .iter()
            .any(|word| text.starts_with(word))
    });
    let top: Vec<&Line> =
        lines[..greeting.unwrap_or(lines.len() / 2)].iter().filter(|line| named(&line.text).is_some()).collect();
    let bottom: Vec<&Line> =
        lines[lines.len() / 2..].iter().rev().filter(|line| named(&line.text).is_some()).take(4).collect();
    for a in &top {
        for b in &bottom {
            if alike(&fold(&a.text), &fold(&b.text)) > 0.85 {
                let best = if a.confidence >= b.confidence { a } else { b };
                return Some(view.fact(named(&best.text)?, best, FactSource::Text));
            }
        }
    }
    let line = top.first().or(bottom.first())?;
    Some(view.fact(named(&line.text)?, line, FactSource::Text))
}

/// The professional: named on the form, or the letterhead of an invoice, bill or receipt.
#[must_use]
pub fn provider(views: &[View<'_>]) -> Option<Fact> {
    let papers = || views.iter().filter(|view| view.is(&[Part::Invoice, Part::Bill, Part::Receipt]));
    let accept = |text: &str| {
        let text = text.trim();
        (text.chars().filter(|c| c.is_alphabetic()).count() >= 4 && label(text).is_none()).then(|| text.to_owned())
    };
    let labelled = views.iter().find_map(|view| view.labelled(&[Label::Provider], accept));
    let printed = papers().find_map(letterhead);
    match (labelled, printed) {
        // The same name twice: keep what was read better.
        (Some(form), Some(paper))
            if paper.confidence > form.confidence && alike(&fold(&form.value), &fold(&paper.value)) > 0.7 =>
        {
            Some(paper)
        }
        (Some(form), _) => Some(form),
        (None, printed) => printed,
    }
}

/// The first line of a page that is a name rather than a title, an address or a number.
fn letterhead(view: &View<'_>) -> Option<Fact> {
    const TITLES: &[&str] = &[
        "devis",
        "facture",
        "invoice",
        "estimate",
        "receipt",
        "ticket",
        "note d honoraires",
        "facture de soins",
        "quotation",
        "quote",
        "recu",
        "bill",
        "medical",
        "statement",
        "original",
        "copie",
        "copy",
        "duplicata",
        "duplicate",
        "page",
        "fee note",
        "repair estimate",
    ];
    let lines = view.page.lines.iter().take(8);
    let fits = |line: &&Line| {
        let folded = fold(&line.text);
        let letters = line.text.chars().filter(|c| c.is_alphabetic()).count();
        let title = TITLES.iter().any(|title| folded == *title || folded.starts_with(&format!("{title} ")));
        let digits = line.text.chars().filter(char::is_ascii_digit).count();
        letters >= 4
            && digits <= 3
            && !title
            && line.confidence > 0.5
            && label(&line.text).is_none()
            && !line.text.contains('@')
    };
    let candidates: Vec<&Line> = lines.filter(fits).collect();
    let tallest = candidates.iter().map(|line| line.area.height()).fold(0.0, f32::max);
    let line = candidates.iter().find(|line| line.area.height() > 0.8 * tallest).or(candidates.first())?;
    Some(view.fact(line.text.trim().to_owned(), line, FactSource::Layout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_others() {
        for name in ["Océane Bouvier", "Bastien Étienne-Marchal", "Conor O'Brien", "MARTIN Léa", "Jean de la Tour"] {
            assert_eq!(person(name).as_deref(), Some(name));
        }
        assert_eq!(person("Mme Léa Monnier,").as_deref(), Some("Léa Monnier"));
        for other in [
            "Mutuelle Azur Prévoyance",
            "114 boulevard Carnot",
            "Claims department",
            "Dear Sir or Madam,",
            "Perpignan",
            "the car is damaged",
        ] {
            assert_eq!(person(other), None, "{other}");
        }
    }
}
