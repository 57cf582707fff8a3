//! Finds text lines: a probability map, its blobs, the tightest rectangle of each.

use image::{GrayImage, Luma, RgbImage, imageops};
use imageproc::contours::{BorderType, find_contours};
use imageproc::point::Point;

use super::bounds;
use super::net::{Net, append};
use crate::error::OcrError;

/// Published with the models are 736 and 2,000. On our development pages a longest side of 1,120 finds lines as well
/// (2.8 % of letters wrong against 3.0 %) for half the time and memory.
const LONG_SIDE: f32 = 1120.0;
// Constants published with the models.
const SHORT_SIDE: f32 = 736.0;
const THRESHOLD: f32 = 0.3;
const BOX_SCORE: f32 = 0.5;
const UNCLIP: f32 = 1.6;
/// Blobs looked at on one page.
const MAX_BLOBS: usize = 3000;

/// A slanted rectangle: corners top-left, top-right, bottom-right, bottom-left.
#[derive(Debug, Clone, Copy)]
pub struct Quad(pub [(f32, f32); 4]);

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

impl Quad {
    fn ordered(mut corners: [(f32, f32); 4]) -> Self {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [a, b, c, d] = corners;
        let (top_left, bottom_left) = if b.1 > a.1 { (a, b) } else { (b, a) };
        let (top_right, bottom_right) = if d.1 > c.1 { (c, d) } else { (d, c) };
        Self([top_left, top_right, bottom_right, bottom_left])
    }

    pub fn width(&self) -> f32 {
        distance(self.0[0], self.0[1])
    }

    pub fn height(&self) -> f32 {
        distance(self.0[0], self.0[3])
    }

    pub fn center(&self) -> (f32, f32) {
        let sum = self.0.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
        (sum.0 / 4.0, sum.1 / 4.0)
    }

    /// The same rectangle with each side moved out by this share of its height.
    pub fn grown(&self, share: f32) -> Self {
        self.moved_out(self.height() * share)
    }

    fn moved_out(&self, by: f32) -> Self {
        let (w, h) = (self.width().max(1.0), self.height().max(1.0));
        let c = &self.0;
        let along = ((c[1].0 - c[0].0) / w, (c[1].1 - c[0].1) / w);
        let down = ((c[3].0 - c[0].0) / h, (c[3].1 - c[0].1) / h);
        let shift = |p: (f32, f32), u: f32, v: f32| {
            (p.0 + by * (u * along.0 + v * down.0), p.1 + by * (u * along.1 + v * down.1))
        };
        Self([shift(c[0], -1.0, -1.0), shift(c[1], 1.0, -1.0), shift(c[2], 1.0, 1.0), shift(c[3], -1.0, 1.0)])
    }

    fn contains(&self, x: f32, y: f32) -> bool {
        (0..4).all(|i| {
            let (a, b) = (self.0[i], self.0[(i + 1) % 4]);
            (b.0 - a.0) * (y - a.1) - (b.1 - a.1) * (x - a.0) >= -0.5 * distance(a, b)
        })
    }
}

/// Finds the text lines of an image, in its pixels, in no order.
pub fn lines(net: &Net, image: &RgbImage) -> Result<Vec<Quad>, OcrError> {
    let (width, height) = image.dimensions();
    if width < 4 || height < 4 {
        return Ok(Vec::new());
    }
    let (map_width, map_height) = map_size(width, height);
    let scaled;
    let input = if (map_width, map_height) == (width, height) {
        image
    } else {
        scaled = imageops::resize(image, map_width, map_height, imageops::FilterType::Triangle);
        &scaled
    };
    let mut values = Vec::new();
    append(input, map_width, &mut values);
    let (_, map) = net.run([1, 3, map_height as usize, map_width as usize], values)?;
    let map = Map { values: map, width: map_width, height: map_height };
    if map.values.len() < (map_width * map_height) as usize {
        return Err(OcrError::Inference("the detector gave a map of another size".to_owned()));
    }
    let scale = (width as f32 / map_width as f32, height as f32 / map_height as f32);
    let place = |p: (f32, f32)| ((p.0 * scale.0).clamp(0.0, width as f32), (p.1 * scale.1).clamp(0.0, height as f32));
    let quads = find_contours::<i32>(&map.ink())
        .into_iter()
        .filter(|contour| contour.border_type == BorderType::Outer)
        .take(MAX_BLOBS)
        .filter_map(|contour| map.line(&contour.points))
        .map(|quad| Quad(quad.0.map(place)))
        .filter(|quad| quad.width() > 2.0 && quad.height() > 2.0)
        .collect();
    Ok(quads)
}

fn map_size(width: u32, height: u32) -> (u32, u32) {
    let (short, long) = (width.min(height) as f32, width.max(height) as f32);
    let grow = (SHORT_SIDE / short).max(1.0);
    let scale = grow.min(LONG_SIDE / long).max(0.02);
    let round = |side: u32| ((side as f32 * scale / 32.0).round().max(1.0) * 32.0) as u32;
    (round(width), round(height))
}

struct Map {
    values: Vec<f32>,
    width: u32,
    height: u32,
}

impl Map {
    /// The thresholded map, each pixel spread to its right and lower neighbour.
    fn ink(&self) -> GrayImage {
        let mut ink = GrayImage::new(self.width, self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                if self.values[(y * self.width + x) as usize] <= THRESHOLD {
                    continue;
                }
                for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] {
                    if x < self.width && y < self.height {
                        ink.put_pixel(x, y, Luma([255]));
                    }
                }
            }
        }
        ink
    }

    fn line(&self, points: &[Point<i32>]) -> Option<Quad> {
        let quad = Quad::ordered(tightest(points)?);
        let (w, h) = (quad.width(), quad.height());
        if w.min(h) < 3.0 || self.score(&quad) < BOX_SCORE {
            return None;
        }
        let grown = quad.moved_out(w * h * UNCLIP / (2.0 * (w + h)));
        (grown.width().min(grown.height()) >= 5.0).then_some(grown)
    }

    fn score(&self, quad: &Quad) -> f32 {
        let area = bounds(&quad.0);
        let (x0, y0) = (area.x0.floor().max(0.0) as u32, area.y0.floor().max(0.0) as u32);
        let x1 = (area.x1.ceil() as u32).min(self.width - 1);
        let y1 = (area.y1.ceil() as u32).min(self.height - 1);
        let (mut sum, mut count) = (0.0, 0.0);
        for y in y0..=y1 {
            for x in x0..=x1 {
                if quad.contains(x as f32, y as f32) {
                    sum += self.values[(y * self.width + x) as usize];
                    count += 1.0;
                }
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

/// The rectangle of least area around points: one of its sides lies on a side of their hull.
fn tightest(points: &[Point<i32>]) -> Option<[(f32, f32); 4]> {
    let hull = imageproc::geometry::convex_hull(points.to_vec());
    if hull.len() < 3 {
        let (x0, x1) = (points.iter().map(|p| p.x).min()? as f32, points.iter().map(|p| p.x).max()? as f32);
        let (y0, y1) = (points.iter().map(|p| p.y).min()? as f32, points.iter().map(|p| p.y).max()? as f32);
        return Some([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]);
    }
    let mut best: Option<(f32, [(f32, f32); 4])> = None;
    for (n, a) in hull.iter().enumerate() {
        let b = hull[(n + 1) % hull.len()];
        let (dx, dy) = ((b.x - a.x) as f32, (b.y - a.y) as f32);
        let length = dx.hypot(dy);
        if length == 0.0 {
            continue;
        }
        let (ux, uy) = (dx / length, dy / length);
        let (mut u0, mut u1, mut v0, mut v1) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
        for p in &hull {
            let (x, y) = (p.x as f32, p.y as f32);
            let (u, v) = (x * ux + y * uy, y * ux - x * uy);
            (u0, u1, v0, v1) = (u0.min(u), u1.max(u), v0.min(v), v1.max(v));
        }
        let area = (u1 - u0) * (v1 - v0);
        if best.as_ref().is_none_or(|(least, _)| area < *least) {
            let corner = |u: f32, v: f32| (u * ux - v * uy, u * uy + v * ux);
            best = Some((area, [corner(u0, v0), corner(u1, v0), corner(u1, v1), corner(u0, v1)]));
        }
    }
    best.map(|(_, corners)| corners)
}
