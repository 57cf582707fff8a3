//! Finds personal data in French and English texts, says what it is and where, and takes it out.
//!
//! Pure: no I/O, no clock. What a number is, its checksum says where it has one; what a date is, the words before it
//! say. Names are found only where somebody told them: see [`Known`].

mod dates;
mod fold;
mod forms;
mod json;
mod known;
mod labels;
mod numbers;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use fold::fold;
pub use json::redact_json;
pub use known::{Known, name_parts};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Email,
    Phone,
    Iban,
    /// The French social security number, with its key.
    Nir,
    Card,
    DateOfBirth,
    /// Of a vehicle.
    Plate,
    Address,
    Name,
    /// Our own references of a person: user, contract, invoice. Only found on request.
    Reference,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::Nir => "nir",
            Self::Card => "card",
            Self::DateOfBirth => "date_of_birth",
            Self::Plate => "plate",
            Self::Address => "address",
            Self::Name => "name",
            Self::Reference => "reference",
        }
    }
}

/// Personal data and where it stands, in bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub at: Range<usize>,
}

/// What to look for in the texts of one person.
#[derive(Debug, Clone, Default)]
pub struct Detector {
    known: Known,
    references: bool,
}

impl Detector {
    pub fn new(known: Known) -> Self {
        Self { known, references: false }
    }

    /// Also finds references such as `USR-1001`, `AZ-AU-25-001889`, `F-5858`: for texts that must not lead back to
    /// anybody at all.
    #[must_use]
    pub fn and_references(self) -> Self {
        Self { references: true, ..self }
    }

    /// In the order of the text; none overlaps another.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        forms::emails(text, &mut found);
        numbers::ibans(text, &mut found);
        numbers::nirs(text, &mut found);
        numbers::cards(text, &mut found);
        self.known.find(text, &mut found);
        dates::births(text, self.known.births(), &mut found);
        forms::phones(text, &mut found);
        forms::plates(text, &mut found);
        forms::addresses(text, &mut found);
        if self.references {
            forms::references(text, &mut found);
        }
        // Looked for in the order of their certainty; a stable sort keeps it among those that begin alike.
        merge(found)
    }

    /// The text with `[email]`, `[name]`, … in the places of what was found.
    pub fn redact(&self, text: &str) -> String {
        self.replace(text, |kind| format!("[{}]", kind.as_str()))
    }

    /// The text with what `by` gives in the places of what was found.
    pub fn replace(&self, text: &str, by: impl Fn(Kind) -> String) -> String {
        let (mut clean, mut copied) = (String::with_capacity(text.len()), 0);
        for found in self.find(text) {
            clean.push_str(&text[copied..found.at.start]);
            clean.push_str(&by(found.kind));
            copied = found.at.end;
        }
        clean.push_str(&text[copied..]);
        clean
    }
}

/// Of places that overlap, one that covers them all, of the kind that was found first.
fn merge(found: Vec<Found>) -> Vec<Found> {
    let mut order: Vec<(usize, Found)> = found.into_iter().enumerate().collect();
    order.sort_by_key(|(rank, found)| (found.at.start, *rank));
    let mut merged: Vec<(usize, Found)> = Vec::with_capacity(order.len());
    for (rank, next) in order {
        match merged.last_mut() {
            Some((best, last)) if next.at.start < last.at.end => {
                last.at.end = last.at.end.max(next.at.end);
                if rank < *best {
                    (*best, last.kind) = (rank, next.kind);
                }
            }
            _ => merged.push((rank, next)),
        }
    }
    merged.into_iter().map(|(_, found)| found).collect()
}
