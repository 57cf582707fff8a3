//! Check boxes: a small square at the left of a line, empty or crossed.

use image::GrayImage;

use crate::page::Area;

/// Longest text that can be the label of a check box.
const MAX_LABEL: usize = 60;
/// Share of each side that must be drawn.
const FRAME: f32 = 0.82;
/// Share of the inside that is inked in a crossed box.
const CROSSED: f32 = 0.10;

/// Whether a check box stands at the left of a line and is crossed; `None` without a box.
///
/// `area` is the line in pixels of `page`. The box may also lie inside the left end of the area.
#[must_use]
pub fn tick(page: &GrayImage, area: &Area, text: &str) -> Option<bool> {
    if text.chars().count() > MAX_LABEL || area.height() < 8.0 {
        return None;
    }
    let height = area.height();
    let left = (area.x0 - 2.4 * height).max(0.0) as u32;
    let right = ((area.x0 + 1.4 * height) as u32).min(page.width());
    let top = (area.middle() - 1.1 * height).max(0.0) as u32;
    let bottom = ((area.middle() + 1.1 * height) as u32).min(page.height());
    if right <= left + 8 || bottom <= top + 8 {
        return None;
    }
    let ink = Ink::of(page, left, top, right - left, bottom - top);
    let frame = ink.frame(height)?;
    Some(ink.inside(&frame) > CROSSED)
}

struct Frame {
    x: usize,
    y: usize,
    side: usize,
}

/// Dark pixels of a window, and the same spread by one pixel, as sums over areas.
struct Ink {
    width: usize,
    height: usize,
    exact: Vec<u32>,
    spread: Vec<u32>,
}

impl Ink {
    fn of(page: &GrayImage, left: u32, top: u32, width: u32, height: u32) -> Self {
        let (w, h) = (width as usize, height as usize);
        let at = |x: usize, y: usize| page.get_pixel(left + x as u32, top + y as u32).0[0];
        let mut values: Vec<u8> = (0..w * h).map(|n| at(n % w, n / w)).collect();
        let pixels = values.clone();
        values.sort_unstable();
        let paper = f32::from(values[values.len() * 3 / 4]);
        let darkest = f32::from(values[values.len() / 50]);
        let limit = paper - (paper - darkest).max(40.0) * 0.4;
        let dark: Vec<bool> = pixels.iter().map(|value| f32::from(*value) < limit).collect();
        let near = |x: usize, y: usize| {
            (y.saturating_sub(1)..(y + 2).min(h)).any(|v| (x.saturating_sub(1)..(x + 2).min(w)).any(|u| dark[v * w + u]))
        };
        Self {
            width: w,
            height: h,
            exact: sums(w, h, |x, y| dark[y * w + x]),
            spread: sums(w, h, near),
        }
    }

    fn share(&self, table: &[u32], x: usize, y: usize, w: usize, h: usize) -> f32 {
        let stride = self.width + 1;
        let sum = table[(y + h) * stride + x + w] + table[y * stride + x]
            - table[y * stride + x + w]
            - table[(y + h) * stride + x];
        sum as f32 / (w * h).max(1) as f32
    }

    /// The best drawn square, the leftmost among equals.
    fn frame(&self, line: f32) -> Option<Frame> {
        let smallest = ((line * 0.38) as usize).max(7);
        let largest = ((line * 1.25) as usize).min(self.height.min(self.width) - 1);
        let mut best: Option<(f32, Frame)> = None;
        for side in smallest..=largest {
            for y in 0..self.height - side {
                for x in 0..self.width - side {
                    let drawn = self.sides(x, y, side);
                    if drawn < FRAME {
                        continue;
                    }
                    // Larger squares win: the stroke of a frame holds smaller ones.
                    let score = drawn + side as f32 / line;
                    if best.as_ref().is_none_or(|(least, _)| score > *least + 0.01) {
                        best = Some((score, Frame { x, y, side }));
                    }
                }
            }
        }
        best.map(|(_, frame)| frame)
    }

    fn sides(&self, x: usize, y: usize, side: usize) -> f32 {
        let table = &self.spread;
        let top = self.share(table, x, y, side, 1);
        if top < FRAME {
            return top;
        }
        let left = self.share(table, x, y, 1, side);
        if left < FRAME {
            return left;
        }
        let bottom = self.share(table, x, y + side - 1, side, 1);
        let right = self.share(table, x + side - 1, y, 1, side);
        // A solid blob is no frame.
        let middle = self.share(&self.exact, x + side / 4, y + side / 4, side / 2, side / 2);
        if middle > 0.85 { 0.0 } else { top.min(left).min(bottom).min(right) }
    }

    fn inside(&self, frame: &Frame) -> f32 {
        let inset = (frame.side / 4).max(2);
        let side = frame.side.saturating_sub(2 * inset).max(1);
        self.share(&self.exact, frame.x + inset, frame.y + inset, side, side)
    }
}

fn sums(w: usize, h: usize, dark: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let stride = w + 1;
    let mut table = vec![0; stride * (h + 1)];
    for y in 0..h {
        let mut row = 0;
        for x in 0..w {
            row += u32::from(dark(x, y));
            table[(y + 1) * stride + x + 1] = table[y * stride + x + 1] + row;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    fn page(crossed: bool) -> GrayImage {
        let mut page = GrayImage::from_pixel(200, 60, Luma([250]));
        for n in 0..16 {
            for (x, y) in [(20 + n, 22), (20 + n, 37), (20, 22 + n), (35, 22 + n)] {
                page.put_pixel(x, y, Luma([60]));
            }
            if crossed {
                for (x, y) in [(20 + n, 22 + n), (35 - n, 22 + n), (21 + n.min(14), 22 + n)] {
                    page.put_pixel(x, y, Luma([60]));
                }
            }
        }
        page
    }

    #[test]
    fn a_box_is_empty_or_crossed() {
        let line = Area::new(42.0, 18.0, 120.0, 42.0);
        assert_eq!(tick(&page(false), &line, "Fire"), Some(false));
        assert_eq!(tick(&page(true), &line, "Fire"), Some(true));
        let blank = GrayImage::from_pixel(200, 60, Luma([250]));
        assert_eq!(tick(&blank, &line, "Fire"), None);
    }
}
