//! Whether a page may draw check boxes: drawing it to look for them costs ten times what its text does.

use hayro::kurbo::{Affine, BezPath, PathEl, Rect};

/// Sides of a check box, in points: about as tall as text of 5 to 18 points.
const SIDES: std::ops::RangeInclusive<f64> = 4.0..=32.0;
/// Strokes thinner than this are a side, not an area.
const THIN: f64 = 2.0;

/// What was drawn of a page that could be a check box.
#[derive(Debug, Default)]
pub struct Frames {
    whole: bool,
    level: usize,
    upright: usize,
}

impl Frames {
    /// A path that is filled or stroked; each of its parts counts for itself.
    pub fn path(&mut self, path: &BezPath, place: Affine) {
        let mut part: Option<Rect> = None;
        for element in path.elements() {
            if self.likely() {
                return;
            }
            if matches!(element, PathEl::MoveTo(_)) {
                self.area(part.take());
            }
            if let Some(point) = element.end_point() {
                let point = place * point;
                let dot = Rect::from_points(point, point);
                part = Some(part.map_or(dot, |area| area.union(dot)));
            }
        }
        self.area(part);
    }

    /// An area that a picture covers.
    pub fn picture(&mut self, bounds: Rect) {
        self.area(Some(bounds));
    }

    /// A letter: some fonts have boxes for letters.
    pub fn letter(&mut self, text: &str) {
        let drawn = |c: char| matches!(c, '\u{25a0}'..='\u{25ff}' | '\u{2610}'..='\u{2612}' | '\u{2700}'..='\u{27bf}' | '\u{e000}'..='\u{f8ff}' | '\u{fffd}');
        self.whole |= text.chars().any(drawn);
    }

    /// Whether it pays to draw the page.
    pub fn likely(&self) -> bool {
        self.whole || self.level >= 2 && self.upright >= 2
    }

    fn area(&mut self, area: Option<Rect>) {
        let Some(area) = area else { return };
        let (width, height) = (SIDES.contains(&area.width()), SIDES.contains(&area.height()));
        self.whole |= width && height && (0.7..=1.4).contains(&(area.width() / area.height()));
        self.level += usize::from(width && area.height() < THIN);
        self.upright += usize::from(height && area.width() < THIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(paths: &[&str], scale: f64) -> bool {
        let mut frames = Frames::default();
        for path in paths {
            frames.path(&BezPath::from_svg(path).expect("a path"), Affine::scale(scale));
        }
        frames.likely()
    }

    #[test]
    fn squares_of_the_size_of_letters_are_a_reason_to_look() {
        let cases: [(&[&str], bool); 8] = [
            (&["M10 10h9v9h-9z"], true),
            (&["M10 10h200v9h-200z M10 40h9v9h-9z"], true),
            (&["M10 10h9", "M10 19h9", "M10 10v9", "M19 10v9"], true),
            (&["M10 10h9v.4h-9z", "M10 19h9v.4h-9z", "M10 10v9h.4v-9z", "M19 10v9h.4v-9z"], true),
            (&["M10 10h500", "M10 30h500", "M10 10v20", "M510 10v20"], false),
            (&["M10 10h500v20h-500z"], false),
            (&["M10 10h2v2h-2z"], false),
            (&[], false),
        ];
        for (paths, expected) in cases {
            assert_eq!(likely(paths, 1.0), expected, "{paths:?}");
        }
        assert!(!likely(&["M10 10h9v9h-9z"], 10.0));
    }

    #[test]
    fn letters_that_are_boxes_are_a_reason_too() {
        for (text, expected) in [("☐", true), ("❏", true), ("\u{f06f}", true), ("x", false), ("é", false)] {
            let mut frames = Frames::default();
            frames.letter(text);
            assert_eq!(frames.likely(), expected, "{text}");
        }
    }
}
