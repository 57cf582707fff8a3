//! Attention within each text, with a bias for each distance between words.

use std::ops::Range;

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::Softmax;

use super::weights::Unusable;

/// Distances from here on share the last bucket.
const FARTHEST: f32 = 128.0;

/// For each head, the bias of every distance from the farthest back to the farthest ahead.
pub struct Distances {
    of_head: Vec<Vec<f32>>,
    longest: usize,
}

impl Distances {
    /// For texts of at most `longest` tokens; `buckets` has a row a bucket and a column a head.
    pub fn new(buckets: &[f32], heads: usize, longest: usize) -> Self {
        let rows = buckets.len() / heads;
        let reach = longest as i64;
        let head = |head| (1 - reach..reach).map(|by| buckets[bucket(by, rows) * heads + head]).collect();
        Self { of_head: (0..heads).map(head).collect(), longest }
    }

    /// What is added to the attention that word `from` of `count` pays to each.
    fn row(&self, head: usize, from: usize, count: usize) -> &[f32] {
        &self.of_head[head][self.longest - 1 - from..][..count]
    }
}

/// `asked`: query, key and value of every token side by side. Writes what each token takes from the others into `mixed`.
pub fn attend(
    asked: &[f32],
    texts: &[Range<usize>],
    distances: &Distances,
    mixed: &mut Vec<f32>,
) -> Result<(), Unusable> {
    let tokens = texts.last().map_or(0, |last| last.end);
    let hidden = asked.len() / 3 / tokens.max(1);
    mixed.resize(tokens * hidden, 0.0);
    let mut rest = mixed.as_mut_slice();
    let mut parts = Vec::with_capacity(texts.len());
    for text in texts {
        let (part, after) = rest.split_at_mut(text.len() * hidden);
        parts.push((&asked[text.start * 3 * hidden..text.end * 3 * hidden], part));
        rest = after;
    }
    let each =
        |gemm: &mut GemmExecutor, (asked, mixed): (&[f32], &mut [f32])| within(gemm, asked, hidden, distances, mixed);
    parts.into_par_iter().try_for_each_init(GemmExecutor::new, each)
}

/// The same within one text.
fn within(
    gemm: &GemmExecutor,
    asked: &[f32],
    hidden: usize,
    distances: &Distances,
    mixed: &mut [f32],
) -> Result<(), Unusable> {
    let (count, heads) = (mixed.len() / hidden, distances.of_head.len());
    let size = hidden / heads;
    let asked = NdTensorView::from_data([count, 3 * hidden], asked);
    let (mut weights, mut taken) = (vec![0.0; count * count], vec![0.0; count * size]);
    let failed = |error: rten_gemm::GemmError| Unusable(error.to_string());
    for head in 0..heads {
        let part = |which: usize| {
            let start = which * hidden + head * size;
            asked.slice((.., start..start + size))
        };
        let (query, key, value) = (part(0), part(1), part(2));
        let options = GemmOptions { alpha: 1.0 / (size as f32).sqrt(), ..GemmOptions::default() };
        gemm.gemm(&mut weights, GemmInputA::Unpacked(query), GemmInputB::Unpacked(key.transposed()), options)
            .map_err(failed)?;
        for (from, row) in weights.chunks_exact_mut(count).enumerate() {
            row.iter_mut().zip(distances.row(head, from, count)).for_each(|(weight, bias)| *weight += bias);
            Softmax::new_mut(row).dispatch();
        }
        let weights = NdTensorView::from_data([count, count], weights.as_slice());
        gemm.gemm(&mut taken, GemmInputA::Unpacked(weights), GemmInputB::Unpacked(value), GemmOptions::default())
            .map_err(failed)?;
        for (to, from) in mixed.chunks_exact_mut(hidden).zip(taken.chunks_exact(size)) {
            to[head * size..][..size].copy_from_slice(from);
        }
    }
    Ok(())
}

/// Half of the buckets look back, half ahead; near distances have one each, far ones share, ever more of them.
fn bucket(distance: i64, buckets: usize) -> usize {
    let half = buckets / 2;
    let near = half / 2;
    let ahead = if distance > 0 { half } else { 0 };
    let steps = distance.unsigned_abs() as usize;
    if steps < near {
        return ahead + steps;
    }
    let scaled = (steps as f32 / near as f32).ln() / (FARTHEST / near as f32).ln();
    ahead + (near + (scaled * (half - near) as f32) as usize).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn distances_fall_into_buckets_by_table() {
        let cases = [(0, 0), (-1, 1), (1, 17), (-7, 7), (7, 23), (-8, 8), (8, 24), (-16, 10), (-127, 15), (127, 31)];
        for (distance, expected) in cases {
            assert_eq!(bucket(distance, 32), expected, "{distance}");
        }
        assert_eq!((bucket(-5000, 32), bucket(5000, 32)), (15, 31));
    }
}
