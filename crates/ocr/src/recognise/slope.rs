//! Straightens a page on paper: the slant of its lines, which may change from top to bottom in a photograph.

use super::detect::Quad;
use crate::page::Area;

/// The slope of text at height `y` is `base + change * y`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slope {
    base: f32,
    change: f32,
    middle: f32,
}

impl Slope {
    /// From the lines wide enough to show a slope: medians, so that stamps and signatures do not count.
    pub fn of(quads: &[Quad]) -> Self {
        let mut samples: Vec<(f32, f32)> = quads
            .iter()
            .filter(|quad| quad.width() > 5.0 * quad.height() && quad.width() > 80.0)
            .map(|quad| {
                let [a, b, c, d] = quad.0;
                let top = (b.1 - a.1) / (b.0 - a.0).max(1.0);
                let bottom = (c.1 - d.1) / (c.0 - d.0).max(1.0);
                (quad.center().1, (top + bottom) / 2.0)
            })
            .collect();
        let middle = quads.iter().map(|q| q.center().0).sum::<f32>() / quads.len().max(1) as f32;
        let Some(all) = median(samples.iter().map(|s| s.1).collect()) else {
            return Self::default();
        };
        samples.retain(|sample| (sample.1 - all).abs() < 0.05);
        let mut changes = Vec::new();
        for (n, a) in samples.iter().enumerate() {
            for b in &samples[n + 1..] {
                if (a.0 - b.0).abs() > 200.0 && changes.len() < 20_000 {
                    changes.push((b.1 - a.1) / (b.0 - a.0));
                }
            }
        }
        let change = if samples.len() < 8 { 0.0 } else { median(changes).unwrap_or(0.0) };
        let base = median(samples.iter().map(|s| s.1 - change * s.0).collect()).unwrap_or(all);
        Self { base, change, middle }
    }

    /// The area of a line after the slope is taken out; its height is that of the line, not of its bounds.
    pub fn straighten(&self, quad: &Quad) -> Area {
        let (x, y) = quad.center();
        let (w, h) = (quad.width(), quad.height());
        let level = y - (self.base + self.change * y) * (x - self.middle);
        let (w, h) = if h > 1.5 * w { (h, w) } else { (w, h) };
        Area::new(x - w / 2.0, level - h / 2.0, x + w / 2.0, level + h / 2.0)
    }

    /// The same area after the slope is taken out.
    pub fn level(&self, area: &Area) -> Area {
        let (x, y) = ((area.x0 + area.x1) / 2.0, area.middle());
        let shift = (self.base + self.change * y) * (x - self.middle);
        Area::new(area.x0, area.y0 - shift, area.x1, area.y1 - shift)
    }
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}
