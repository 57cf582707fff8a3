//! Check boxes: small drawn squares, empty or crossed, before the words they answer.

use image::GrayImage;

use crate::page::{Area, CheckBox};

/// Share of each side that must be drawn.
const FRAME: f32 = 0.86;
/// Share of the inside that is inked in a crossed box.
const CROSSED: f32 = 0.10;
/// A box is larger than a capital letter: sides as shares of the height of a line area.
const SMALLEST: f32 = 0.62;
const LARGEST: f32 = 1.3;

/// A line of a page in pixels: the area around it, and how tall it is when level.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    pub area: Area,
    pub height: f32,
}

/// The check boxes of a page, in pixels of `page`.
///
/// A box that a pen crossed with strokes beyond its frame counts when it has
/// the size of clean boxes on the lines around it.
#[must_use]
pub fn boxes(page: &GrayImage, lines: &[Band]) -> Vec<CheckBox> {
    let mut found: Vec<CheckBox> = Vec::new();
    for line in lines {
        search(page, line, None, &mut found);
    }
    let clean = found.clone();
    for line in lines {
        let near = |mark: &&CheckBox| (mark.area.middle() - line.area.middle()).abs() < 3.0 * line.height;
        let mut sides: Vec<f32> = clean.iter().filter(near).map(|mark| mark.area.width()).collect();
        sides.sort_by(f32::total_cmp);
        if let Some(side) = sides.get(sides.len() / 2) {
            search(page, line, Some(*side), &mut found);
        }
    }
    found
}

/// Looks in and just left of a line; with a `side`, for crossed boxes of that size that do not stand free.
fn search(page: &GrayImage, line: &Band, side: Option<f32>, found: &mut Vec<CheckBox>) {
    let (area, height) = (&line.area, line.height);
    if height < 10.0 {
        return;
    }
    let left = (area.x0 - 2.4 * height).max(0.0) as u32;
    let right = ((area.x1 + 0.2 * height) as u32).min(page.width());
    let top = (area.y0 - 0.4 * height).max(0.0) as u32;
    let bottom = ((area.y1 + 0.4 * height) as u32).min(page.height());
    if right <= left + 8 || bottom <= top + 8 {
        return;
    }
    let ink = Ink::of(page, left, top, right - left, bottom - top);
    let sizes = match side {
        Some(side) => (side - 2.0, side + 3.0),
        None => (height * SMALLEST, height * LARGEST),
    };
    for frame in ink.frames(sizes, side.is_none()) {
        let (x, y) = (left as f32 + frame.x as f32, top as f32 + frame.y as f32);
        let area = Area::new(x, y, x + frame.side as f32, y + frame.side as f32);
        let mark = CheckBox { area, crossed: ink.inside(&frame) > CROSSED };
        let same = |other: &CheckBox| {
            (other.area.x0 - x).abs() < other.area.width() * 0.8 && (other.area.y0 - y).abs() < other.area.width() * 0.8
        };
        if !found.iter().any(same) && (side.is_none() || mark.crossed) {
            found.push(mark);
        }
    }
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
    near: Vec<bool>,
    exact: Vec<u32>,
    spread: Vec<u32>,
}

impl Ink {
    fn of(page: &GrayImage, left: u32, top: u32, width: u32, height: u32) -> Self {
        let (w, h) = (width as usize, height as usize);
        let at = |x: usize, y: usize| page.get_pixel(left + x as u32, top + y as u32).0[0];
        let pixels: Vec<u8> = (0..w * h).map(|n| at(n % w, n / w)).collect();
        let mut values = pixels.clone();
        values.sort_unstable();
        let paper = f32::from(values[values.len() * 3 / 4]);
        let darkest = f32::from(values[values.len() / 100]);
        let limit = paper - (paper - darkest).max(40.0) * 0.4;
        let dark: Vec<bool> = pixels.iter().map(|value| f32::from(*value) < limit).collect();
        let near = |x: usize, y: usize| {
            let rows = y.saturating_sub(1)..(y + 2).min(h);
            rows.into_iter().any(|v| (x.saturating_sub(1)..(x + 2).min(w)).any(|u| dark[v * w + u]))
        };
        let near: Vec<bool> = (0..w * h).map(|n| near(n % w, n / w)).collect();
        Self {
            width: w,
            height: h,
            exact: sums(w, h, |x, y| dark[y * w + x]),
            spread: sums(w, h, |x, y| near[y * w + x]),
            near,
        }
    }

    fn share(&self, table: &[u32], x: usize, y: usize, w: usize, h: usize) -> f32 {
        let stride = self.width + 1;
        let sum = table[(y + h) * stride + x + w] + table[y * stride + x]
            - table[y * stride + x + w]
            - table[(y + h) * stride + x];
        sum as f32 / (w * h).max(1) as f32
    }

    /// Drawn squares from left to right, the best of those that overlap.
    fn frames(&self, sizes: (f32, f32), free: bool) -> Vec<Frame> {
        let smallest = (sizes.0 as usize).max(8);
        let largest = (sizes.1 as usize).min(self.height.min(self.width) - 1);
        let mut all: Vec<(f32, Frame)> = Vec::new();
        for y in 0..self.height.saturating_sub(smallest) {
            for x in 0..self.width.saturating_sub(smallest) {
                // Most of a page is paper: no corner, no box.
                if !self.near[y * self.width + x] || all.len() > 4000 {
                    continue;
                }
                for side in smallest..=largest.min(self.height - 1 - y).min(self.width - 1 - x) {
                    let drawn = self.sides(x, y, side, free);
                    if drawn >= FRAME {
                        all.push((drawn - 0.002 * side as f32, Frame { x, y, side }));
                    }
                }
            }
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut kept: Vec<Frame> = Vec::new();
        for (_, frame) in all {
            let apart = |other: &Frame| frame.x.abs_diff(other.x) > frame.side.min(other.side) / 2;
            if kept.iter().all(apart) && kept.len() < 16 {
                kept.push(frame);
            }
        }
        kept.sort_by_key(|frame| frame.x);
        kept
    }

    /// The least drawn of the four sides; 0 for a blob, and where the square should stand free and does not.
    fn sides(&self, x: usize, y: usize, side: usize, free: bool) -> f32 {
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
        let least = top.min(left).min(bottom).min(right);
        let solid = self.share(&self.exact, x + side / 4, y + side / 4, side / 2, side / 2) > 0.85;
        if least < FRAME || solid || free && !self.free(x, y, side) { 0.0 } else { least }
    }

    /// Whether there is paper on both flanks: the grid of a table and letters run on.
    fn free(&self, x: usize, y: usize, side: usize) -> bool {
        let gap = (side / 6).max(3);
        let (inner, length) = (y + side / 5, side * 3 / 5);
        let west = x > gap && self.share(&self.exact, x - gap, inner, gap - 2, length) > 0.35;
        let east = x + side + gap < self.width && self.share(&self.exact, x + side + 2, inner, gap - 2, length) > 0.35;
        let long = |row: usize| {
            let (from, to) = (x.saturating_sub(side), (x + 2 * side).min(self.width));
            self.share(&self.spread, from, row, to - from, 1) > 0.8
        };
        !west && !east && !long(y) && !long(y + side - 1)
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

    fn draw(page: &mut GrayImage, left: u32, crossed: bool) {
        for n in 0..20 {
            for (x, y) in [(n, 0), (n, 19), (0, n), (19, n)] {
                page.put_pixel(left + x, 20 + y, Luma([60]));
            }
            if crossed {
                for (x, y) in [(n, n), (19 - n, n), (n.min(18) + 1, n)] {
                    page.put_pixel(left + x, 20 + y, Luma([60]));
                }
            }
        }
    }

    #[test]
    fn boxes_are_empty_or_crossed() {
        let mut page = GrayImage::from_pixel(400, 60, Luma([250]));
        draw(&mut page, 20, false);
        draw(&mut page, 200, true);
        let found = boxes(&page, &[Band { area: Area::new(46.0, 18.0, 300.0, 42.0), height: 24.0 }]);
        let got: Vec<bool> = found.iter().map(|found| found.crossed).collect();
        assert_eq!(got, [false, true]);
        assert!((found[0].area.x0 - 20.0).abs() < 3.0);
    }

    #[test]
    fn rules_and_blank_paper_are_no_boxes() {
        let mut page = GrayImage::from_pixel(400, 60, Luma([250]));
        for x in 0..400 {
            page.put_pixel(x, 15, Luma([0]));
            page.put_pixel(x, 40, Luma([0]));
        }
        assert!(boxes(&page, &[Band { area: Area::new(46.0, 18.0, 300.0, 42.0), height: 24.0 }]).is_empty());
    }
}
