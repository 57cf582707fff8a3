//! One document from bytes to pages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use image::RgbImage;

use crate::detail::PageDetail;
use crate::error::OcrError;
use crate::intake::{FileType, Limits, Unreadable, sniff};
use crate::layout::{self, Laid};
use crate::page::{Area, Aside, CheckBox, Line, PageText, Source};
use crate::pictures::RENDER_DPI;
use crate::recognizer::{Page, Recognizer};
use crate::{pdf, raster, tick};

/// Longest side of a picture that is read, in pixels: A4 at 300 dots an inch.
const LONGEST_SIDE: u32 = 3508;

/// The pages of a document, before any meaning is looked for.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub pages: Vec<PageText>,
    /// One for each page.
    pub details: Vec<PageDetail>,
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
        self.pages_telling(bytes, &mut |_, _| {})
    }

    /// As [`Reader::pages`]; `tell` hears after each page how many are read, and of how many.
    ///
    /// # Errors
    /// As [`Reader::pages`].
    pub fn pages_telling(&mut self, bytes: &[u8], tell: &mut dyn FnMut(usize, usize)) -> Result<Opened, OcrError> {
        let kind = match sniff(bytes, &self.limits) {
            Ok(kind) => kind,
            Err(reason) => return Ok(Err(reason)),
        };
        let read = catch_unwind(AssertUnwindSafe(|| match kind {
            FileType::Pdf => self.pdf(bytes, tell),
            _ => self.images(bytes, kind, tell),
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

    fn images(&mut self, bytes: &[u8], kind: FileType, tell: &mut dyn FnMut(usize, usize)) -> Result<Opened, OcrError> {
        let images = match raster::open(bytes, kind, &self.limits) {
            Ok(images) => images,
            Err(reason) => return Ok(Err(reason)),
        };
        let count = images.total();
        let mut document = Document::default();
        let mut start = Instant::now();
        for (index, pixels) in images.enumerate() {
            let pixels = match pixels {
                Ok(pixels) => pixels,
                // A claim of which a page is missing is not the claim.
                Err(reason) => return Ok(Err(reason)),
            };
            let open = start.elapsed().as_secs_f32();
            let (pixels, scale) = bounded(pixels);
            let (page, mut detail) = self.recognise(pixels, scale, index + 1)?;
            detail.timings.open = open;
            document.pages.push(page);
            document.details.push(detail);
            tell(index + 1, count);
            start = Instant::now();
        }
        Ok(Ok(document))
    }

    fn pdf(&mut self, bytes: &[u8], tell: &mut dyn FnMut(usize, usize)) -> Result<Opened, OcrError> {
        let pdf = match pdf::open(bytes.to_vec(), &self.limits) {
            Ok(pdf) => pdf,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut document = Document { asides: pdf::asides(&pdf), ..Document::default() };
        let count = pdf.pages().len();
        for (index, page) in pdf.pages().iter().enumerate() {
            let (text, detail) = self.pdf_page(page, index + 1)?;
            document.pages.push(text);
            document.details.push(detail);
            tell(index + 1, count);
        }
        Ok(Ok(document))
    }

    fn pdf_page(
        &mut self,
        page: &hayro::hayro_syntax::page::Page<'_>,
        number: usize,
    ) -> Result<(PageText, PageDetail), OcrError> {
        let start = Instant::now();
        let layer = pdf::text_layer(page);
        let written = pdf::written(page);
        let letters: usize = layer.pieces.iter().map(|piece| piece.text.chars().count()).sum();
        // A few letters over a large picture are a scanner's stamp, not the page.
        let scanned = letters == 0 || layer.garbage || layer.has_pictures && letters < 60;
        let rendered = if scanned && (letters > 0 || layer.has_pictures || !layer.hidden.is_empty()) {
            pdf::render(page, RENDER_DPI)
        } else if letters == 0 {
            pdf::render(page, RENDER_DPI).filter(|(pixels, _)| !blank(pixels))
        } else {
            None
        };
        let open = start.elapsed().as_secs_f32();
        let (mut text, mut detail) = match rendered {
            Some((pixels, scale)) => {
                let (mut text, mut detail) = self.recognise(pixels, 1.0 / scale, number)?;
                if !written.pieces.is_empty() && text.turned == 0 {
                    let lines = std::mem::take(&mut text.lines);
                    let mut pieces = layout::pieces(lines, std::mem::take(&mut detail.lines));
                    let slant = detail.slant;
                    pieces.extend(
                        written
                            .pieces
                            .into_iter()
                            .map(|piece| layout::Piece { area: slant.level(&piece.area), ..piece }),
                    );
                    lay(pieces, &mut text, &mut detail);
                }
                (text, detail)
            }
            None => {
                let (width, height) = page.render_dimensions();
                let mut text = PageText {
                    number,
                    width,
                    height,
                    source: Source::TextLayer,
                    turned: 0,
                    boxes: Vec::new(),
                    lines: Vec::new(),
                    hidden: Vec::new(),
                };
                let mut detail = PageDetail::default();
                lay(layer.pieces.into_iter().chain(written.pieces).collect(), &mut text, &mut detail);
                if layer.has_boxes {
                    text.boxes = drawn_boxes(page, &text.lines);
                }
                (text, detail)
            }
        };
        for mark in written.boxes {
            text.boxes.retain(|drawn| !overlap(&drawn.area, &mark.area));
            text.boxes.push(mark);
        }
        text.hidden = layer.hidden;
        detail.timings.open = open;
        Ok((text, detail))
    }

    fn recognise(&mut self, pixels: RgbImage, scale: f32, number: usize) -> Result<(PageText, PageDetail), OcrError> {
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
        let text = PageText {
            number,
            width: page.width * scale,
            height: page.height * scale,
            source: Source::Recognised,
            turned: page.turned,
            lines: page.lines,
            boxes: page.boxes,
            hidden: Vec::new(),
        };
        Ok((text, page.detail.scaled(scale)))
    }
}

/// A picture with no more pixels than letters need, and how many of the file's pixels make one of these.
fn bounded(pixels: RgbImage) -> (RgbImage, f32) {
    let long = pixels.width().max(pixels.height());
    if long <= LONGEST_SIDE {
        return (pixels, 1.0);
    }
    let scale = long as f32 / LONGEST_SIDE as f32;
    let side = |length: u32| ((length as f32 / scale).round() as u32).max(1);
    (image::imageops::thumbnail(&pixels, side(pixels.width()), side(pixels.height())), scale)
}

/// Puts pieces in reading order on their page.
fn lay(pieces: Vec<layout::Piece>, text: &mut PageText, detail: &mut PageDetail) {
    let Laid { lines, details, blocks } = layout::rows(pieces);
    text.lines = lines;
    detail.lines = details;
    detail.blocks = blocks;
}

/// Whether the middle of one lies in the other.
fn overlap(a: &Area, b: &Area) -> bool {
    let x = (a.x0 + a.x1) / 2.0;
    b.x0 <= x && x <= b.x1 && b.y0 <= a.middle() && a.middle() <= b.y1
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
