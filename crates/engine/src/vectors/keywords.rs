//! BM25 over the words of chunks, in their stems: English and French, accents folded.
//!
//! Nobody says which language a chunk is in, so a word stands under the stems of both; a question's word counts once,
//! by whichever of its stems weighs most.

use std::collections::{HashMap, HashSet};

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const K1: f32 = 1.2;
const B: f32 = 0.75;

pub struct Keywords {
    english: Stemmer,
    french: Stemmer,
    /// Terms of each word met in a chunk.
    words: HashMap<String, Vec<u32>>,
    terms: HashMap<String, u32>,
    /// By term: the rows that hold it, with how often.
    postings: Vec<Vec<(u32, u32)>>,
    /// By row, in words.
    lengths: Vec<u32>,
    rows: usize,
    total: u64,
}

impl Default for Keywords {
    fn default() -> Self {
        Self {
            english: Stemmer::create(Algorithm::English),
            french: Stemmer::create(Algorithm::French),
            words: HashMap::new(),
            terms: HashMap::new(),
            postings: Vec::new(),
            lengths: Vec::new(),
            rows: 0,
            total: 0,
        }
    }
}

impl Keywords {
    /// Adds a row that is not there.
    pub fn add(&mut self, row: u32, text: &str) {
        let mut counts: HashMap<u32, u32> = HashMap::new();
        let mut length = 0;
        for word in words(text) {
            for term in self.terms_of(word) {
                *counts.entry(*term).or_default() += 1;
            }
            length += 1;
        }
        for (term, count) in counts {
            if let Some(rows) = self.postings.get_mut(term as usize) {
                rows.push((row, count));
            }
        }
        let at = row as usize;
        if self.lengths.len() <= at {
            self.lengths.resize(at + 1, 0);
        }
        self.lengths[at] = length;
        self.rows += 1;
        self.total += u64::from(length);
    }

    /// Takes rows away, with the texts they were added with; together, since each term's rows are gone through once.
    pub fn remove(&mut self, gone: &[(u32, String)]) {
        let rows: HashSet<u32> = gone.iter().map(|(row, _)| *row).collect();
        let mut touched: HashSet<u32> = HashSet::new();
        for (row, text) in gone {
            for word in words(text) {
                touched.extend(self.words.get(&word).into_iter().flatten());
            }
            self.total -= u64::from(std::mem::take(&mut self.lengths[*row as usize]));
        }
        for term in touched {
            if let Some(holding) = self.postings.get_mut(term as usize) {
                holding.retain(|(row, _)| !rows.contains(row));
            }
        }
        self.rows -= rows.len();
    }

    /// Score of each row that holds a word of `query`.
    pub fn scores(&self, query: &str) -> HashMap<u32, f32> {
        let average = (self.total as f32 / (self.rows as f32).max(1.0)).max(1.0);
        let mut asked: Vec<Vec<u32>> = words(query).map(|word| self.terms_met(&word)).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut scores: HashMap<u32, f32> = HashMap::new();
        for terms in asked {
            let mut of_word: HashMap<u32, f32> = HashMap::new();
            for holding in terms.iter().filter_map(|term| self.postings.get(*term as usize)) {
                let with = holding.len() as f32;
                let rarity = (1.0 + (self.rows as f32 - with + 0.5) / (with + 0.5)).ln();
                for &(row, count) in holding {
                    let length = self.lengths.get(row as usize).copied().unwrap_or_default() as f32;
                    let count = count as f32;
                    let weight = rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / average));
                    let best = of_word.entry(row).or_default();
                    *best = best.max(weight);
                }
            }
            for (row, weight) in of_word {
                *scores.entry(row).or_default() += weight;
            }
        }
        scores
    }

    fn terms_of(&mut self, word: String) -> &[u32] {
        if !self.words.contains_key(&word) {
            let mut terms = Vec::with_capacity(2);
            for stem in self.stems(&word) {
                let next = self.terms.len() as u32;
                let term = *self.terms.entry(stem).or_insert(next);
                if term == next {
                    self.postings.push(Vec::new());
                }
                terms.push(term);
            }
            self.words.insert(word.clone(), terms);
        }
        self.words.get(&word).map(Vec::as_slice).unwrap_or_default()
    }

    fn terms_met(&self, word: &str) -> Vec<u32> {
        self.stems(word).iter().filter_map(|stem| self.terms.get(stem).copied()).collect()
    }

    /// A French word loses its ending with its accents on, and once more without, as hurried people write it.
    fn stems(&self, word: &str) -> Vec<String> {
        let plain = folded(word);
        let mut stems = vec![
            self.english.stem(&plain).into_owned(),
            folded(&self.french.stem(word)),
            self.french.stem(&plain).into_owned(),
        ];
        stems.sort_unstable();
        stems.dedup();
        stems
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().nfc().collect())
}

fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let bare = word.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>();
    bare.replace('œ', "oe").replace('æ', "ae").replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], query: &str) -> Vec<u32> {
        let mut keywords = Keywords::default();
        for (text, row) in texts.iter().zip(0..) {
            keywords.add(row, text);
        }
        let mut rows: Vec<u32> = keywords.scores(query).into_keys().collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn words_meet_in_their_stems_with_and_without_accents() {
        let texts = ["Les dégâts des eaux sont couverts.", "Burst pipes flooded the kitchens", "Le cœur du toit"];
        for (query, expected) in [
            ("degat", vec![0]),
            ("DÉGÂT DE L’EAU", vec![0]),
            ("de\u{301}ga\u{302}ts", vec![0]),
            ("pipe", vec![1]),
            ("flooding kitchen", vec![1]),
            ("coeur", vec![2]),
            ("theft", vec![]),
        ] {
            assert_eq!(found(&texts, query), expected, "{query}");
        }
        assert_eq!(found(&["indemnité versée", "indemnités verser"], "indemnite verse"), [0, 1]);
    }

    #[test]
    fn what_is_taken_away_leaves_no_trace() {
        let (mut kept, mut fresh) = (Keywords::default(), Keywords::default());
        for (row, text) in [(0, "glass door"), (1, "door broken door"), (2, "roof")] {
            kept.add(row, text);
        }
        kept.remove(&[(0, "glass door".into()), (2, "roof".into())]);
        kept.add(2, "door of glass");
        fresh.add(1, "door broken door");
        fresh.add(2, "door of glass");
        for query in ["door", "glass roof", "broken glass"] {
            assert_eq!(kept.scores(query), fresh.scores(query), "{query}");
        }
    }
}
