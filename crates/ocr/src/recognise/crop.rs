use image::{RgbImage, imageops};
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into};

use super::detect::Quad;

/// Height of a line as the recogniser wants it.
const LINE_HEIGHT: u32 = 48;
/// Width of the longest line read in one piece.
const MAX_WIDTH: u32 = 3200;

/// Cuts a line out of a page, straightened and 48 pixels high; `flip` turns it upside down.
pub fn line(page: &RgbImage, quad: &Quad, flip: bool) -> RgbImage {
    let corners = quad.0;
    let (w, h) = (quad.width().max(1.0), quad.height().max(1.0));
    let level = (corners[0].1 - corners[1].1).abs() < 1.0 && (corners[0].0 - corners[3].0).abs() < 1.0;
    let mut cut = if level { straight(page, corners[0], w, h) } else { slanted(page, corners, w, h) };
    if h / w >= 1.5 {
        cut = imageops::rotate270(&cut);
    }
    if flip {
        cut = imageops::rotate180(&cut);
    }
    let width = (LINE_HEIGHT as f32 * cut.width() as f32 / cut.height() as f32).ceil() as u32;
    imageops::resize(&cut, width.clamp(8, MAX_WIDTH), LINE_HEIGHT, imageops::FilterType::Triangle)
}

fn straight(page: &RgbImage, corner: (f32, f32), w: f32, h: f32) -> RgbImage {
    let x = (corner.0.max(0.0) as u32).min(page.width() - 1);
    let y = (corner.1.max(0.0) as u32).min(page.height() - 1);
    let width = (w.round() as u32).clamp(1, page.width() - x);
    let height = (h.round() as u32).clamp(1, page.height() - y);
    imageops::crop_imm(page, x, y, width, height).to_image()
}

fn slanted(page: &RgbImage, corners: [(f32, f32); 4], w: f32, h: f32) -> RgbImage {
    let mut cut = RgbImage::new((w.round() as u32).max(1), (h.round() as u32).max(1));
    let target = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)];
    if let Some(projection) = Projection::from_control_points(corners, target) {
        warp_into(page, projection, Interpolation::Bilinear, Border::Replicate, &mut cut);
    }
    cut
}
