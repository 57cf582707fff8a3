//! PDF files: the text layer with positions, the pixels of a page, and the text beside the pages.

mod asides;
mod forms;
mod frames;
mod layer;
mod render;

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::intake::{Limits, Unreadable};
pub use asides::asides;
pub use forms::written;
pub use layer::text_layer;
pub use render::render;

/// Opens a PDF within the limits. An owner password alone does not lock a file.
///
/// # Errors
/// `Encrypted`, `Corrupt`, `TooManyPages` or `PageTooLarge`.
pub fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Pdf, Unreadable> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm) => {
            Unreadable::Encrypted
        }
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => Unreadable::Corrupt,
    })?;
    let count = pdf.pages().len();
    if count == 0 {
        return Err(Unreadable::Corrupt);
    }
    if count > limits.max_pages {
        return Err(Unreadable::TooManyPages);
    }
    for page in pdf.pages().iter() {
        let (width, height) = page.render_dimensions();
        if !limits.allows_points(width, height) {
            return Err(Unreadable::PageTooLarge);
        }
        let media = page.media_box();
        if !limits.allows_points(media.width() as f32, media.height() as f32) {
            return Err(Unreadable::PageTooLarge);
        }
    }
    Ok(pdf)
}
