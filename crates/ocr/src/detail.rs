//! What is known of a page beside its lines: words, blocks, how good the picture is, how long it took.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::page::Area;
use crate::slant::Slant;

/// A word with its place, in units of its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub text: String,
    pub area: Area,
    /// 0 to 1: mean certainty of the characters; 0.99 for a text layer.
    pub confidence: f32,
}

/// More about the line of the same number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineDetail {
    /// The estimated chance that every character of the line is right.
    pub chance: f32,
    /// 0 to 1: certainty of the least certain character.
    pub least: f32,
    pub words: Vec<Word>,
    /// Which of the blocks of the page.
    pub block: usize,
}

/// Lines that belong together: a paragraph or column of running text, or rows of a form or table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub area: Area,
    pub kind: BlockKind,
    /// `fr` or `en`; `None` where too few words tell.
    pub language: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Lines that follow one another.
    #[default]
    Text,
    /// Rows of several cells.
    Rows,
}

/// What is wrong with the picture of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nothing is printed on it.
    Blank,
    /// Edges of letters are soft: out of focus, or moved.
    Blurred,
    /// Text runs into the edge of the picture: a part of the page is missing.
    Cut,
    /// Letters are hardly darker than the paper.
    LowContrast,
}

/// Seconds spent on a page, by the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// Decoding or drawing the page, or reading its text layer.
    pub open: f32,
    /// Finding lines and setting the page upright.
    pub detect: f32,
    /// Reading the lines.
    pub read: f32,
}

/// Everything beside the lines of one page; as many `lines` as the page has, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PageDetail {
    pub lines: Vec<LineDetail>,
    pub blocks: Vec<Block>,
    pub findings: Vec<Finding>,
    pub timings: Timings,
    /// Taken out of every place here and of the lines of the page.
    #[serde(default)]
    pub slant: Slant,
}

impl PageDetail {
    /// The same with every place multiplied.
    #[must_use]
    pub fn scaled(mut self, factor: f32) -> Self {
        for word in self.lines.iter_mut().flat_map(|line| &mut line.words) {
            word.area = word.area.scaled(factor);
        }
        for block in &mut self.blocks {
            block.area = block.area.scaled(factor);
        }
        self.slant = self.slant.scaled(factor);
        self
    }
}
