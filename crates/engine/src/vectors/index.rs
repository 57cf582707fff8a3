//! The chunks of one store in memory: vectors side by side, words inverted, attributes shared by the chunks of a file.
//! A row keeps its slot until it goes; then the next row takes the slot.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ports::vectors::{Kept, Metric, VectorHit, VectorQuery};
use wire::JsonObject;
use wire::openai::vector_stores::SearchMode;

use super::base::{Base, Member, NONE};
use super::filter::passes;
use super::fixed::{cosine, fixed, floating, length, score};
use super::keywords::Keywords;
use super::ranking::{Ranked, best, fuse};

/// Candidates of each ranking that a hybrid search fuses, per result asked for.
const CANDIDATES: usize = 4;
/// Asked of the graph beyond the limit, since it compares with less precision than we rank with.
const SPARE: usize = 22;

pub struct Index {
    metric: Metric,
    /// From this many rows that pass the filter on, the graph is asked where there is one.
    approximate_from: usize,
    dimension: usize,
    vectors: Vec<i16>,
    lengths: Vec<f32>,
    rows: Vec<Option<Row>>,
    /// Index into `sets` by slot, `NONE` in an empty one: all that a scan needs of a row.
    set_of: Vec<u32>,
    free: Vec<u32>,
    by_id: HashMap<Arc<str>, u32>,
    sets: Vec<Shared>,
    free_sets: Vec<u32>,
    /// The set that was held last.
    recent: u32,
    keywords: Keywords,
    text_bytes: usize,
    born: u64,
    base: Option<Base>,
}

struct Row {
    id: Arc<str>,
    text: String,
    born: u64,
    revision: i64,
}

/// What the chunks of a file, or a chunk without a file, are filtered by.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    pub file_id: String,
    pub filename: String,
    pub attributes: JsonObject,
}

struct Shared {
    set: Arc<Set>,
    rows: usize,
}

/// Which rows a question may find.
struct Open<'a> {
    sets: Option<Vec<bool>>,
    set_of: &'a [u32],
    rows: usize,
}

impl Open<'_> {
    fn holds(&self, slot: u32) -> bool {
        match self.set_of.get(slot as usize) {
            None | Some(&NONE) => false,
            Some(&set) => self.sets.as_ref().is_none_or(|sets| sets.get(set as usize).is_some_and(|open| *open)),
        }
    }
}

impl Index {
    pub fn new(metric: Metric, approximate_from: usize) -> Self {
        Self {
            metric,
            approximate_from,
            dimension: 0,
            vectors: Vec::new(),
            lengths: Vec::new(),
            rows: Vec::new(),
            set_of: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            sets: Vec::new(),
            free_sets: Vec::new(),
            recent: 0,
            keywords: Keywords::default(),
            text_bytes: 0,
            born: 0,
            base: None,
        }
    }

    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    pub fn base(&self) -> Option<&Base> {
        self.base.as_ref()
    }

    pub fn set_base(&mut self, base: Option<Base>) {
        self.base = base;
    }

    /// Bytes held, about; a graph that lies in a file is the system's to drop.
    pub fn size(&self) -> usize {
        self.vectors.len() * 2 + self.text_bytes * 3 + self.rows.len() * 192
    }

    /// Puts chunks in, each with its attributes; one of an id that is here takes the other's place. A vector of another
    /// length than the first is left out: it cannot be compared.
    pub fn put(&mut self, chunks: Vec<(Kept, Arc<Set>)>) {
        let (mut fresh, mut replaced) = (Vec::with_capacity(chunks.len()), Vec::new());
        for (kept, set) in chunks {
            match self.by_id.get(kept.chunk.id.as_str()).copied() {
                Some(slot) if self.same(slot, &kept) => self.share(slot, kept.revision, &set),
                Some(_) => {
                    replaced.push(kept.chunk.id.clone());
                    fresh.push((kept, set));
                }
                None => fresh.push((kept, set)),
            }
        }
        self.remove(replaced.iter().map(String::as_str));
        for (kept, set) in fresh {
            self.push(kept, &set);
        }
    }

    fn same(&self, slot: u32, kept: &Kept) -> bool {
        let text = self.rows[slot as usize].as_ref().is_some_and(|row| row.text == kept.chunk.text);
        let length = length(&kept.chunk.vector);
        let vector = self.vector(slot).iter().copied().eq(fixed(&kept.chunk.vector, length));
        text && vector && self.lengths[slot as usize] == length
    }

    fn share(&mut self, slot: u32, revision: i64, set: &Arc<Set>) {
        self.let_go(self.set_of[slot as usize]);
        self.set_of[slot as usize] = self.hold(set);
        if let Some(row) = self.rows[slot as usize].as_mut() {
            row.revision = revision;
        }
    }

    fn push(&mut self, kept: Kept, set: &Arc<Set>) {
        let Kept { revision, chunk } = kept;
        if self.by_id.is_empty() {
            let (metric, from) = (self.metric, self.approximate_from);
            *self = Self { dimension: chunk.vector.len(), born: self.born, ..Self::new(metric, from) };
        }
        if chunk.vector.len() != self.dimension || self.by_id.contains_key(chunk.id.as_str()) {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            self.set_of.push(NONE);
            self.lengths.push(0.0);
            self.vectors.resize(self.vectors.len() + self.dimension, 0);
            self.rows.len() as u32 - 1
        });
        let (at, length) = (slot as usize, length(&chunk.vector));
        self.vectors[at * self.dimension..]
            .iter_mut()
            .zip(fixed(&chunk.vector, length))
            .for_each(|(to, from)| *to = from);
        self.lengths[at] = length;
        self.set_of[at] = self.hold(set);
        self.keywords.add(slot, &chunk.text);
        self.text_bytes += chunk.text.len();
        self.born += 1;
        let id: Arc<str> = chunk.id.into();
        self.by_id.insert(id.clone(), slot);
        self.rows[at] = Some(Row { id, text: chunk.text, born: self.born, revision });
        if let Some(base) = &mut self.base {
            base.came(slot);
        }
    }

    pub fn remove<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        let mut gone = Vec::new();
        for id in ids {
            let Some(slot) = self.by_id.remove(id) else { continue };
            let Some(row) = self.rows[slot as usize].take() else { continue };
            let set = std::mem::replace(&mut self.set_of[slot as usize], NONE);
            self.let_go(set);
            self.text_bytes -= row.text.len();
            if let Some(base) = &mut self.base {
                base.went(slot);
            }
            gone.push((slot, row.text));
        }
        self.keywords.remove(&gone);
        self.free.extend(gone.into_iter().map(|(slot, _)| slot));
    }

    /// Removes all that are not among `ids`.
    pub fn keep(&mut self, ids: &HashSet<String>) {
        let gone: Vec<Arc<str>> = self.by_id.keys().filter(|id| !ids.contains(&***id)).cloned().collect();
        self.remove(gone.iter().map(|id| &**id));
    }

    fn hold(&mut self, set: &Arc<Set>) -> u32 {
        // Chunks of a file come one after another.
        match self.sets.get_mut(self.recent as usize) {
            Some(held) if held.rows > 0 && Arc::ptr_eq(&held.set, set) => held.rows += 1,
            _ => {
                let shared = Shared { set: set.clone(), rows: 1 };
                self.recent = self.free_sets.pop().unwrap_or(self.sets.len() as u32);
                match self.sets.get_mut(self.recent as usize) {
                    Some(free) => *free = shared,
                    None => self.sets.push(shared),
                }
            }
        }
        self.recent
    }

    fn let_go(&mut self, set: u32) {
        if let Some(shared) = self.sets.get_mut(set as usize) {
            shared.rows -= 1;
            if shared.rows == 0 {
                self.free_sets.push(set);
            }
        }
    }

    fn vector(&self, slot: u32) -> &[i16] {
        let at = slot as usize * self.dimension;
        self.vectors.get(at..at + self.dimension).unwrap_or_default()
    }

    /// All rows, as a graph would take them.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        (0_u32..).zip(&self.rows).filter_map(|(slot, row)| Some(Member { slot, born: row.as_ref()?.born }))
    }

    /// The row of this id, if it has not changed since `revision`.
    pub fn member(&self, id: &str, revision: i64) -> Option<Member> {
        let slot = *self.by_id.get(id)?;
        let row = self.rows[slot as usize].as_ref()?;
        (row.revision <= revision).then_some(Member { slot, born: row.born })
    }

    /// The id of a row that is still what it was.
    pub fn id_of(&self, member: Member) -> Option<&str> {
        let row = self.rows.get(member.slot as usize)?.as_ref()?;
        (row.born == member.born).then_some(&*row.id)
    }

    pub fn member_of(&self, slot: u32) -> Option<Member> {
        let row = self.rows.get(slot as usize)?.as_ref()?;
        Some(Member { slot, born: row.born })
    }

    /// Its vector as the graph takes it, divided by `scale`.
    pub fn for_graph(&self, member: Member, scale: f32) -> Option<Vec<f32>> {
        self.id_of(member)?;
        Some(floating(self.vector(member.slot), self.graph_length(self.lengths[member.slot as usize], scale)).collect())
    }

    fn graph_length(&self, length: f32, scale: f32) -> f32 {
        if self.metric == Metric::Cosine { 1.0 } else { length / scale }
    }

    /// What brings the longest vector to unit length.
    pub fn scale(&self) -> f32 {
        let longest = self.lengths.iter().copied().fold(0.0, f32::max);
        if self.metric == Metric::Cosine || longest == 0.0 { 1.0 } else { longest }
    }

    fn open(&self, query: &VectorQuery) -> Open<'_> {
        let sets = query.filter.as_ref().map(|filter| {
            self.sets.iter().map(|shared| shared.rows > 0 && passes(filter, &shared.set.attributes)).collect::<Vec<_>>()
        });
        let rows = match &sets {
            None => self.len(),
            Some(open) => self.sets.iter().zip(open).filter(|(_, open)| **open).map(|(shared, _)| shared.rows).sum(),
        };
        Open { sets, set_of: &self.set_of, rows }
    }

    /// Rows that a search may have to compare one by one, at most.
    pub fn scanned(&self) -> usize {
        self.base.as_ref().map_or(self.len(), |base| base.tail.len().max(self.approximate_from))
    }

    pub fn search(&self, query: &VectorQuery) -> Vec<VectorHit> {
        let open = self.open(query);
        let ranked = match query.mode {
            SearchMode::Vector => self.by_vector(query, query.limit, &open),
            SearchMode::Keyword => self.by_words(query, query.limit, &open),
            SearchMode::Hybrid => {
                let many = (query.limit * CANDIDATES).max(50);
                let vectors = self.by_vector(query, many, &open);
                let mut fused = fuse(query.fusion, &vectors, &self.by_words(query, many, &open));
                fused.truncate(query.limit);
                fused
            }
        };
        let good = ranked.into_iter().filter(|ranked| ranked.score >= query.threshold);
        good.filter_map(|ranked| self.hit(ranked)).collect()
    }

    fn by_vector(&self, query: &VectorQuery, limit: usize, open: &Open<'_>) -> Vec<Ranked> {
        if query.vector.len() != self.dimension || self.dimension == 0 {
            return Vec::new();
        }
        let asked_length = length(&query.vector);
        let asked: Vec<i16> = fixed(&query.vector, asked_length).collect();
        let ranked = |slot: u32| {
            let cosine = cosine(&asked, self.vector(slot));
            Ranked { row: slot, score: score(self.metric, cosine, asked_length, self.lengths[slot as usize]) }
        };
        if let Some(base) = self.base.as_ref().filter(|_| open.rows >= self.approximate_from) {
            let vector: Vec<f32> = floating(&asked, self.graph_length(asked_length, base.scale)).collect();
            let some = open.sets.is_some().then_some(|slot| open.holds(slot));
            match base.nearest(&vector, limit + SPARE, some) {
                Ok(near) => {
                    let tail = base.tail.iter().copied().filter(|&slot| open.holds(slot));
                    let found = best(near.into_iter().chain(tail).map(ranked), limit);
                    if found.len() == limit.min(open.rows) {
                        return found;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the approximate index did not answer, so all vectors are compared")
                }
            }
        }
        best((0..self.set_of.len() as u32).filter(|&slot| open.holds(slot)).map(ranked), limit)
    }

    fn by_words(&self, query: &VectorQuery, limit: usize, open: &Open<'_>) -> Vec<Ranked> {
        let scores = self.keywords.scores(&query.words).into_iter();
        best(scores.filter(|&(row, _)| open.holds(row)).map(|(row, score)| Ranked { row, score }), limit)
    }

    fn hit(&self, ranked: Ranked) -> Option<VectorHit> {
        let row = self.rows.get(ranked.row as usize)?.as_ref()?;
        let set = &self.sets.get(*self.set_of.get(ranked.row as usize)? as usize)?.set;
        Some(VectorHit {
            chunk_id: row.id.to_string(),
            file_id: set.file_id.clone(),
            filename: set.filename.clone(),
            text: row.text.clone(),
            attributes: set.attributes.clone(),
            score: ranked.score,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ports::vectors::{Chunk, Fusion};
    use serde_json::json;

    fn kept(id: &str, text: &str, vector: &[f32]) -> Kept {
        let (file_id, metadata) = (String::new(), JsonObject::new());
        let chunk = Chunk { id: id.into(), file_id, ordinal: 0, text: text.into(), metadata, vector: vector.to_vec() };
        Kept { revision: 1, chunk }
    }

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
        let mut index = Index::new(Metric::Cosine, usize::MAX);
        let rows = [
            ("a", "eu", "glass damage covered", [1.0, 0.0, 0.0]),
            ("b", "us", "theft of a car", [0.6, 0.8, 0.0]),
            ("c", "eu", "theft theft police", [0.0, 2.0, 0.0]),
        ];
        for (id, region, text, vector) in rows {
            let attributes = json!({"region": region}).as_object().cloned().unwrap();
            let set = Arc::new(Set { file_id: id.into(), filename: format!("{id}.txt"), attributes });
            index.put(vec![(kept(id, text, &vector), set)]);
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

    #[test]
    fn a_slot_is_used_again_and_attributes_change_in_place() {
        let mut index = index();
        index.remove(["a"].into_iter());
        let set = Arc::new(Set { file_id: "d".into(), filename: "d.txt".into(), attributes: JsonObject::new() });
        index.put(vec![(kept("d", "hail", &[0.0, 0.0, 1.0]), set.clone())]);
        assert_eq!((index.len(), index.rows.len()), (3, 3));
        assert!(index.search(&query(&[], "glass", SearchMode::Keyword)).is_empty());
        assert_eq!(ids(&index.search(&query(&[0.0, 0.0, 1.0], "", SearchMode::Vector)))[0], "d");
        let born = index.member("b", 1).map(|member| member.born);
        index.put(vec![(kept("b", "theft of a car", &[0.6, 0.8, 0.0]), set.clone())]);
        assert_eq!(index.member("b", 1).map(|member| member.born), born, "the same row");
        assert_eq!(index.search(&query(&[], "car", SearchMode::Keyword))[0].file_id, "d");
        index.put(vec![(kept("b", "theft of a bike", &[0.6, 0.8, 0.0]), set)]);
        assert_ne!(index.member("b", 1).map(|member| member.born), born);
    }
}
