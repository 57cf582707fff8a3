//! Files made for tests: PDFs object by object, images through their encoders or byte by byte.
#![allow(dead_code, reason = "each test uses some")]

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use ocr::{Line, OcrError, Page, PageDetail, PageLines, Recognizer};

/// A PDF of the given objects, the first being the catalogue; `trailer` goes into the trailer.
pub fn pdf_with(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", n + 1).into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let size = objects.len() + 1;
    out.extend(format!("trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{table}\n%%EOF").into_bytes());
    out
}

pub fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    pdf_with(objects, "")
}

pub fn stream(content: &[u8], entries: &str) -> Vec<u8> {
    let mut out = format!("<</Length {}{entries}>>stream\n", content.len()).into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

pub const CATALOG: &[u8] = b"<</Type/Catalog/Pages 2 0 R>>";
pub const PAGES: &[u8] = b"<</Type/Pages/Kids[3 0 R]/Count 1>>";
pub const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>/XObject<</X 5 0 R>>>>>>";

/// One page with this content; further objects count from 5.
pub fn document(page: &str, content: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = vec![CATALOG.to_vec(), PAGES.to_vec(), page.as_bytes().to_vec(), stream(content, "")];
    objects.extend(more.iter().cloned());
    pdf(&objects)
}

/// A claim form with a text layer.
pub fn form() -> Vec<u8> {
    let content = b"BT /F 11 Tf 50 780 Td (CLAIM FORM - Home) Tj 0 -30 Td (Full name : Ada Lovelace) Tj 0 -20 Td (Date of loss : 2026-02-12) Tj 0 -20 Td (Amount claimed : EUR 1,234.50) Tj ET";
    document(PAGE, content, &[stream(b"", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]")])
}

/// Sees a line on every page, which tells the size of the page.
pub struct Blind;

impl Recognizer for Blind {
    fn read(&mut self, page: &Page) -> Result<PageLines, OcrError> {
        let (width, height) = page.pixels.dimensions();
        let text = format!("page of {width} by {height}");
        let line = Line { text, area: ocr::Area::new(1.0, 1.0, 9.0, 9.0), confidence: 1.0, row: 0 };
        Ok(PageLines {
            lines: vec![line],
            boxes: Vec::new(),
            detail: PageDetail { lines: vec![ocr::LineDetail::default()], ..PageDetail::default() },
            width: width as f32,
            height: height as f32,
            turned: 0,
        })
    }
}

/// A picture with some structure, wider than high.
pub fn picture() -> GrayImage {
    GrayImage::from_fn(120, 80, |x, y| Luma([if (x / 8 + y / 8) % 3 == 0 { 30 } else { 240 }]))
}

pub fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture()).write_to(&mut file, format).expect("an encoder");
    file.into_inner()
}

/// Puts an EXIF orientation into a JPEG.
pub fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    let mut out = jpeg[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(length);
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

/// Patches the size in the first frame header of a JPEG.
pub fn jpeg_of_size(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut out = jpeg.to_vec();
    let at = out.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    out[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    out[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    out
}

/// Patches the size in the header of a PNG, checksum included.
pub fn png_of_size(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut out = png.to_vec();
    out[16..20].copy_from_slice(&width.to_be_bytes());
    out[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = u32::MAX;
    for byte in &out[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    out[29..33].copy_from_slice(&(!crc).to_be_bytes());
    out
}

/// A TIFF of white bilevel pages in group 4 coding: a row like the one above is a single bit.
/// `last` is where the last directory says the next one is; 0 ends the file.
pub fn fax(pages: usize, width: u32, height: u32, last: u32) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    for page in 0..pages {
        let here = out.len() as u32;
        let tags: [(u16, u16, u32); 8] = [
            (256, 4, width),
            (257, 4, height),
            (258, 3, 1),
            (259, 3, 4),
            (262, 3, 0),
            (273, 4, here + 2 + 8 * 12 + 4),
            (278, 4, height),
            (279, 4, height.div_ceil(8).min(4096) + 3),
        ];
        out.extend((tags.len() as u16).to_le_bytes());
        for (tag, kind, value) in tags {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        let rows = height.div_ceil(8).min(4096) as usize;
        let next = here + 2 + 8 * 12 + 4 + rows as u32 + 3;
        out.extend(if page + 1 < pages { next } else { last }.to_le_bytes());
        out.extend(std::iter::repeat_n(0xff, rows));
        out.extend([0x00, 0x10, 0x01]);
    }
    out
}

/// A zlib stream of `times` times 258 bytes more of `pattern`, which has 14 bytes: about 1 to 137.
pub fn bomb(pattern: &[u8; 14], times: usize) -> Vec<u8> {
    let mut bits = Bits { out: vec![0x78, 0x9c], ..Bits::default() };
    // One last block with the fixed codes.
    bits.put(0b011, 3);
    for byte in pattern {
        bits.code(0x30 + u32::from(*byte), 8);
    }
    for _ in 0..times {
        // Length 258, then distance 13 and one more.
        bits.code(0b1100_0101, 8);
        bits.code(7, 5);
        bits.put(1, 2);
    }
    bits.code(0, 7);
    bits.put(0, 7);
    let mut out = bits.out;
    out.extend([0; 4]);
    out
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    /// Lowest bit first.
    fn put(&mut self, value: u32, bits: u32) {
        self.open |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.out.push(self.open as u8);
            self.open >>= 8;
            self.count -= 8;
        }
    }

    /// A code of the alphabet: highest bit first.
    fn code(&mut self, code: u32, bits: u32) {
        self.put(code.reverse_bits() >> (32 - bits), bits);
    }
}

/// Changes a file in `changes` places, the same way for the same `seed`.
pub fn damaged(file: &[u8], seed: u32, changes: usize) -> Vec<u8> {
    let mut out = file.to_vec();
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize
    };
    for _ in 0..changes {
        if out.is_empty() {
            break;
        }
        let (kind, at, byte) = (draw() % 8, draw() % out.len(), draw() as u8);
        match kind {
            0 => drop(out.drain(at..(at + 1 + draw() % 16).min(out.len()))),
            1 => out.truncate(at.max(1)),
            2 => out.insert(at, byte),
            3 => {
                let end = (at + 1 + draw() % 64).min(out.len());
                let part = out[at..end].to_vec();
                out.extend(part);
            }
            4 => out[at] = [0, 0xff, b'9', b'(', b'[', b'<'][draw() % 6],
            _ => out[at] = byte,
        }
    }
    out
}
