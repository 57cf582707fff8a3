//! The chunks of one store in memory: vectors side by side, words inverted, attributes shared by the chunks of a file.
//!
//! Vectors are unit length in 16-bit fixed point: half the memory to read, one multiply-add instruction for eight
//! products on every processor we run on, and cosines exact to about 1e-5. By Cauchy and Schwarz no partial sum of two
//! unit vectors leaves 32 bits.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use ports::vectors::{Fusion, VectorHit, VectorQuery};
use wire::JsonObject;
use wire::openai::vector_stores::SearchMode;

use super::filter::passes;
use super::keywords::Keywords;

const ONE: f32 = 32_600.0;
/// Candidates of each ranking that a hybrid search fuses, per result asked for.
const CANDIDATES: usize = 4;

#[derive(Default)]
pub struct Index {
    dimension: usize,
    vectors: Vec<i16>,
    rows: Vec<Row>,
    sets: Vec<Arc<Set>>,
    keywords: Keywords,
    text_bytes: usize,
}

struct Row {
    id: String,
    text: String,
    set: u32,
}

/// What the chunks of a file, or a chunk without a file, are filtered by.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    pub file_id: String,
    pub filename: String,
    pub attributes: JsonObject,
}

impl Index {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes held, about.
    pub fn size(&self) -> usize {
        self.vectors.len() * 2 + self.text_bytes * 3 + self.rows.len() * 128
    }

    /// A vector of another length than the first is left out: it cannot be compared.
    pub fn push(&mut self, id: String, text: String, vector: &[f32], set: &Arc<Set>) {
        if self.rows.is_empty() {
            self.dimension = vector.len();
        }
        if vector.len() != self.dimension {
            return;
        }
        if self.sets.last().is_none_or(|last| !Arc::ptr_eq(last, set)) {
            self.sets.push(set.clone());
        }
        self.vectors.extend(fixed(vector));
        self.keywords.push(&text);
        self.text_bytes += text.len();
        self.rows.push(Row { id, text, set: self.sets.len() as u32 - 1 });
    }

    pub fn search(&self, query: &VectorQuery) -> Vec<VectorHit> {
        let open: Option<Vec<bool>> =
            query.filter.as_ref().map(|filter| self.sets.iter().map(|set| passes(filter, &set.attributes)).collect());
        let open = |row: u32| open.as_ref().is_none_or(|open| open[self.rows[row as usize].set as usize]);
        let ranked = match query.mode {
            SearchMode::Vector => self.by_vector(query, query.limit, open),
            SearchMode::Keyword => self.by_words(query, query.limit, open),
            SearchMode::Hybrid => {
                let many = (query.limit * CANDIDATES).max(50);
                let mut fused =
                    fuse(query.fusion, &self.by_vector(query, many, open), &self.by_words(query, many, open));
                fused.truncate(query.limit);
                fused
            }
        };
        let good = ranked.into_iter().filter(|ranked| ranked.score >= query.threshold);
        good.map(|ranked| self.hit(ranked)).collect()
    }

    fn by_vector(&self, query: &VectorQuery, limit: usize, open: impl Fn(u32) -> bool) -> Vec<Ranked> {
        if query.vector.len() != self.dimension || self.dimension == 0 {
            return Vec::new();
        }
        let asked: Vec<i16> = fixed(&query.vector).collect();
        let scored = self.vectors.chunks_exact(self.dimension).zip(0_u32..).filter(|&(_, row)| open(row));
        best(scored.map(|(vector, row)| Ranked { row, score: dot(&asked, vector) as f32 / (ONE * ONE) }), limit)
    }

    fn by_words(&self, query: &VectorQuery, limit: usize, open: impl Fn(u32) -> bool) -> Vec<Ranked> {
        let scores = self.keywords.scores(&query.words).into_iter();
        best(scores.filter(|&(row, _)| open(row)).map(|(row, score)| Ranked { row, score }), limit)
    }

    fn hit(&self, ranked: Ranked) -> VectorHit {
        let row = &self.rows[ranked.row as usize];
        let set = &self.sets[row.set as usize];
        VectorHit {
            chunk_id: row.id.clone(),
            file_id: set.file_id.clone(),
            filename: set.filename.clone(),
            text: row.text.clone(),
            attributes: set.attributes.clone(),
            score: ranked.score,
        }
    }
}

fn fixed(vector: &[f32]) -> impl Iterator<Item = i16> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let scale = if length.is_normal() { ONE / length } else { 0.0 };
    vector.iter().map(move |value| (value * scale).round() as i16)
}

/// Written so that the compiler turns it into packed multiply-adds.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Ranked {
    row: u32,
    score: f32,
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

fn best(scored: impl Iterator<Item = Ranked>, limit: usize) -> Vec<Ranked> {
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

fn fuse(fusion: Fusion, vectors: &[Ranked], words: &[Ranked]) -> Vec<Ranked> {
    let mut fused: std::collections::BTreeMap<u32, f32> = std::collections::BTreeMap::new();
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(vector: &[f32], words: &str, mode: SearchMode) -> VectorQuery {
        VectorQuery {
            vector: vector.to_vec(),
            words: words.into(),
            mode,
            filter: None,
            limit: 3,
            threshold: f32::MIN,
            fusion: Fusion::ReciprocalRank { impact: 60.0 },
        }
    }

    fn index() -> Index {
        let mut index = Index::default();
        let rows = [
            ("a", "eu", "glass damage covered", [1.0, 0.0, 0.0]),
            ("b", "us", "theft of a car", [0.6, 0.8, 0.0]),
            ("c", "eu", "theft theft police", [0.0, 2.0, 0.0]),
        ];
        for (id, region, text, vector) in rows {
            let attributes = json!({"region": region}).as_object().cloned().unwrap();
            let set = Arc::new(Set { file_id: id.into(), filename: format!("{id}.txt"), attributes });
            index.push(id.into(), text.into(), &vector, &set);
        }
        index
    }

    fn ids(hits: &[VectorHit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.chunk_id.as_str()).collect()
    }

    #[test]
    fn three_modes_rank_their_own_way() {
        let index = index();
        let hits = index.search(&query(&[1.0, 0.1, 0.0], "", SearchMode::Vector));
        assert_eq!(ids(&hits), ["a", "b", "c"]);
        assert!((hits[0].score - 0.995).abs() < 1e-3, "{}", hits[0].score);
        assert_eq!(ids(&index.search(&query(&[], "police theft", SearchMode::Keyword))), ["c", "b"]);
        let hybrid = query(&[0.0, 1.0, 0.0], "theft", SearchMode::Hybrid);
        assert_eq!(ids(&index.search(&hybrid))[0], "c");
        let weighted = VectorQuery {
            fusion: Fusion::Weighted { vector: 1.0 },
            ..query(&[1.0, 0.0, 0.0], "theft", SearchMode::Hybrid)
        };
        assert_eq!(ids(&index.search(&weighted))[0], "a");
    }

    #[test]
    fn filters_thresholds_and_limits_hold() {
        let index = index();
        let mut asked = query(&[0.6, 0.8, 0.0], "", SearchMode::Vector);
        asked.filter = serde_json::from_value(json!({"type": "eq", "key": "region", "value": "eu"})).ok();
        assert_eq!(ids(&index.search(&asked)), ["c", "a"]);
        asked.threshold = 0.7;
        assert_eq!(ids(&index.search(&asked)), ["c"]);
        let one = VectorQuery { limit: 1, ..query(&[0.6, 0.8, 0.0], "", SearchMode::Vector) };
        assert_eq!(ids(&index.search(&one)), ["b"]);
        let other = query(&[1.0], "", SearchMode::Vector);
        assert!(index.search(&other).is_empty(), "a vector of another length finds nothing");
    }

    proptest::proptest! {
        #[test]
        fn scores_are_cosines(vectors in proptest::collection::vec(proptest::collection::vec(-1.0_f32..1.0, 16), 1..40)) {
            let cosine = |a: &[f32], b: &[f32]| {
                let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
                a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>() / (length(a) * length(b)).max(1e-9)
            };
            let set = Arc::new(Set { file_id: String::new(), filename: String::new(), attributes: JsonObject::new() });
            let mut index = Index::default();
            for (at, vector) in vectors.iter().enumerate() {
                index.push(at.to_string(), String::new(), vector, &set);
            }
            let hits = index.search(&VectorQuery { limit: 50, ..query(&vectors[0], "", SearchMode::Vector) });
            proptest::prop_assert_eq!(hits.len(), vectors.len());
            for hit in hits {
                let exact = cosine(&vectors[0], &vectors[hit.chunk_id.parse::<usize>().unwrap()]);
                proptest::prop_assert!((hit.score - exact).abs() < 1e-3, "{} and {exact}", hit.score);
            }
        }
    }
}
