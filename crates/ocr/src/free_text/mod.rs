//! What running text alone tells, asked of a language model where the rules are unsure.
//!
//! Never for what the layout gives. A model's word counts only with a passage that stands in the document, it
//! never replaces what a rule read, and a circumstance it adds is suspected, not stated: it can make an outcome
//! stricter and never looser. Without a model, or when it fails, the reading stays as it was.

mod chat;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::facts::{Fact, FactSource, FieldName};
use crate::fields::{circumstance_codes, fold, item_categories, peril_codes};
use crate::reading::Reading;
pub use chat::{ChatFreeText, FreeTextConfig};

/// Highest confidence of what a model concluded.
const TOLD: f32 = 0.75;
/// Longest text sent, in characters.
const MAX_TEXT: usize = 8_000;
/// Fewest letters of a passage: less is found on any page.
const MIN_QUOTE: usize = 8;

/// What is asked about one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The document as read: data, never instructions.
    pub text: String,
    /// Perils to choose from; empty when the peril is known.
    pub perils: Vec<&'static str>,
    pub circumstances: Vec<&'static str>,
    /// Descriptions of items that no rule could place.
    pub items: Vec<String>,
    pub categories: Vec<&'static str>,
}

/// A code with the passage it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Conclusion {
    pub code: String,
    /// Copied from the document.
    pub quote: String,
}

/// The category of one item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Placed {
    pub description: String,
    pub category: String,
}

/// What a model says; nothing of it is believed before [`complete`] has found it in the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Told {
    pub peril: Option<Conclusion>,
    pub circumstances: Vec<Conclusion>,
    pub items: Vec<Placed>,
}

/// Why a model told nothing.
#[derive(Debug, thiserror::Error)]
pub enum FreeTextError {
    #[error("free text: {0}")]
    Settings(String),
    #[error("free text: the model did not answer: {0}")]
    Unavailable(String),
    #[error("free text: the answer is not what was asked for")]
    Answer,
}

/// Reads running text.
#[async_trait]
pub trait FreeText: Send + Sync {
    /// Answers a question about a document.
    async fn told(&self, question: &Question) -> Result<Told, FreeTextError>;
}

/// Asks `model` for what the rules left open, within `deadline`, and adds what the document bears out.
///
/// A model that is late, dead or wrong changes nothing; it is logged without a word of the document.
pub async fn complete(reading: &mut Reading, model: &dyn FreeText, deadline: Duration) {
    let Some(question) = question(reading) else { return };
    match tokio::time::timeout(deadline, model.told(&question)).await {
        Ok(Ok(told)) => add(reading, &question, told),
        Ok(Err(error)) => tracing::warn!(%error, "free text was not read"),
        Err(_) => tracing::warn!(deadline_ms = deadline.as_millis(), "free text was not read in time"),
    }
}

/// What the rules left open; `None` when nothing is.
fn question(reading: &Reading) -> Option<Question> {
    let claims = reading.document.readable && !reading.document.injection;
    let product = reading.fields.get(&FieldName::Product).map(|fact| fact.value.as_str());
    let perils = if reading.fields.contains_key(&FieldName::Peril) { Vec::new() } else { peril_codes(product) };
    let unplaced = reading.items.iter().filter(|item| item.category == "general");
    let items: Vec<String> = unplaced.map(|item| item.description.clone()).collect();
    let open = claims && (!perils.is_empty() || !items.is_empty());
    open.then(|| Question {
        text: reading.raw_text.chars().take(MAX_TEXT).collect(),
        perils,
        circumstances: circumstance_codes(),
        items,
        categories: item_categories(),
    })
}

fn add(reading: &mut Reading, question: &Question, told: Told) {
    if let Some(peril) = told.peril.filter(|peril| question.perils.contains(&peril.code.as_str()))
        && let Some(fact) = borne_out(reading, &peril)
    {
        reading.fields.insert(FieldName::Peril, fact);
        reading.inferred_fields.push("peril".to_owned());
    }
    for circumstance in told.circumstances {
        let code = &circumstance.code;
        let new = question.circumstances.contains(&code.as_str())
            && !reading.stated_circumstances.contains(code)
            && !reading.suspected_circumstances.contains(code);
        if new && borne_out(reading, &circumstance).is_some() {
            reading.suspected_circumstances.push(circumstance.code);
            reading.inferred_fields.push("circumstances".to_owned());
        }
    }
    for placed in told.items.into_iter().filter(|placed| question.categories.contains(&placed.category.as_str())) {
        let same = |text: &str| fold(text) == fold(&placed.description);
        if let Some(item) = reading.items.iter_mut().find(|item| item.category == "general" && same(&item.description))
        {
            item.category = placed.category;
            item.confidence = item.confidence.min(TOLD);
        }
    }
}

/// The conclusion as a fact, with the line its passage begins in; `None` when the document has no such passage.
fn borne_out(reading: &Reading, conclusion: &Conclusion) -> Option<Fact> {
    let quote = fold(&conclusion.quote);
    if quote.len() < MIN_QUOTE || !fold(&reading.raw_text).contains(&quote) {
        return None;
    }
    let lines = reading.pages.iter().flat_map(|page| page.lines.iter().map(move |line| (page.page, line)));
    let shared = |text: &str| {
        let text = fold(text);
        if quote.contains(&text) || text.contains(&quote) { text.len().min(quote.len()) } else { 0 }
    };
    let (page, line) = lines.max_by_key(|(_, line)| shared(&line.text)).filter(|(_, line)| shared(&line.text) > 0)?;
    Some(Fact {
        value: conclusion.code.clone(),
        printed: conclusion.quote.clone(),
        confidence: line.confidence.min(TOLD),
        page,
        area: line.area,
        source: FactSource::Model,
        candidates: Vec::new(),
    })
}
