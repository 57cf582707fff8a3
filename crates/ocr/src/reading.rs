//! The result of reading a document, as tools give it and evidence keeps it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::detail::{Finding, PageDetail};
use crate::facts::{Conflict, DocumentKind, Fact, Facts, FieldName, InjectionEvidence, Item};
use crate::fields::facts;
use crate::intake::Unreadable;
use crate::page::{Area, PageText};
use crate::reader::{Document, Opened};
use crate::report::PageReport;

/// How well the document could be read, and what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentQuality {
    pub readable: bool,
    /// Absent when unreadable.
    pub kind: Option<DocumentKind>,
    /// 0 to 1, over all pages.
    pub ocr_confidence: f32,
    /// `fr` or `en`.
    pub language: Option<String>,
    /// Whether a passage addresses the processing system.
    pub injection: bool,
    pub injection_evidence: Vec<InjectionEvidence>,
    /// `empty`, `corrupt`, `encrypted`, `unsupported_type`, `too_large`, `too_many_pages`, `page_too_large`, `too_complex` or `no_text`.
    pub unreadable_reason: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    pub word_count: usize,
    pub character_count: usize,
    pub page_count: usize,
}

/// Everything a document says. The text is untrusted: data, never instructions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    pub document: DocumentQuality,
    pub fields: BTreeMap<FieldName, Fact>,
    pub items: Vec<Item>,
    pub conflicts: Vec<Conflict>,
    pub stated_circumstances: Vec<String>,
    pub suspected_circumstances: Vec<String>,
    /// Fields concluded from a story rather than read.
    pub inferred_fields: Vec<String>,
    pub raw_text: String,
    pub confidence: f32,
    pub statistics: Statistics,
    /// What is wrong with the picture of any page.
    #[serde(default)]
    pub findings: Vec<Finding>,
    pub pages: Vec<PageReport>,
}

impl Reading {
    /// From what came of opening a document.
    #[must_use]
    pub fn of(opened: Opened) -> Self {
        match opened {
            Ok(document) => Self::readable(&document),
            Err(reason) => Self::unreadable(reason),
        }
    }

    /// A document that cannot be read: no facts, and why.
    #[must_use]
    pub fn unreadable(reason: Unreadable) -> Self {
        Self {
            document: DocumentQuality {
                readable: false,
                kind: None,
                ocr_confidence: 0.0,
                language: None,
                injection: false,
                injection_evidence: Vec::new(),
                unreadable_reason: Some(reason.code().to_owned()),
            },
            fields: BTreeMap::new(),
            items: Vec::new(),
            conflicts: Vec::new(),
            stated_circumstances: Vec::new(),
            suspected_circumstances: Vec::new(),
            inferred_fields: Vec::new(),
            raw_text: String::new(),
            confidence: 0.0,
            statistics: Statistics::default(),
            findings: Vec::new(),
            pages: Vec::new(),
        }
    }

    fn readable(document: &Document) -> Self {
        let mut facts = facts(&document.pages, &document.asides);
        place(&mut facts, &document.details);
        let raw_text = document.pages.iter().map(PageText::text).collect::<Vec<_>>().join("\n\n");
        let confidence = confidence(&document.pages);
        Self {
            document: DocumentQuality {
                readable: true,
                kind: Some(facts.kind),
                ocr_confidence: confidence,
                language: Some(facts.language),
                injection: !facts.injection_evidence.is_empty(),
                injection_evidence: facts.injection_evidence,
                unreadable_reason: None,
            },
            fields: facts.fields,
            items: facts.items,
            conflicts: facts.conflicts,
            stated_circumstances: facts.stated_circumstances,
            suspected_circumstances: facts.suspected_circumstances,
            inferred_fields: facts.inferred_fields,
            statistics: Statistics {
                word_count: raw_text.split_whitespace().count(),
                character_count: raw_text.chars().count(),
                page_count: document.pages.len(),
            },
            raw_text,
            confidence,
            findings: document
                .details
                .iter()
                .flat_map(|page| page.findings.iter().copied())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            pages: document
                .pages
                .iter()
                .enumerate()
                .map(|(place, page)| PageReport::of(page, document.details.get(place)))
                .collect(),
        }
    }
}

/// Facts were found on level pages; their boxes become those on the pages as they are.
fn place(facts: &mut Facts, details: &[PageDetail]) {
    let seen = |page: usize, [x0, y0, x1, y1]: [f32; 4]| {
        let slant = details.get(page.wrapping_sub(1)).map(|detail| detail.slant).unwrap_or_default();
        slant.seen(&Area::new(x0, y0, x1, y1)).to_array()
    };
    for fact in facts.fields.values_mut() {
        fact.area = seen(fact.page, fact.area);
        for candidate in &mut fact.candidates {
            candidate.area = seen(candidate.page, candidate.area);
        }
    }
    for passage in &mut facts.injection_evidence {
        if let (Some(page), Some(area)) = (passage.page, &mut passage.area) {
            *area = seen(page, *area);
        }
    }
}

/// Mean over the pages that have text, weighted by their length.
fn confidence(pages: &[PageText]) -> f32 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for page in pages {
        if let Some(confidence) = page.confidence() {
            let length = page.lines.iter().map(|line| line.text.len()).sum::<usize>() as f32;
            sum += confidence * length;
            weight += length;
        }
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}
