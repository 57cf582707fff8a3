//! One document from bytes to pages.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::RgbImage;

use crate::error::OcrError;
use crate::intake::{FileType, Limits, Unreadable, sniff};
use crate::page::{Area, Aside, CheckBox, Line, PageText, Source};
use crate::recognizer::{Page, Recognizer};
use crate::{pdf, raster, tick};

/// Dots per inch at which a PDF page without text is rendered.
const RENDER_DPI: f32 = 200.0;

/// The pages of a document, before any meaning is looked for.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub pages: Vec<PageText>,
    pub asides: Vec<Aside>,
    pub file_type: Option<FileType>,
}

/// What came of opening a document.
pub type Opened = Result<Document, Unreadable>;

/// Reads documents with one recogniser, which it keeps loaded.
pub struct Reader {
    limits: Limits,
    recognizer: Option<Box<dyn Recognizer>>,
}

impl Reader {
    /// Without a recogniser only text layers can be read; other pages give an error.
    #[must_use]
    pub fn new(limits: Limits, recognizer: Option<Box<dyn Recognizer>>) -> Self {
        Self { limits, recognizer }
    }

    /// Whether pictures of text can be read.
    #[must_use]
    pub fn recognises(&self) -> bool {
        self.recognizer.is_some()
    }

    /// Opens a document and reads all its pages.
    ///
    /// The inner result tells an unreadable document. A parser that panics makes
    /// the document `Corrupt`.
    ///
    /// # Errors
    /// When recognition is needed and missing, or fails.
    pub fn pages(&mut self, bytes: &[u8]) -> Result<Opened, OcrError> {
        let kind = match sniff(bytes, &self.limits) {
            Ok(kind) => kind,
            Err(reason) => return Ok(Err(reason)),
        };
        let read = catch_unwind(AssertUnwindSafe(|| match kind {
            FileType::Pdf => self.pdf(bytes),
            _ => self.images(bytes, kind),
        }));
        let mut opened = read.unwrap_or(Ok(Err(Unreadable::Corrupt)))?;
        if let Ok(document) = &mut opened {
            document.file_type = Some(kind);
            let visible = document.pages.iter().flat_map(|page| &page.lines);
            let letters = visible.flat_map(|line| line.text.chars()).filter(|c| c.is_alphanumeric());
            if letters.take(3).count() < 3 {
                return Ok(Err(Unreadable::NoText));
            }
        }
        Ok(opened)
    }

    fn images(&mut self, bytes: &[u8], kind: FileType) -> Result<Opened, OcrError> {
        let images = match raster::decode(bytes, kind, &self.limits) {
            Ok(images) => images,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut document = Document::default();
        for (index, pixels) in images.into_iter().enumerate() {
            document.pages.push(self.recognise(pixels, 1.0, index + 1)?);
        }
        Ok(Ok(document))
    }

    fn pdf(&mut self, bytes: &[u8]) -> Result<Opened, OcrError> {
        let pdf = match pdf::open(bytes.to_vec(), &self.limits) {
            Ok(pdf) => pdf,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut document = Document { asides: pdf::asides(&pdf), ..Document::default() };
        for (index, page) in pdf.pages().iter().enumerate() {
            let number = index + 1;
            let layer = pdf::text_layer(page);
            let (width, height) = page.render_dimensions();
            let letters: usize = layer.lines.iter().map(|line| line.text.chars().count()).sum();
            // A few letters over a large picture are a scanner's stamp, not the page.
            let scanned = letters == 0 || layer.garbage || layer.has_pictures && letters < 60;
            let rendered = if scanned && (letters > 0 || layer.has_pictures || !layer.hidden.is_empty()) {
                pdf::render(page, RENDER_DPI)
            } else if letters == 0 {
                pdf::render(page, RENDER_DPI).filter(|(pixels, _)| !blank(pixels))
            } else {
                None
            };
            let mut text = match rendered {
                Some((pixels, scale)) => self.recognise(pixels, 1.0 / scale, number)?,
                None => PageText {
                    number,
                    width,
                    height,
                    source: Source::TextLayer,
                    turned: 0,
                    boxes: drawn_boxes(page, &layer.lines),
                    lines: layer.lines,
                    hidden: Vec::new(),
                },
            };
            text.hidden = layer.hidden;
            document.pages.push(text);
        }
        Ok(Ok(document))
    }

    fn recognise(&mut self, pixels: RgbImage, scale: f32, number: usize) -> Result<PageText, OcrError> {
        let Some(recognizer) = &mut self.recognizer else {
            return Err(OcrError::RecogniserUnavailable {
                reason: format!("page {number} has no text layer and no recognition model is loaded"),
            });
        };
        let mut page = recognizer.read(&Page { pixels })?;
        for line in &mut page.lines {
            line.area = line.area.scaled(scale);
        }
        for mark in &mut page.boxes {
            mark.area = mark.area.scaled(scale);
        }
        Ok(PageText {
            number,
            width: page.width * scale,
            height: page.height * scale,
            source: Source::Recognised,
            turned: page.turned,
            lines: page.lines,
            boxes: page.boxes,
            hidden: Vec::new(),
        })
    }
}

/// Looks at the drawn page for check boxes: in a text layer they are lines, not letters.
fn drawn_boxes(page: &hayro::hayro_syntax::page::Page<'_>, lines: &[Line]) -> Vec<CheckBox> {
    let Some((pixels, scale)) = pdf::render(page, RENDER_DPI) else { return Vec::new() };
    let gray = image::imageops::grayscale(&pixels);
    let band = |line: &Line| {
        // Glyph areas are tight; recognised lines have a margin.
        let margin = line.area.height() * 0.25;
        let area = Area::new(line.area.x0, line.area.y0 - margin, line.area.x1, line.area.y1 + margin).scaled(scale);
        tick::Band { height: area.height(), area }
    };
    let bands: Vec<tick::Band> = lines.iter().map(band).collect();
    let points = |mark: CheckBox| CheckBox { area: mark.area.scaled(1.0 / scale), ..mark };
    tick::boxes(&gray, &bands).into_iter().map(points).collect()
}

fn blank(pixels: &RgbImage) -> bool {
    let dark = pixels.as_raw().iter().filter(|value| **value < 200).take(60).count();
    dark < 60
}
