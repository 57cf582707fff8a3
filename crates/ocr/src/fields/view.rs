//! The pages of a document with their roles, and how facts are taken from them.

use super::fold::plain;
use super::labels::{self, Label, Value};
use super::parts::{Part, part};
use super::{rivals, sentences};
use crate::facts::{Fact, FactSource};
use crate::page::{Line, PageText};

/// A page with its role and its sentences.
pub struct View<'a> {
    pub page: &'a PageText,
    labels: labels::Read,
    pub part: Part,
    pub sentences: Vec<String>,
    /// Rows of the page in plain form, a bar between them so that no pattern runs on into the next.
    pub plain: String,
}

/// Looks at each page once.
pub fn views(pages: &[PageText]) -> Vec<View<'_>> {
    pages
        .iter()
        .map(|page| View {
            page,
            labels: labels::read(page),
            part: part(page),
            sentences: sentences::of_page(page),
            plain: page.text().lines().map(plain).collect::<Vec<_>>().join(" | "),
        })
        .collect()
}

impl<'a> View<'a> {
    /// Where the values of a label may stand, most likely first.
    pub fn values(&self, wanted: &[Label]) -> Vec<(Label, Value<'a>)> {
        labels::values(self.page, &self.labels, wanted)
    }

    /// The first value of a label that `accept` understands; other values of the page are its candidates.
    pub fn labelled(&self, wanted: &[Label], accept: impl Fn(&str) -> Option<String>) -> Option<Fact> {
        let mut taken = self.values(wanted).into_iter().filter_map(|(_, value)| {
            let fact = self.fact(accept(&value.text)?, value.line, FactSource::Label);
            Some(Fact { printed: value.text, ..fact })
        });
        let mut fact = taken.next()?;
        for other in taken {
            rivals::add(&mut fact, &other);
        }
        Some(fact)
    }

    /// A fact read from one line.
    pub fn fact(&self, value: String, line: &Line, source: FactSource) -> Fact {
        Fact {
            value,
            printed: line.text.clone(),
            confidence: line.confidence,
            page: self.page.number,
            area: line.area.to_array(),
            source,
            candidates: Vec::new(),
        }
    }

    /// A fact from running text; its place is the line that holds `clue`, or the whole page.
    pub fn fact_in_text(&self, value: String, clue: &str) -> Fact {
        let words: Vec<String> = plain(clue).split_whitespace().map(str::to_owned).collect();
        let score = |line: &&Line| {
            let text = plain(&line.text);
            words.iter().filter(|word| text.contains(word.as_str())).map(|word| word.len()).sum::<usize>()
        };
        match self.page.lines.iter().max_by_key(score).filter(|line| score(line) > 0) {
            Some(line) => self.fact(value, line, FactSource::Text),
            None => Fact {
                value,
                printed: clue.to_owned(),
                confidence: self.page.confidence().unwrap_or(0.0),
                page: self.page.number,
                area: [0.0, 0.0, self.page.width, self.page.height],
                source: FactSource::Text,
                candidates: Vec::new(),
            },
        }
    }

    /// Whether the page is one of these.
    pub fn is(&self, parts: &[Part]) -> bool {
        parts.contains(&self.part)
    }
}

/// The claimant's own pages first, then the others, each in file order.
pub fn claimant_first<'v, 'a>(views: &'v [View<'a>]) -> Vec<&'v View<'a>> {
    let mut order: Vec<&View<'a>> = views.iter().collect();
    order.sort_by_key(|view| match view.part {
        Part::Form | Part::Letter => 0,
        Part::Bill => 1,
        Part::Other => 2,
        Part::Police => 3,
        Part::Invoice | Part::Receipt => 4,
    });
    order
}
