//! What scanners, cameras and fax machines do to a page: the same every time.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, rotate_about_center};

/// Names of the degradations, in the order in which pages get them.
pub const KINDS: [&str; 14] = [
    "clean200",
    "clean150",
    "clean100",
    "skew15",
    "skew30",
    "noise",
    "blur",
    "jpeg30",
    "lowcontrast",
    "shadow",
    "rot90",
    "rot180",
    "photo",
    "fax",
];

/// Degrades a page drawn at 200 dots an inch and gives it as a file; `None` for an unknown kind.
pub fn page(pixels: &RgbImage, kind: &str) -> Option<Vec<u8>> {
    let half = |image: &RgbImage, share: f32| {
        let side = |length: u32| (length as f32 * share).round() as u32;
        imageops::resize(image, side(image.width()), side(image.height()), imageops::FilterType::Triangle)
    };
    let image = match kind {
        "clean200" => pixels.clone(),
        "clean150" => half(pixels, 0.75),
        "clean100" => half(pixels, 0.5),
        "skew15" => turned(pixels, 1.5),
        "skew30" => turned(pixels, -3.0),
        "noise" => noisy(pixels, 40),
        "blur" => imageops::blur(pixels, 1.6),
        "jpeg30" => return jpeg(&half(pixels, 0.5), 30),
        "lowcontrast" => each(pixels, |_, _, value| 130.0 + value * 0.25),
        "shadow" => shadow(pixels),
        "rot90" => imageops::rotate90(pixels),
        "rot180" => imageops::rotate180(pixels),
        "photo" => return jpeg(&noisy(&imageops::blur(&shadow(&turned(pixels, 1.2)), 1.0), 16), 60),
        "fax" => each(&half(pixels, 0.5), |_, _, value| if value > 150.0 { 255.0 } else { 0.0 }),
        _ => return None,
    };
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut file, ImageFormat::Png).ok()?;
    Some(file.into_inner())
}

fn jpeg(image: &RgbImage, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality).encode_image(image).ok()?;
    Some(file)
}

fn turned(image: &RgbImage, degrees: f32) -> RgbImage {
    let paper = Border::Constant(Rgb([255; 3]));
    rotate_about_center(image, degrees.to_radians(), Interpolation::Bilinear, paper)
}

fn each(image: &RgbImage, change: impl Fn(u32, u32, f32) -> f32) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        Rgb(image.get_pixel(x, y).0.map(|value| change(x, y, f32::from(value)).clamp(0.0, 255.0) as u8))
    })
}

/// A hand over the lower right corner.
fn shadow(image: &RgbImage) -> RgbImage {
    let (width, height) = (image.width() as f32, image.height() as f32);
    each(image, |x, y, value| {
        let depth = (x as f32 / width + y as f32 / height) / 2.0;
        value * (1.0 - 0.7 * depth)
    })
}

fn noisy(image: &RgbImage, strength: i32) -> RgbImage {
    let mut state = 2_463_534_242_u32;
    let mut image = image.clone();
    for pixel in image.pixels_mut() {
        // Three draws make a bell; xorshift gives the same draws every time.
        let mut sum = 0;
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            sum += (state >> 8) as i32 % (2 * strength + 1) - strength;
        }
        pixel.0 = pixel.0.map(|value| (i32::from(value) + sum / 2).clamp(0, 255) as u8);
    }
    image
}
