//! Reads straightened lines: batches of like width, then the best character of each step.

use image::RgbImage;

use super::net::{Net, append};
use crate::error::OcrError;

/// Lines read together.
const BATCH: usize = 8;

/// The characters of the recogniser; of its 18,710 classes only those that
/// French and English print are candidates, so no look-alike of another script is read.
pub struct Alphabet {
    /// Class number and character; class 0 is the blank of CTC.
    candidates: Vec<(usize, char)>,
}

impl Alphabet {
    /// From the model's list, one character a line. The space follows the list.
    pub fn new(list: &str) -> Self {
        let lines: Vec<&str> = list.trim_end_matches('\n').split('\n').map(|l| l.trim_end_matches('\r')).collect();
        let mut candidates: Vec<(usize, char)> = lines
            .iter()
            .enumerate()
            .filter_map(|(n, line)| {
                let mut characters = line.chars();
                let character = characters.next()?;
                (characters.next().is_none() && printed(character)).then_some((n + 1, character))
            })
            .collect();
        candidates.push((lines.len() + 1, ' '));
        Self { candidates }
    }

    fn best(&self, step: &[f32]) -> Option<(char, usize, f32)> {
        let mut best = (None, 0, step[0]);
        for &(class, character) in &self.candidates {
            if let Some(&value) = step.get(class)
                && value > best.2
            {
                best = (Some(character), class, value);
            }
        }
        best.0.map(|character| (character, best.1, best.2))
    }
}

fn printed(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a1}'..='\u{17f}') || "€–—‘’“”•…‰™№œŒŸ√×÷≤≥≠±°²³¹½¼¾→☐☑☒✓✔✗✘".contains(character)
}

/// Reads lines; each gives its text and mean certainty, in the order of `crops`.
pub fn read(net: &Net, alphabet: &Alphabet, crops: &[RgbImage]) -> Result<Vec<(String, f32)>, OcrError> {
    let mut order: Vec<usize> = (0..crops.len()).collect();
    order.sort_by_key(|&n| crops[n].width());
    let mut read = vec![(String::new(), 0.0); crops.len()];
    let mut start = 0;
    while start < order.len() {
        let narrowest = crops[order[start]].width();
        let mut end = start + 1;
        while end < order.len() && end - start < BATCH && crops[order[end]].width() * 100 <= narrowest * 112 {
            end += 1;
        }
        let batch = &order[start..end];
        let width = crops[order[end - 1]].width().max(64).div_ceil(32) * 32;
        let mut values = Vec::with_capacity(batch.len() * 3 * 48 * width as usize);
        for &n in batch {
            append(&crops[n], width, &mut values);
        }
        let (shape, probabilities) = net.run([batch.len(), 3, 48, width as usize], values)?;
        let [_, steps, classes] = shape[..] else {
            return Err(OcrError::Inference("the recogniser gave a result of another shape".to_owned()));
        };
        for (&n, lines) in batch.iter().zip(probabilities.chunks_exact(steps * classes)) {
            read[n] = collapse(alphabet, lines, classes);
        }
        start = end;
    }
    Ok(read)
}

/// CTC: repeated characters count once, blanks separate.
fn collapse(alphabet: &Alphabet, steps: &[f32], classes: usize) -> (String, f32) {
    let (mut text, mut last, mut sum, mut count) = (String::new(), 0, 0.0, 0.0);
    for step in steps.chunks_exact(classes) {
        let Some((character, class, value)) = alphabet.best(step) else {
            last = 0;
            continue;
        };
        if class != last {
            text.push(character);
            sum += value;
            count += 1.0;
        }
        last = class;
    }
    let confidence = if count > 0.0 { sum / count } else { 0.0 };
    (text.trim().to_owned(), confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printed_characters_are_candidates_and_repeats_collapse() {
        let alphabet = Alphabet::new("a\n日\nb\n");
        // Classes: 0 blank, 1 a, 2 日, 3 b, 4 space.
        let steps = [
            [0.1, 0.7, 0.1, 0.0, 0.1],
            [0.1, 0.6, 0.2, 0.0, 0.1],
            [0.8, 0.1, 0.0, 0.0, 0.1],
            [0.1, 0.0, 0.5, 0.4, 0.0],
        ];
        let (text, confidence) = collapse(&alphabet, &steps.concat(), 5);
        assert_eq!(text, "ab");
        assert!((confidence - 0.55).abs() < 1e-6);
    }
}
