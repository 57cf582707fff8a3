//! The pages of a document as pictures, as they are recognised.

use image::RgbImage;

use crate::intake::{FileType, Limits, Unreadable, sniff};
use crate::{pdf, raster};

/// Dots per inch at which a PDF page is drawn.
pub(crate) const RENDER_DPI: f32 = 200.0;

/// A page drawn, and how many of its pixels make one unit of the page.
pub struct Picture {
    pub pixels: RgbImage,
    pub scale: f32,
}

/// Draws the pages of a document in this process: for tools on files of one's own.
///
/// # Errors
/// Why the document cannot be read. A PDF page without area is left out.
pub fn pictures(bytes: &[u8], limits: &Limits) -> Result<Vec<Picture>, Unreadable> {
    match sniff(bytes, limits)? {
        FileType::Pdf => {
            let pdf = pdf::open(bytes.to_vec(), limits)?;
            let draw = |page| pdf::render(page, RENDER_DPI).map(|(pixels, scale)| Picture { pixels, scale });
            Ok(pdf.pages().iter().filter_map(draw).collect())
        }
        kind => {
            let draw = |page: Result<RgbImage, Unreadable>| page.map(|pixels| Picture { pixels, scale: 1.0 });
            raster::open(bytes, kind, limits)?.map(draw).collect()
        }
    }
}
