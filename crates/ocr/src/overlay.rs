//! Draws what was read over the page it was read from.

use image::{Rgb, RgbImage, imageops};

use crate::pictures::Picture;
use crate::reading::Reading;
use crate::report::PageReport;

const WORD: Rgb<u8> = Rgb([150, 190, 240]);
const SURE: Rgb<u8> = Rgb([20, 140, 60]);
const DOUBTFUL: Rgb<u8> = Rgb([215, 120, 0]);
const UNSURE: Rgb<u8> = Rgb([200, 20, 30]);
const BLOCK: Rgb<u8> = Rgb([120, 120, 120]);
const FACT: Rgb<u8> = Rgb([190, 0, 190]);

/// The pages one below the other: words in blue, lines from green to red as they are less
/// certain, blocks in grey, facts in purple. The pictures are those of the same document.
#[must_use]
pub fn overlay(reading: &Reading, pictures: Vec<Picture>) -> RgbImage {
    let mut sheets = Vec::new();
    for (number, (page, picture)) in reading.pages.iter().zip(pictures).enumerate() {
        let mut sheet = match page.turned {
            90 => imageops::rotate90(&picture.pixels),
            180 => imageops::rotate180(&picture.pixels),
            270 => imageops::rotate270(&picture.pixels),
            _ => picture.pixels,
        };
        draw(&mut sheet, page, picture.scale);
        for fact in reading.fields.values().filter(|fact| fact.page == number + 1) {
            frame(&mut sheet, grown(fact.area, picture.scale, 3.0), FACT, 3);
        }
        sheets.push(sheet);
    }
    let width = sheets.iter().map(RgbImage::width).max().unwrap_or(1);
    let height = sheets.iter().map(RgbImage::height).sum::<u32>().max(1);
    let mut all = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let mut top = 0;
    for sheet in sheets {
        imageops::replace(&mut all, &sheet, 0, top);
        top += i64::from(sheet.height());
    }
    all
}

fn draw(sheet: &mut RgbImage, page: &PageReport, scale: f32) {
    for block in &page.blocks {
        frame(sheet, grown(block.area, scale, 6.0), BLOCK, 1);
    }
    for line in &page.lines {
        for word in &line.words {
            frame(sheet, grown(word.area, scale, 0.0), WORD, 1);
        }
        let color = match line.confidence {
            0.9.. => SURE,
            0.6.. => DOUBTFUL,
            _ => UNSURE,
        };
        frame(sheet, grown(line.area, scale, 1.0), color, 2);
    }
}

/// An area in pixels, moved out on all sides.
fn grown([x0, y0, x1, y1]: [f32; 4], scale: f32, by: f32) -> [f32; 4] {
    [x0 * scale - by, y0 * scale - by, x1 * scale + by, y1 * scale + by]
}

fn frame(sheet: &mut RgbImage, [x0, y0, x1, y1]: [f32; 4], color: Rgb<u8>, thick: u32) {
    let clamp = |value: f32, most: u32| (value.max(0.0) as u32).min(most.saturating_sub(1));
    let (x0, x1) = (clamp(x0, sheet.width()), clamp(x1, sheet.width()));
    let (y0, y1) = (clamp(y0, sheet.height()), clamp(y1, sheet.height()));
    for step in 0..thick {
        for x in x0..=x1 {
            sheet.put_pixel(x, (y0 + step).min(y1), color);
            sheet.put_pixel(x, y1.saturating_sub(step).max(y0), color);
        }
        for y in y0..=y1 {
            sheet.put_pixel((x0 + step).min(x1), y, color);
            sheet.put_pixel(x1.saturating_sub(step).max(x0), y, color);
        }
    }
}
