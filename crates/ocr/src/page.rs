//! What a page says and where: the words of every later stage.

use serde::{Deserialize, Serialize};

/// A rectangle `[x0, y0, x1, y1]`, y downwards, in units of its page: points for a PDF, pixels for an image.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Area {
    pub x0: f32,
    pub y0: f32,
    pub x1: f32,
    pub y1: f32,
}

impl Area {
    #[must_use]
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { x0, y0, x1, y1 }
    }

    #[must_use]
    pub fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    #[must_use]
    pub fn height(&self) -> f32 {
        self.y1 - self.y0
    }

    #[must_use]
    pub fn middle(&self) -> f32 {
        (self.y0 + self.y1) / 2.0
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.x0.min(other.x0), self.y0.min(other.y0), self.x1.max(other.x1), self.y1.max(other.y1))
    }

    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        Self::new(self.x0 * factor, self.y0 * factor, self.x1 * factor, self.y1 * factor)
    }

    #[must_use]
    pub fn to_array(self) -> [f32; 4] {
        [self.x0, self.y0, self.x1, self.y1]
    }
}

/// A run of text without a wide gap: a table cell, a label, or a line of a paragraph.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    pub text: String,
    pub area: Area,
    /// 0 to 1: mean certainty of the characters; 0.99 for a text layer.
    pub confidence: f32,
    /// Rows count from 0 down the page; lines of one row share a baseline.
    pub row: usize,
}

/// A drawn check box.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheckBox {
    pub area: Area,
    pub crossed: bool,
}

/// How the text of a page was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    TextLayer,
    Recognised,
}

/// The text of one page, lines in reading order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageText {
    /// Counts from 1.
    pub number: usize,
    pub width: f32,
    pub height: f32,
    pub source: Source,
    /// Degrees the page was turned clockwise before it could be read.
    pub turned: u16,
    pub lines: Vec<Line>,
    /// Check boxes near the lines, in no order.
    #[serde(default)]
    pub boxes: Vec<CheckBox>,
    /// Text that a person does not see on the page: white, tiny, invisible or
    /// outside it. Searched for instructions, never for facts.
    pub hidden: Vec<String>,
}

impl PageText {
    /// The rows of the page, lines of a row separated by two spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut row = None;
        for line in &self.lines {
            match row {
                None => {}
                Some(last) if last == line.row => out.push_str("  "),
                Some(_) => out.push('\n'),
            }
            out.push_str(&line.text);
            row = Some(line.row);
        }
        out
    }

    /// Mean confidence weighted by length; `None` on a page without text.
    #[must_use]
    pub fn confidence(&self) -> Option<f32> {
        let (mut sum, mut count) = (0.0, 0.0);
        for line in &self.lines {
            let weight = line.text.chars().count() as f32;
            sum += line.confidence * weight;
            count += weight;
        }
        (count > 0.0).then(|| sum / count)
    }
}

/// Text of a file that belongs to no page: metadata, annotations, form values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    pub origin: Origin,
    pub text: String,
}

/// Where an [`Aside`] was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Metadata,
    Annotation,
    FormField,
}
