//! Texts that can be searched by words and by vectors.

use std::sync::{Arc, OnceLock};

use crate::bm25::Bm25;
use crate::vectors::{Key, Vectors};
use crate::words;

/// Ranks of this depth are fused; what lies deeper in both lists does not matter.
const DEPTH: usize = 100;
/// Damps the first ranks, so that being found by both ways beats being first in one.
const DAMPING: f32 = 60.0;
/// Trust so small that the first rank by vectors counts less than the last by words.
pub(crate) const WORDS_FIRST: f32 = 0.001;

/// Items with the text each is found by. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shelf<T> {
    pub(crate) items: Arc<Vec<T>>,
    texts: Arc<Vec<String>>,
    words: Arc<Bm25>,
    keys: Arc<Vec<Key>>,
    /// Where each vector is; set once all are there.
    rows: Arc<OnceLock<Vec<u32>>>,
}

impl<T> std::fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("items", &self.items.len()).finish_non_exhaustive()
    }
}

/// What is looked for.
pub(crate) struct Query<'a> {
    pub text: &'a str,
    /// Of unit length. Without it words alone decide.
    pub vector: Option<&'a [f32]>,
    pub limit: usize,
    /// Items less similar are left out, when there are vectors to tell.
    pub min_similarity: f32,
    /// Whether items that share no word with the query fill the list, in their own order, when there are no vectors.
    pub fill: bool,
    /// What a rank by vectors counts against a rank by words.
    pub trust: f32,
}

#[derive(Debug)]
pub(crate) struct Hit<'a, T> {
    pub item: &'a T,
    /// Cosine with vectors (`-1.0..=1.0`), else relevance of words (`0.0..=1.0`).
    pub similarity: f32,
}

impl<T> Shelf<T> {
    /// `text_of` gives the text an item is found by, free of personal data; `more` gives words that are not in it but
    /// should find it too.
    pub(crate) fn new(
        items: Vec<T>,
        vectors: &Vectors,
        text_of: impl Fn(&T) -> String,
        more: impl Fn(&T) -> String,
    ) -> Self {
        let texts: Vec<String> = items.iter().map(text_of).collect();
        let keys = texts.iter().map(|text| vectors.key(text)).collect();
        let all_words = items.iter().zip(&texts).map(|(item, text)| format!("{text} {}", more(item)));
        let words = Bm25::new(all_words.map(|text| words::terms(&text)));
        Self {
            items: Arc::new(items),
            texts: Arc::new(texts),
            words: Arc::new(words),
            keys: Arc::new(keys),
            rows: Arc::default(),
        }
    }

    /// Texts that have no vector yet, each once.
    pub(crate) fn missing(&self, vectors: &Vectors) -> Vec<(Key, String)> {
        let mut seen = std::collections::HashSet::new();
        let all = self.keys.iter().zip(self.texts.iter());
        all.filter(|(key, _)| vectors.row(key).is_none() && seen.insert(**key))
            .map(|(key, text)| (*key, text.clone()))
            .collect()
    }

    /// The items that pass `keep`, best first. The flag says whether vectors had a part in it: they have once
    /// every item has one.
    pub(crate) fn search(
        &self,
        vectors: &Vectors,
        query: &Query<'_>,
        keep: impl Fn(&T) -> bool,
    ) -> (Vec<Hit<'_, T>>, bool) {
        let kept: Vec<usize> = (0..self.items.len()).filter(|at| keep(&self.items[*at])).collect();
        let words = self.words.scores(&words::terms(query.text));
        let by_words = ranked(kept.iter().map(|at| (*at, words[*at])).filter(|found| found.1 > 0.0));
        let cosines = query.vector.and_then(|vector| self.cosines(vectors, vector, &kept));
        let Some(cosines) = cosines else {
            let others = kept.iter().filter(|at| query.fill && words[**at] == 0.0).map(|at| (*at, 0.0));
            let hits = by_words.into_iter().chain(others).take(query.limit);
            return (hits.map(|(at, similarity)| Hit { item: &self.items[at], similarity }).collect(), false);
        };
        let by_vectors = ranked(kept.iter().copied().zip(cosines.iter().copied()));
        let cosine = |at: usize| kept.binary_search(&at).map_or(0.0, |place| cosines[place]);
        let fused = fuse(&by_words, &by_vectors, query.trust);
        let hits = fused
            .into_iter()
            .map(|at| Hit { item: &self.items[at], similarity: cosine(at) })
            .filter(|hit| hit.similarity >= query.min_similarity)
            .take(query.limit)
            .collect();
        (hits, true)
    }

    /// How many texts have no vector yet.
    pub(crate) fn waiting(&self, vectors: &Vectors) -> usize {
        match self.complete(vectors) {
            true => 0,
            false => self.keys.iter().filter(|key| vectors.row(key).is_none()).count(),
        }
    }

    /// Whether every text has its vector, so that a search may use them.
    pub(crate) fn complete(&self, vectors: &Vectors) -> bool {
        self.rows(vectors).is_some()
    }

    fn rows(&self, vectors: &Vectors) -> Option<&Vec<u32>> {
        if self.rows.get().is_none()
            && let Some(rows) = vectors.rows(&self.keys)
        {
            return Some(self.rows.get_or_init(|| rows));
        }
        self.rows.get()
    }

    fn cosines(&self, vectors: &Vectors, query: &[f32], kept: &[usize]) -> Option<Vec<f32>> {
        let rows = self.rows(vectors)?;
        let cosines = vectors.cosines(query, kept.iter().map(|at| rows[*at]));
        (cosines.len() == kept.len()).then_some(cosines)
    }
}

fn ranked(found: impl Iterator<Item = (usize, f32)>) -> Vec<(usize, f32)> {
    let mut found: Vec<(usize, f32)> = found.collect();
    let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if found.len() > DEPTH {
        found.select_nth_unstable_by(DEPTH, order);
        found.truncate(DEPTH);
    }
    found.sort_unstable_by(order);
    found
}

/// Reciprocal rank fusion: scores of the two ways are not comparable, ranks are.
fn fuse(by_words: &[(usize, f32)], by_vectors: &[(usize, f32)], trust: f32) -> Vec<usize> {
    let mut scores: std::collections::HashMap<usize, f32> = std::collections::HashMap::new();
    for (list, weight) in [(by_words, 1.0), (by_vectors, trust)] {
        for (rank, (at, _)) in list.iter().enumerate() {
            *scores.entry(*at).or_default() += weight / (DAMPING + rank as f32 + 1.0);
        }
    }
    let fused = ranked(scores.into_iter());
    fused.into_iter().map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(vectors: &Vectors) -> Shelf<&'static str> {
        let items = vec!["hail on the roof", "stolen car", "water in the kitchen", "hail on the car"];
        Shelf::new(items, vectors, |text| (*text).to_owned(), |_| String::new())
    }

    fn found<'a>(
        shelf: &'a Shelf<&'static str>,
        vectors: &Vectors,
        text: &str,
        vector: Option<&[f32]>,
    ) -> (Vec<&'a str>, bool) {
        let query = Query { text, vector, limit: 3, min_similarity: -1.0, fill: false, trust: 1.0 };
        let (hits, by_vectors) = shelf.search(vectors, &query, |_| true);
        (hits.iter().map(|hit| *hit.item).collect(), by_vectors)
    }

    #[test]
    fn words_alone_until_every_vector_is_there() {
        let vectors = Vectors::open("m", None);
        let shelf = shelf(&vectors);
        let expected = (vec!["hail on the car", "hail on the roof", "stolen car"], false);
        assert_eq!(found(&shelf, &vectors, "hail car", None), expected);
        let missing = shelf.missing(&vectors);
        assert_eq!(missing.len(), 4);
        vectors.insert(vec![(missing[0].0, vec![1.0, 0.0])]).expect("of one size");
        assert_eq!(found(&shelf, &vectors, "hail car", Some(&[1.0, 0.0])), expected);
        let rest = missing[1..].iter().map(|(key, _)| (*key, vec![0.0, 1.0])).collect();
        vectors.insert(rest).expect("of one size");
        assert!(shelf.missing(&vectors).is_empty());
        let (hits, by_vectors) = found(&shelf, &vectors, "hail", Some(&[1.0, 0.0]));
        assert!(by_vectors);
        assert_eq!(hits[0], "hail on the roof", "first by words and by vectors");
    }

    #[test]
    fn the_filter_works_inside_the_search() {
        let vectors = Vectors::open("m", None);
        let shelf = shelf(&vectors);
        let query = Query { text: "hail car", vector: None, limit: 1, min_similarity: 0.9, fill: false, trust: 1.0 };
        let (hits, _) = shelf.search(&vectors, &query, |text| text.contains("stolen"));
        assert_eq!(hits.iter().map(|hit| *hit.item).collect::<Vec<_>>(), ["stolen car"]);
        assert!(shelf.search(&vectors, &query, |_| false).0.is_empty());
    }

    #[test]
    fn a_minimum_similarity_is_a_cosine() {
        let vectors = Vectors::open("m", None);
        let shelf = shelf(&vectors);
        let all = shelf.missing(&vectors);
        let rows = all.iter().enumerate().map(|(at, (key, _))| (*key, vec![1.0, at as f32])).collect();
        vectors.insert(rows).expect("of one size");
        let query =
            Query { text: "x", vector: Some(&[1.0, 0.0]), limit: 9, min_similarity: 0.6, fill: false, trust: 1.0 };
        assert_eq!(shelf.search(&vectors, &query, |_| true).0.len(), 2);
    }

    #[test]
    fn a_list_may_be_filled_with_what_shares_no_word() {
        let vectors = Vectors::open("m", None);
        let shelf = shelf(&vectors);
        let query = Query { text: "kitchen", vector: None, limit: 3, min_similarity: 0.0, fill: true, trust: 1.0 };
        let (hits, _) = shelf.search(&vectors, &query, |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert_eq!(found, ["water in the kitchen", "hail on the roof", "stolen car"]);
        assert_eq!(hits[1].similarity, 0.0);
    }

    #[test]
    fn without_trust_vectors_only_order_what_words_do_not_find() {
        let vectors = Vectors::open("m", None);
        let shelf = shelf(&vectors);
        let missing = shelf.missing(&vectors);
        let rows = missing.iter().enumerate().map(|(at, (key, _))| (*key, vec![1.0, at as f32])).collect();
        vectors.insert(rows).expect("of one size");
        let query = Query {
            text: "kitchen",
            vector: Some(&[1.0, 0.0]),
            limit: 3,
            min_similarity: -1.0,
            fill: false,
            trust: WORDS_FIRST,
        };
        let (hits, by_vectors) = shelf.search(&vectors, &query, |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert!(by_vectors);
        assert_eq!(found, ["water in the kitchen", "hail on the roof", "stolen car"]);
    }
}
