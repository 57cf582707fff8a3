//! Texts that can be searched by words and by vectors.

use std::sync::{Arc, OnceLock};

use crate::bm25::Bm25;
use crate::vectors::{Key, MAX_GENERATIONS, Vectors};
use crate::words::{self, Language};

/// Ranks of this depth are fused; what lies deeper in both lists does not matter.
const DEPTH: usize = 100;
/// Damps the first ranks, so that being found by both ways beats being first in one.
const DAMPING: f32 = 60.0;
/// Trust so small that the first rank by vectors counts less than the last by words.
const WORDS_FIRST: f32 = 0.001;

/// Items with the text each is found by. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shelf<T> {
    pub(crate) items: Arc<Vec<T>>,
    texts: Arc<Vec<String>>,
    languages: Arc<Vec<Language>>,
    words: Arc<Bm25>,
    keys: Arc<Vec<Key>>,
    /// Where each vector of each generation is; set once all are there.
    rows: Arc<[OnceLock<Vec<u32>>; MAX_GENERATIONS]>,
}

impl<T> std::fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("items", &self.items.len()).finish_non_exhaustive()
    }
}

/// What is looked for.
pub(crate) struct Query<'a> {
    pub text: &'a str,
    /// The text as each model sees it. Without any words alone decide.
    pub seen: &'a [Seen<'a>],
    pub limit: usize,
    /// Items less similar are left out, when there are vectors to tell.
    pub min_similarity: f32,
    /// Whether items that share no word with the query fill the list, in their own order, when there are no vectors.
    pub fill: bool,
}

/// A query as one model sees it.
pub(crate) struct Seen<'a> {
    pub vectors: &'a Vectors,
    /// Of unit length.
    pub vector: &'a [f32],
    /// Whether it knows the query's language.
    pub understood: bool,
    /// Languages it knows: among passages in another one its ranks mean nothing.
    pub knows: &'a [Language],
}

impl Seen<'_> {
    fn trusted(&self, passage: Language) -> bool {
        self.understood && (passage == Language::Unknown || self.knows.contains(&passage))
    }
}

#[derive(Debug)]
pub(crate) struct Hit<'a, T> {
    pub item: &'a T,
    /// Cosine by the first model (`-1.0..=1.0`), else relevance of words (`0.0..=1.0`).
    pub similarity: f32,
}

impl<T> Shelf<T> {
    /// `text_of` gives the text an item is found by, free of personal data; `more` gives words that are not in it but
    /// should find it too.
    pub(crate) fn new(items: Vec<T>, text_of: impl Fn(&T) -> String, more: impl Fn(&T) -> String) -> Self {
        let texts: Vec<String> = items.iter().map(text_of).collect();
        let keys = texts.iter().map(|text| Key::of(text)).collect();
        let languages = texts.iter().map(|text| words::language(text)).collect();
        let all_words = items.iter().zip(&texts).map(|(item, text)| format!("{text} {}", more(item)));
        let words = Bm25::new(all_words.map(|text| words::terms(&text)));
        Self {
            items: Arc::new(items),
            texts: Arc::new(texts),
            languages: Arc::new(languages),
            words: Arc::new(words),
            keys: Arc::new(keys),
            rows: Arc::default(),
        }
    }

    /// Every text, under the key of its vector.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (Key, &String)> {
        self.keys.iter().copied().zip(self.texts.iter())
    }

    /// The items that pass `keep`, best first. The flag says whether vectors had a part in it: those of a model have
    /// once every item has one.
    pub(crate) fn search(&self, query: &Query<'_>, keep: impl Fn(&T) -> bool) -> (Vec<Hit<'_, T>>, bool) {
        let kept: Vec<usize> = (0..self.items.len()).filter(|at| keep(&self.items[*at])).collect();
        let words = self.words.scores(&words::terms(query.text));
        let by_words = ranked(kept.iter().map(|at| (*at, words[*at])).filter(|found| found.1 > 0.0));
        let seen: Vec<(Vec<f32>, &Seen<'_>)> = query
            .seen
            .iter()
            .filter_map(|seen| Some((self.cosines(seen.vectors, seen.vector, &kept)?, seen)))
            .collect();
        let Some((cosines, _)) = seen.first() else {
            let others = kept.iter().filter(|at| query.fill && words[**at] == 0.0).map(|at| (*at, 0.0));
            let hits = by_words.into_iter().chain(others).take(query.limit);
            return (hits.map(|(at, similarity)| Hit { item: &self.items[at], similarity }).collect(), false);
        };
        let by_vectors = seen.iter().map(|(cosines, model)| {
            (ranked(kept.iter().copied().zip(cosines.iter().copied())), |at: usize| {
                // Models that know a passage's language share the say that one would have.
                let passage = self.languages[at];
                let sharing = seen.iter().filter(|(_, other)| other.trusted(passage)).count().max(1);
                if model.trusted(passage) { 1.0 / sharing as f32 } else { WORDS_FIRST }
            })
        });
        let cosine = |at: usize| kept.binary_search(&at).map_or(0.0, |place| cosines[place]);
        let fused = fuse(&by_words, by_vectors);
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
        let known = &self.rows[vectors.slot()];
        if known.get().is_none()
            && let Some(rows) = vectors.rows(&self.keys)
        {
            return Some(known.get_or_init(|| rows));
        }
        known.get()
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

/// Reciprocal rank fusion: scores of different ways are not comparable, ranks are. A rank by words counts as far as the
/// query's words are really there: most items share none with a paraphrase, and one common word must not put an item
/// before all of those.
fn fuse<W: Fn(usize) -> f32>(
    by_words: &[(usize, f32)],
    by_vectors: impl Iterator<Item = (Vec<(usize, f32)>, W)>,
) -> Vec<usize> {
    let mut scores: std::collections::HashMap<usize, f32> = std::collections::HashMap::new();
    let share = |rank: usize| 1.0 / (DAMPING + rank as f32 + 1.0);
    for (rank, (at, relevance)) in by_words.iter().enumerate() {
        *scores.entry(*at).or_default() += relevance * relevance * share(rank);
    }
    for (list, trust) in by_vectors {
        for (rank, (at, _)) in list.iter().enumerate() {
            *scores.entry(*at).or_default() += trust(*at) * share(rank);
        }
    }
    let fused = ranked(scores.into_iter());
    fused.into_iter().map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> Shelf<&'static str> {
        let items = vec!["hail on the roof", "stolen car", "water in the kitchen", "hail on the car"];
        Shelf::new(items, |text| (*text).to_owned(), |_| String::new())
    }

    fn missing(shelf: &Shelf<&'static str>, vectors: &Vectors) -> Vec<Key> {
        shelf.texts().map(|(key, _)| key).filter(|key| vectors.row(key).is_none()).collect()
    }

    fn seen<'a>(vectors: &'a Vectors, vector: &'a [f32]) -> Seen<'a> {
        Seen { vectors, vector, understood: true, knows: &[Language::English] }
    }

    fn asked<'a>(text: &'a str, limit: usize, seen: &'a [Seen<'a>]) -> Query<'a> {
        Query { text, seen, limit, min_similarity: -1.0, fill: false }
    }

    fn found<'a>(
        shelf: &'a Shelf<&'static str>,
        vectors: &Vectors,
        text: &str,
        vector: Option<&[f32]>,
    ) -> (Vec<&'a str>, bool) {
        let seen: Vec<Seen<'_>> = vector.map(|vector| seen(vectors, vector)).into_iter().collect();
        let (hits, by_vectors) = shelf.search(&asked(text, 3, &seen), |_| true);
        (hits.iter().map(|hit| *hit.item).collect(), by_vectors)
    }

    #[test]
    fn words_alone_until_every_vector_is_there() {
        let vectors = Vectors::open("m", None, 0);
        let shelf = shelf();
        let expected = (vec!["hail on the car", "hail on the roof", "stolen car"], false);
        assert_eq!(found(&shelf, &vectors, "hail car", None), expected);
        let missing = missing(&shelf, &vectors);
        assert_eq!(missing.len(), 4);
        vectors.insert(vec![(missing[0], vec![1.0, 0.0])]).expect("of one size");
        assert_eq!(found(&shelf, &vectors, "hail car", Some(&[1.0, 0.0])), expected);
        let rest = missing[1..].iter().map(|key| (*key, vec![0.0, 1.0])).collect();
        vectors.insert(rest).expect("of one size");
        assert!(shelf.complete(&vectors));
        let (hits, by_vectors) = found(&shelf, &vectors, "hail", Some(&[1.0, 0.0]));
        assert!(by_vectors);
        assert_eq!(hits[0], "hail on the roof", "first by words and by vectors");
    }

    #[test]
    fn the_filter_works_inside_the_search() {
        let shelf = shelf();
        let query = Query { min_similarity: 0.9, ..asked("hail car", 1, &[]) };
        let (hits, _) = shelf.search(&query, |text| text.contains("stolen"));
        assert_eq!(hits.iter().map(|hit| *hit.item).collect::<Vec<_>>(), ["stolen car"]);
        assert!(shelf.search(&query, |_| false).0.is_empty());
    }

    #[test]
    fn a_minimum_similarity_is_a_cosine() {
        let vectors = Vectors::open("m", None, 0);
        let shelf = shelf();
        let all = missing(&shelf, &vectors);
        let rows = all.iter().enumerate().map(|(at, key)| (*key, vec![1.0, at as f32])).collect();
        vectors.insert(rows).expect("of one size");
        let seen = [seen(&vectors, &[1.0, 0.0])];
        let query = Query { min_similarity: 0.6, ..asked("x", 9, &seen) };
        assert_eq!(shelf.search(&query, |_| true).0.len(), 2);
    }

    #[test]
    fn a_list_may_be_filled_with_what_shares_no_word() {
        let shelf = shelf();
        let query = Query { fill: true, ..asked("kitchen", 3, &[]) };
        let (hits, _) = shelf.search(&query, |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert_eq!(found, ["water in the kitchen", "hail on the roof", "stolen car"]);
        assert_eq!(hits[1].similarity, 0.0);
    }

    #[test]
    fn without_trust_vectors_only_order_what_words_do_not_find() {
        let vectors = Vectors::open("m", None, 0);
        let shelf = shelf();
        let missing = missing(&shelf, &vectors);
        let rows = missing.iter().enumerate().map(|(at, key)| (*key, vec![1.0, at as f32])).collect();
        vectors.insert(rows).expect("of one size");
        let seen = [Seen { understood: false, ..seen(&vectors, &[1.0, 0.0]) }];
        let query = asked("kitchen", 3, &seen);
        let (hits, by_vectors) = shelf.search(&query, |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert!(by_vectors);
        assert_eq!(found, ["water in the kitchen", "hail on the roof", "stolen car"]);
    }

    #[test]
    fn two_models_share_the_say_of_one_and_one_that_is_not_complete_has_none() {
        let (first, second) = (Vectors::open("m", None, 0), Vectors::open("n", None, 1));
        let shelf = shelf();
        let keys = missing(&shelf, &first);
        let rows = |best: usize| {
            keys.iter().enumerate().map(|(at, key)| (*key, vec![1.0, f32::from(u8::from(at != best))])).collect()
        };
        first.insert(rows(1)).expect("of one size");
        let seen = [seen(&first, &[1.0, 0.0]), seen(&second, &[1.0, 0.0])];
        let (hits, _) = shelf.search(&asked("x", 1, &seen), |_| true);
        assert_eq!(*hits[0].item, "stolen car");
        second.insert(rows(1)).expect("of one size");
        let (hits, by_vectors) = shelf.search(&asked("kitchen", 2, &seen), |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert!(by_vectors);
        assert_eq!(found, ["water in the kitchen", "stolen car"]);
    }

    #[test]
    fn a_model_has_no_say_about_passages_in_a_language_it_does_not_know() {
        let vectors = Vectors::open("m", None, 0);
        let items = vec!["the hail on the roof", "la grêle sur le toit", "the car of the neighbour"];
        let shelf = Shelf::new(items, |text| (*text).to_owned(), |_| String::new());
        let rows = missing(&shelf, &vectors).into_iter().zip([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]);
        vectors.insert(rows.map(|(key, row)| (key, row.to_vec())).collect()).expect("of one size");
        let seen = [seen(&vectors, &[1.0, 0.0])];
        let (hits, _) = shelf.search(&asked("kitchen", 3, &seen), |_| true);
        let found: Vec<&str> = hits.iter().map(|hit| *hit.item).collect();
        assert_eq!(found, ["the hail on the roof", "the car of the neighbour", "la grêle sur le toit"]);
    }
}
