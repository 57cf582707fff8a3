//! What may be read at all: the type by content and the limits that hold before anything is decoded.

use serde::{Deserialize, Serialize};

/// Millimetres in a PDF point.
const MM_PER_POINT: f32 = 25.4 / 72.0;

/// Bounds on a document. Defaults are those of the decision policy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub max_bytes: usize,
    pub max_pages: usize,
    /// Longest side of a page, in millimetres.
    pub max_side_mm: f32,
    /// Pixels of one decoded image.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 25 * 1024 * 1024, max_pages: 50, max_side_mm: 1500.0, max_pixels: 64_000_000 }
    }
}

impl Limits {
    /// Whether a page of this size in PDF points is within the limit.
    #[must_use]
    pub fn allows_points(&self, width: f32, height: f32) -> bool {
        let side = width.max(height) * MM_PER_POINT;
        side.is_finite() && side <= self.max_side_mm
    }

    /// Whether an image of this many pixels may be decoded.
    #[must_use]
    pub fn allows_pixels(&self, width: u32, height: u32) -> bool {
        u64::from(width) * u64::from(height) <= self.max_pixels && width.max(height) <= 30_000
    }
}

/// Why a document cannot be read; the decision policy turns each into `DOC_UNREADABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    Empty,
    Corrupt,
    Encrypted,
    UnsupportedType,
    TooLarge,
    TooManyPages,
    PageTooLarge,
    /// Reading it took more memory than a document may take.
    TooComplex,
    NoText,
}

impl Unreadable {
    /// The code that goes into results.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Corrupt => "corrupt",
            Self::Encrypted => "encrypted",
            Self::UnsupportedType => "unsupported_type",
            Self::TooLarge => "too_large",
            Self::TooManyPages => "too_many_pages",
            Self::PageTooLarge => "page_too_large",
            Self::TooComplex => "too_complex",
            Self::NoText => "no_text",
        }
    }
}

/// A file type we read, told by content: the file name does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    Pdf,
    Jpeg,
    Png,
    Tiff,
}

/// Tells the type of a file, or why it is refused.
///
/// A PDF header may stand anywhere in the first 1024 bytes, as viewers accept it.
///
/// # Errors
/// `Empty`, `TooLarge` or `UnsupportedType`.
pub fn sniff(bytes: &[u8], limits: &Limits) -> Result<FileType, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(Unreadable::TooLarge);
    }
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\xff\xd8\xff") {
        return Ok(FileType::Jpeg);
    }
    if starts(b"\x89PNG\r\n\x1a\n") {
        return Ok(FileType::Png);
    }
    if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| starts(*magic)) {
        return Ok(FileType::Tiff);
    }
    let head = &bytes[..bytes.len().min(1024)];
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Ok(FileType::Pdf);
    }
    Err(Unreadable::UnsupportedType)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_type_and_the_limits() {
        let limits = Limits::default();
        let cases: [(&[u8], Result<FileType, Unreadable>); 7] = [
            (b"", Err(Unreadable::Empty)),
            (b"\xff\xd8\xff\xe0rest", Ok(FileType::Jpeg)),
            (b"\x89PNG\r\n\x1a\nrest", Ok(FileType::Png)),
            (b"II*\0rest", Ok(FileType::Tiff)),
            (b"junk\n%PDF-1.4\n", Ok(FileType::Pdf)),
            (b"GIF89a", Err(Unreadable::UnsupportedType)),
            (b"PK\x03\x04", Err(Unreadable::UnsupportedType)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(sniff(bytes, &limits), expected, "{bytes:?}");
        }
        let small = Limits { max_bytes: 4, ..limits };
        assert_eq!(sniff(b"%PDF-1.4", &small), Err(Unreadable::TooLarge));
    }

    #[test]
    fn page_side_is_measured_in_millimetres() {
        let limits = Limits::default();
        assert!(limits.allows_points(595.0, 842.0));
        assert!(limits.allows_points(4251.9, 100.0));
        assert!(!limits.allows_points(4260.0, 100.0));
        assert!(!limits.allows_points(f32::NAN, f32::NAN));
        assert!(!limits.allows_pixels(65_000, 65_000));
    }
}
