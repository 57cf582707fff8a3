//! Pages as results give them: lines, words and blocks with boxes, quality, times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::detail::{BlockKind, Finding, LineDetail, PageDetail, Timings};
use crate::page::{Line, PageText, Source};
use crate::slant::Slant;

/// A page with its lines in reading order. Boxes are `[x0, y0, x1, y1]`, y downwards, in points (PDF) or pixels (image).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageReport {
    /// Counts from 1.
    pub page: usize,
    pub width: f32,
    pub height: f32,
    /// `text_layer` or `recognised`.
    pub source: String,
    /// Degrees the page was turned clockwise; boxes are those of the turned page.
    pub turned: u16,
    /// 0 to 1: mean certainty of the characters.
    pub confidence: f32,
    /// What is wrong with the picture.
    pub findings: Vec<Finding>,
    /// Seconds by stage.
    pub timings: Timings,
    pub blocks: Vec<BlockReport>,
    pub lines: Vec<LineReport>,
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockReport {
    #[serde(rename = "box")]
    pub area: [f32; 4],
    pub kind: BlockKind,
    /// `fr` or `en`, where the words tell.
    pub language: Option<String>,
}

/// A line, or a cell of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineReport {
    pub text: String,
    #[serde(rename = "box")]
    pub area: [f32; 4],
    /// The estimated chance that every character is right.
    pub confidence: f32,
    /// Lines of the same row stand side by side. Counts from 0.
    pub row: usize,
    /// Place in `blocks`.
    pub block: usize,
    pub words: Vec<WordReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WordReport {
    pub text: String,
    #[serde(rename = "box")]
    pub area: [f32; 4],
    /// Mean certainty of the characters.
    pub confidence: f32,
}

impl PageReport {
    /// A page or line of which nothing more is known than its text keeps its place, and its own certainty.
    #[must_use]
    pub fn of(page: &PageText, detail: Option<&PageDetail>) -> Self {
        let (nothing, none) = (PageDetail::default(), LineDetail::default());
        let detail = detail.unwrap_or(&nothing);
        let lines = page.lines.iter().enumerate().map(|(place, line)| match detail.lines.get(place) {
            Some(more) => LineReport::of(line, more, &detail.slant),
            None => LineReport { confidence: line.confidence, ..LineReport::of(line, &none, &detail.slant) },
        });
        let blocks = detail.blocks.iter();
        Self {
            page: page.number,
            width: page.width,
            height: page.height,
            source: match page.source {
                Source::TextLayer => "text_layer".to_owned(),
                Source::Recognised => "recognised".to_owned(),
            },
            turned: page.turned,
            confidence: page.confidence().unwrap_or(0.0),
            findings: detail.findings.clone(),
            timings: detail.timings,
            blocks: blocks
                .map(|block| BlockReport {
                    area: detail.slant.seen(&block.area).to_array(),
                    kind: block.kind,
                    language: block.language.clone(),
                })
                .collect(),
            lines: lines.collect(),
        }
    }
}

impl LineReport {
    fn of(line: &Line, detail: &LineDetail, slant: &Slant) -> Self {
        let words = detail.words.iter();
        Self {
            text: line.text.clone(),
            area: slant.seen(&line.area).to_array(),
            confidence: detail.chance,
            row: line.row,
            block: detail.block,
            words: words
                .map(|word| WordReport {
                    text: word.text.clone(),
                    area: slant.seen(&word.area).to_array(),
                    confidence: word.confidence,
                })
                .collect(),
        }
    }
}
