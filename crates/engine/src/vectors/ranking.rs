//! Rankings of rows: the best of many, and two made one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use ports::vectors::Fusion;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    pub row: u32,
    pub score: f32,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    /// Worst first, so that a heap gives up its worst; among equals the later row is the worse.
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pub fn best(scored: impl Iterator<Item = Ranked>, limit: usize) -> Vec<Ranked> {
    let mut heap: BinaryHeap<Ranked> = BinaryHeap::with_capacity(limit + 1);
    for ranked in scored {
        if heap.len() < limit {
            heap.push(ranked);
        } else if heap.peek().is_some_and(|worst| ranked < *worst) {
            heap.pop();
            heap.push(ranked);
        }
    }
    heap.into_sorted_vec()
}

pub fn fuse(fusion: Fusion, vectors: &[Ranked], words: &[Ranked]) -> Vec<Ranked> {
    let mut fused: BTreeMap<u32, f32> = BTreeMap::new();
    match fusion {
        Fusion::ReciprocalRank { impact } => {
            for (rank, ranked) in vectors.iter().enumerate().chain(words.iter().enumerate()) {
                *fused.entry(ranked.row).or_default() += 1.0 / (impact + rank as f32 + 1.0);
            }
        }
        Fusion::Weighted { vector } => {
            for (share, ranking) in [(vector, vectors), (1.0 - vector, words)] {
                let top = ranking.first().map_or(0.0, |ranked| ranked.score);
                let bottom = ranking.last().map_or(0.0, |ranked| ranked.score);
                let spread = top - bottom;
                for ranked in ranking {
                    let score = if spread > 0.0 { (ranked.score - bottom) / spread } else { 1.0 };
                    *fused.entry(ranked.row).or_default() += share * score;
                }
            }
        }
    }
    let count = fused.len();
    best(fused.into_iter().map(|(row, score)| Ranked { row, score }), count)
}
