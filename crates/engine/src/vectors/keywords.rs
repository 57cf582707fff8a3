//! BM25 over the words of chunks.

use std::collections::HashMap;

const K1: f32 = 1.2;
const B: f32 = 0.75;

#[derive(Default)]
pub struct Keywords {
    /// Rows that hold a word, with how often.
    postings: HashMap<String, Vec<(u32, u32)>>,
    lengths: Vec<u32>,
    total: u64,
}

impl Keywords {
    /// Adds the next row.
    pub fn push(&mut self, text: &str) {
        let row = self.lengths.len() as u32;
        let mut counts: HashMap<String, u32> = HashMap::new();
        let mut length = 0;
        for word in words(text) {
            *counts.entry(word).or_default() += 1;
            length += 1;
        }
        for (word, count) in counts {
            self.postings.entry(word).or_default().push((row, count));
        }
        self.lengths.push(length);
        self.total += u64::from(length);
    }

    /// Score of each row that holds a word of `query`.
    pub fn scores(&self, query: &str) -> HashMap<u32, f32> {
        let rows = self.lengths.len() as f32;
        let average = (self.total as f32 / rows.max(1.0)).max(1.0);
        let mut asked: Vec<String> = words(query).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut scores: HashMap<u32, f32> = HashMap::new();
        for word in asked {
            let Some(rows_with) = self.postings.get(&word) else { continue };
            let holding = rows_with.len() as f32;
            let rarity = (1.0 + (rows - holding + 0.5) / (holding + 0.5)).ln();
            for &(row, count) in rows_with {
                let length = self.lengths.get(row as usize).copied().unwrap_or_default() as f32;
                let count = count as f32;
                let weight = count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / average));
                *scores.entry(row).or_default() += rarity * weight;
            }
        }
        scores
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}
