//! Measures the slant of a page on paper, and straightens its lines.

use super::detect::Quad;
use crate::page::Area;
use crate::slant::Slant;

/// From the lines wide enough to show a slope: medians, so that stamps and signatures do not count.
pub fn slant(quads: &[Quad]) -> Slant {
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
        return Slant::default();
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
    Slant { base, change, middle }
}

/// The area of a line after the slant is taken out; its height is that of the line, not of its bounds.
pub fn straighten(slant: &Slant, quad: &Quad) -> Area {
    let (x, y) = quad.center();
    let (w, h) = (quad.width(), quad.height());
    let (w, h) = if h > 1.5 * w { (h, w) } else { (w, h) };
    slant.level(&Area::new(x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0))
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}
