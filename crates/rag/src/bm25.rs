//! Keyword relevance over folded words.

use std::collections::HashMap;

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Which document has which word how often. Built once, never changed.
#[derive(Debug, Default)]
pub(crate) struct Bm25 {
    postings: HashMap<String, Vec<Posting>>,
    lengths: Vec<f32>,
    average: f32,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    document: u32,
    count: f32,
}

impl Bm25 {
    pub(crate) fn new(documents: impl Iterator<Item = Vec<String>>) -> Self {
        let mut postings: HashMap<String, Vec<Posting>> = HashMap::new();
        let mut lengths = Vec::new();
        for (document, terms) in (0_u32..).zip(documents) {
            lengths.push(terms.len() as f32);
            for term in terms {
                let found = postings.entry(term).or_default();
                match found.last_mut().filter(|last| last.document == document) {
                    Some(last) => last.count += 1.0,
                    None => found.push(Posting { document, count: 1.0 }),
                }
            }
        }
        let average = lengths.iter().sum::<f32>() / lengths.len().max(1) as f32;
        Self { postings, lengths, average: average.max(1.0) }
    }

    /// A score for every document, `0.0..=1.0`: 1 would be a document made of the query's words only.
    pub(crate) fn scores(&self, query: &[String]) -> Vec<f32> {
        let mut scores = vec![0.0; self.lengths.len()];
        let mut best = 0.0;
        let mut terms: Vec<&String> = query.iter().collect();
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            let found = self.postings.get(term).map_or(&[][..], Vec::as_slice);
            let weight = self.rarity(found.len());
            best += weight * (K1 + 1.0);
            for posting in found {
                let length = self.lengths[posting.document as usize] / self.average;
                let saturation = posting.count * (K1 + 1.0) / (posting.count + K1 * (1.0 - B + B * length));
                scores[posting.document as usize] += weight * saturation;
            }
        }
        if best > 0.0 {
            scores.iter_mut().for_each(|score| *score /= best);
        }
        scores
    }

    fn rarity(&self, documents: usize) -> f32 {
        let (all, with) = (self.lengths.len() as f32, documents as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::terms;

    #[test]
    fn rare_words_count_more_and_scores_stay_below_one() {
        let texts = ["the car burned", "the car was stolen", "a pipe burst in the kitchen", "hail on the car"];
        let index = Bm25::new(texts.iter().map(|text| terms(text)));
        let scores = index.scores(&terms("stolen car"));
        let best = scores.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map(|found| found.0);
        assert_eq!(best, Some(1));
        assert_eq!(scores[2], 0.0);
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{scores:?}");
    }

    #[test]
    fn nothing_in_gives_nothing_out() {
        assert!(Bm25::new(std::iter::empty()).scores(&terms("car")).is_empty());
        assert_eq!(Bm25::new([terms("car")].into_iter()).scores(&[]), [0.0]);
    }
}
