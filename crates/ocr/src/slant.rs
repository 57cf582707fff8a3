//! The slant of a page on paper, which may change from top to bottom in a photograph. A page is laid out and understood
//! as if its lines lay level; results say where things are seen.

use serde::{Deserialize, Serialize};

use crate::page::Area;

/// Text at height `y` of the page sinks by `base + change * y` for each unit to the right; the page turns around `x = middle`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Slant {
    pub base: f32,
    pub change: f32,
    pub middle: f32,
}

impl Slant {
    /// The same in units of which one is `factor` of these.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self { base: self.base, change: self.change / factor, middle: self.middle * factor }
    }

    /// Where a thing seen at `area` would lie on a level page.
    #[must_use]
    pub fn level(&self, area: &Area) -> Area {
        let (x, y) = ((area.x0 + area.x1) / 2.0, area.middle());
        let shift = (self.base + self.change * y) * (x - self.middle);
        Area::new(area.x0, area.y0 - shift, area.x1, area.y1 - shift)
    }

    /// What is seen on the page of a thing that lies at `area` when the page is level: its bounds, both ends included.
    #[must_use]
    pub fn seen(&self, area: &Area) -> Area {
        let shift = |x: f32| {
            let away = x - self.middle;
            let y = (area.middle() + self.base * away) / (1.0 - self.change * away);
            y - area.middle()
        };
        let (left, right) = (shift(area.x0), shift(area.x1));
        Area::new(area.x0, area.y0 + left.min(right), area.x1, area.y1 + left.max(right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_level_page_stays_as_it_is() {
        let area = Area::new(10.0, 20.0, 110.0, 32.0);
        assert_eq!(Slant::default().seen(&area), area);
    }

    #[test]
    fn both_ends_of_a_slanted_line_are_inside() {
        let slant = Slant { base: 0.02, change: 0.0, middle: 500.0 };
        let seen = slant.seen(&Area::new(0.0, 100.0, 1000.0, 120.0));
        assert_eq!(seen, Area::new(0.0, 90.0, 1000.0, 130.0));
    }

    proptest! {
        #[test]
        fn what_was_levelled_is_seen_where_it_was(
            base in -0.08_f32..0.08, change in -2e-5_f32..2e-5, middle in 0.0_f32..2000.0,
            x in 0.0_f32..2000.0, y in 0.0_f32..3000.0, factor in 0.2_f32..5.0,
        ) {
            let slant = Slant { base, change, middle };
            let dot = Area::new(x, y - 6.0, x, y + 6.0);
            let back = slant.seen(&slant.level(&dot));
            prop_assert!((back.y0 - dot.y0).abs() < 0.05 && (back.y1 - dot.y1).abs() < 0.05, "{back:?}");
            let scaled = slant.scaled(factor).level(&dot.scaled(factor));
            prop_assert!((scaled.y0 - slant.level(&dot).scaled(factor).y0).abs() < 0.05 * factor);
        }
    }
}
