//! The seam between a page of pixels and whatever reads it.

use std::path::PathBuf;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::detail::PageDetail;
use crate::error::OcrError;
use crate::page::{CheckBox, Line};

/// A page as pixels.
pub struct Page {
    pub pixels: RgbImage,
}

/// What was read on a page, in pixels of the page set upright.
pub struct PageLines {
    pub lines: Vec<Line>,
    pub boxes: Vec<CheckBox>,
    pub detail: PageDetail,
    pub width: f32,
    pub height: f32,
    /// Degrees the page was turned clockwise to stand upright.
    pub turned: u16,
}

/// Something that reads pixels. Slow: call it off the async threads.
pub trait Recognizer: Send {
    /// Reads one page. A page without text gives no lines, not an error.
    ///
    /// # Errors
    /// When the network cannot be run on this page.
    fn read(&mut self, page: &Page) -> Result<PageLines, OcrError>;
}

/// Where the model files are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFiles {
    /// `PP-OCRv6_det_small.onnx`
    pub detector: PathBuf,
    /// `PP-OCRv6_rec_small.onnx`
    pub recogniser: PathBuf,
    /// One character a line; by default the list inside the recogniser file.
    #[serde(default)]
    pub dictionary: Option<PathBuf>,
}
