//! How good the picture of a page is: blank, blurred, cut, low in contrast.

use image::GrayImage;

use crate::detail::Finding;
use crate::page::Area;

/// Letters whose ink is less than this far from the paper (of 255) are hard to read.
const FAINT: f32 = 70.0;
/// Share of the step from ink to paper that a sharp edge takes within one pixel.
const SOFT: f32 = 0.30;
/// Lines that touch an edge before a page counts as cut.
const CUT_LINES: usize = 3;

/// What is wrong with a page, given the places of its lines in its pixels; in order, each at most once.
#[must_use]
pub fn findings(page: &GrayImage, lines: &[Area]) -> Vec<Finding> {
    if lines.is_empty() {
        return if has_ink(page) { Vec::new() } else { vec![Finding::Blank] };
    }
    let inks: Vec<Ink> = lines.iter().filter_map(|line| Ink::of(page, line)).collect();
    let mut found = Vec::new();
    if median(inks.iter().map(|ink| ink.sharpness)).is_some_and(|sharpness| sharpness < SOFT) {
        found.push(Finding::Blurred);
    }
    if is_cut(page, lines) {
        found.push(Finding::Cut);
    }
    if median(inks.iter().map(|ink| ink.contrast)).is_some_and(|contrast| contrast < FAINT) {
        found.push(Finding::LowContrast);
    }
    found
}

/// How dark the letters of a line are against their paper, and how sudden their edges.
struct Ink {
    contrast: f32,
    sharpness: f32,
}

impl Ink {
    /// `None` for a line too small to tell.
    fn of(page: &GrayImage, line: &Area) -> Option<Self> {
        let (x0, y0) = (line.x0.max(0.0) as u32, line.y0.max(0.0) as u32);
        let x1 = (line.x1.max(0.0) as u32).min(page.width());
        let y1 = (line.y1.max(0.0) as u32).min(page.height());
        if x1 < x0 + 12 || y1 < y0 + 6 {
            return None;
        }
        let mut values = Vec::with_capacity(((x1 - x0) * (y1 - y0)) as usize);
        let mut steps = Vec::with_capacity(values.capacity());
        for y in y0..y1 {
            for x in x0..x1 {
                let value = page.get_pixel(x, y).0[0];
                values.push(value);
                if x + 1 < x1 {
                    steps.push(value.abs_diff(page.get_pixel(x + 1, y).0[0]));
                }
            }
        }
        let contrast = f32::from(share(&mut values, 0.90)) - f32::from(share(&mut values, 0.03));
        // The steepest few steps of a line are its letters' edges; noise is smaller or rarer.
        let step = f32::from(share(&mut steps, 0.97));
        (contrast > 8.0).then(|| Self { contrast, sharpness: step / contrast })
    }
}

fn share(values: &mut [u8], share: f32) -> u8 {
    if values.is_empty() {
        return 0;
    }
    let place = ((values.len() - 1) as f32 * share) as usize;
    *values.select_nth_unstable(place).1
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Whether several lines end within a letter of one edge of the picture and others do not:
/// text set to the edge on purpose is rare, a page photographed too close is not.
fn is_cut(page: &GrayImage, lines: &[Area]) -> bool {
    let (width, height) = (page.width() as f32, page.height() as f32);
    let near = |distance: f32, line: &Area| distance < line.height() * 0.15;
    let left = lines.iter().filter(|line| near(line.x0, line)).count();
    let right = lines.iter().filter(|line| near(width - line.x1, line)).count();
    let top = lines.iter().filter(|line| near(line.y0, line)).count();
    let bottom = lines.iter().filter(|line| near(height - line.y1, line)).count();
    left >= CUT_LINES || right >= CUT_LINES || top >= CUT_LINES || bottom >= CUT_LINES
}

/// Whether anything is much darker than the paper around it.
fn has_ink(page: &GrayImage) -> bool {
    let mut sample: Vec<u8> = page.as_raw().iter().step_by(7).copied().collect();
    let paper = f32::from(share(&mut sample, 0.5));
    let dark = page.as_raw().iter().filter(|value| f32::from(**value) < paper - 60.0).take(120).count();
    dark >= 120
}

#[cfg(test)]
mod tests {
    use image::{Luma, imageops};

    use super::*;

    /// Strokes two pixels wide, three lines of them.
    fn strokes(ink: u8, paper: u8, x0: u32) -> (GrayImage, Vec<Area>) {
        let page = GrayImage::from_fn(400, 200, |x, y| {
            let written = y % 60 >= 20 && y % 60 < 40 && y < 180 && x >= x0 && x < x0 + 300 && (x - x0) % 8 < 2;
            Luma([if written { ink } else { paper }])
        });
        let line = |n: u32| {
            let y = (60 * n + 20) as f32;
            Area::new(x0 as f32, y, (x0 + 300) as f32, y + 20.0)
        };
        (page, (0..3).map(line).collect())
    }

    #[test]
    fn each_fault_is_found_and_a_good_page_has_none() {
        let (good, lines) = strokes(20, 240, 50);
        assert_eq!(findings(&good, &lines), []);
        assert_eq!(findings(&imageops::blur(&good, 3.0), &lines), [Finding::Blurred, Finding::LowContrast]);
        let (faint, lines) = strokes(190, 230, 50);
        assert_eq!(findings(&faint, &lines), [Finding::LowContrast]);
        let (cut, lines) = strokes(20, 240, 0);
        assert_eq!(findings(&cut, &lines), [Finding::Cut]);
        let (blank, _) = strokes(240, 240, 50);
        assert_eq!(findings(&blank, &[]), [Finding::Blank]);
        assert_eq!(findings(&good, &[]), []);
    }
}
