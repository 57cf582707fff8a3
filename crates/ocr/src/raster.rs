//! Decodes images within the limits: JPEG and PNG with their EXIF turn, the pages of a TIFF.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageDecoder, ImageReader, RgbImage};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use crate::intake::{FileType, Limits, Unreadable};

/// The pages of an image file, decoded one after the other, so that only one is in memory.
pub struct Pages<'a> {
    count: usize,
    next: usize,
    limits: Limits,
    source: Source<'a>,
}

enum Source<'a> {
    Single(&'a [u8]),
    Tiff(Box<Decoder<Cursor<&'a [u8]>>>),
}

/// Opens an image file and checks all its headers.
///
/// # Errors
/// `PageTooLarge` and `TooManyPages` are told before pixels are decoded;
/// anything the decoder refuses is `Corrupt`.
pub fn open<'a>(bytes: &'a [u8], kind: FileType, limits: &Limits) -> Result<Pages<'a>, Unreadable> {
    let limits = *limits;
    if kind != FileType::Tiff {
        return Ok(Pages { count: 1, next: 0, limits, source: Source::Single(bytes) });
    }
    let mut decoder = tiff_decoder(bytes, &limits)?;
    let mut count = 1;
    loop {
        let (width, height) = decoder.dimensions().map_err(|_| Unreadable::Corrupt)?;
        if !limits.allows_pixels(width, height) {
            return Err(Unreadable::PageTooLarge);
        }
        if !decoder.more_images() {
            break;
        }
        count += 1;
        if count > limits.max_pages {
            return Err(Unreadable::TooManyPages);
        }
        decoder.next_image().map_err(|_| Unreadable::Corrupt)?;
    }
    Ok(Pages { count, next: 0, limits, source: Source::Tiff(Box::new(tiff_decoder(bytes, &limits)?)) })
}

impl Pages<'_> {
    /// How many pages the file has.
    pub fn total(&self) -> usize {
        self.count
    }
}

impl Iterator for Pages<'_> {
    /// A page set upright by its EXIF orientation.
    type Item = Result<RgbImage, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.count {
            return None;
        }
        self.next += 1;
        Some(match &mut self.source {
            Source::Single(bytes) => single(bytes, &self.limits),
            Source::Tiff(decoder) => {
                if self.next > 1 && decoder.next_image().is_err() {
                    return Some(Err(Unreadable::Corrupt));
                }
                tiff_page(decoder).ok_or(Unreadable::Corrupt)
            }
        })
    }
}

fn single(bytes: &[u8], limits: &Limits) -> Result<RgbImage, Unreadable> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Unreadable::Corrupt)?;
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.max_pixels.saturating_mul(8));
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(|_| Unreadable::Corrupt)?;
    let (width, height) = decoder.dimensions();
    if !limits.allows_pixels(width, height) {
        return Err(Unreadable::PageTooLarge);
    }
    let turn = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| Unreadable::Corrupt)?;
    if let Some(turn) = turn {
        image.apply_orientation(turn);
    }
    Ok(flatten(&image))
}

/// Puts a transparent image on white paper.
fn flatten(image: &DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let rgba = image.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let over = |channel: u8| {
            let (c, a) = (u32::from(channel), u32::from(a));
            ((c * a + 255 * (255 - a)) / 255) as u8
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}

fn tiff_decoder<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Decoder<Cursor<&'a [u8]>>, Unreadable> {
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = usize::try_from(limits.max_pixels.saturating_mul(4)).unwrap_or(usize::MAX);
    Ok(Decoder::new(Cursor::new(bytes)).map_err(|_| Unreadable::Corrupt)?.with_limits(bounds))
}

fn tiff_page(decoder: &mut Decoder<Cursor<&[u8]>>) -> Option<RgbImage> {
    let (width, height) = decoder.dimensions().ok()?;
    let color = decoder.colortype().ok()?;
    let white_is_zero = decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation).ok().flatten() == Some(0);
    let turn = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let data = decoder.read_image().ok()?;
    let bytes = match data {
        DecodingResult::U8(bytes) => bytes,
        DecodingResult::U16(words) => words.into_iter().map(|word| (word >> 8) as u8).collect(),
        _ => return None,
    };
    let mut image = assemble(color, white_is_zero, bytes, width, height)?;
    if let Some(turn) = turn.and_then(image::metadata::Orientation::from_exif) {
        image.apply_orientation(turn);
    }
    Some(flatten(&image))
}

fn assemble(
    color: tiff::ColorType,
    white_is_zero: bool,
    bytes: Vec<u8>,
    width: u32,
    height: u32,
) -> Option<DynamicImage> {
    use tiff::ColorType as C;
    match color {
        C::Gray(1) => Some(bilevel(&bytes, width, height)?.into()),
        C::Gray(8 | 16) => {
            let mut gray = GrayImage::from_raw(width, height, bytes)?;
            // The decoder inverts 8-bit white-is-zero samples itself only for some layouts; paper is the majority.
            if white_is_zero && mean(&gray) < 96.0 {
                image::imageops::invert(&mut gray);
            }
            Some(gray.into())
        }
        C::RGB(8 | 16) => Some(RgbImage::from_raw(width, height, bytes)?.into()),
        C::RGBA(8 | 16) => Some(image::RgbaImage::from_raw(width, height, bytes)?.into()),
        C::CMYK(8) => {
            let rgb = bytes.chunks_exact(4).flat_map(|c| {
                let k = 255 - u32::from(c[3]);
                [0, 1, 2].map(|i| ((255 - u32::from(c[i])) * k / 255) as u8)
            });
            Some(RgbImage::from_raw(width, height, rgb.collect())?.into())
        }
        _ => None,
    }
}

/// One bit a pixel, rows padded to bytes. Which bit is paper is told by the
/// majority: fax encoders disagree on the photometric tag, and a page is mostly paper.
fn bilevel(bytes: &[u8], width: u32, height: u32) -> Option<GrayImage> {
    let stride = width.div_ceil(8) as usize;
    if bytes.len() < stride * height as usize {
        return None;
    }
    let bit = |x: u32, y: u32| bytes[y as usize * stride + (x / 8) as usize] >> (7 - x % 8) & 1 == 1;
    let ones: u64 = bytes.iter().map(|byte| u64::from(byte.count_ones())).sum();
    let paper = ones * 2 > bytes.len() as u64 * 8;
    Some(GrayImage::from_fn(width, height, |x, y| image::Luma([if bit(x, y) == paper { 255 } else { 0 }])))
}

fn mean(image: &GrayImage) -> f32 {
    let sum: u64 = image.as_raw().iter().map(|v| u64::from(*v)).sum();
    sum as f32 / image.as_raw().len().max(1) as f32
}
