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
    /// Classes that the network has.
    classes: usize,
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
        Self { candidates, classes: lines.len() + 2 }
    }

    /// The classes of the network now, and those worth keeping: the blank and the candidates.
    pub fn kept(&self) -> (usize, Vec<usize>) {
        let kept = std::iter::once(0).chain(self.candidates.iter().map(|(class, _)| *class)).collect();
        (self.classes, kept)
    }

    /// For a network that has only the classes of [`Alphabet::kept`].
    pub fn compact(mut self) -> Self {
        for (n, (class, _)) in self.candidates.iter_mut().enumerate() {
            *class = n + 1;
        }
        self.classes = self.candidates.len() + 1;
        self
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

/// A character, how certain, and where: 0 to 1 along the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letter {
    pub character: char,
    pub certainty: f32,
    pub place: f32,
}

/// What was read of one line, without spaces at its ends.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    pub letters: Vec<Letter>,
}

impl Decoded {
    pub fn text(&self) -> String {
        self.letters.iter().map(|letter| letter.character).collect()
    }

    /// Mean certainty; 0 without letters.
    pub fn confidence(&self) -> f32 {
        let sum: f32 = self.letters.iter().map(|letter| letter.certainty).sum();
        sum / self.letters.len().max(1) as f32
    }

    /// Certainty of the least certain letter, spaces aside; 0 without letters.
    pub fn least(&self) -> f32 {
        let seen = self.letters.iter().filter(|letter| letter.character != ' ');
        let least = seen.map(|letter| letter.certainty).fold(f32::MAX, f32::min);
        if least == f32::MAX { 0.0 } else { least }
    }
}

/// Reads lines, in the order of `crops`.
pub fn read(net: &Net, alphabet: &Alphabet, crops: &[RgbImage]) -> Result<Vec<Decoded>, OcrError> {
    let mut order: Vec<usize> = (0..crops.len()).collect();
    order.sort_by_key(|&n| crops[n].width());
    let mut read = vec![Decoded::default(); crops.len()];
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
            let share = width as f32 / crops[n].width() as f32;
            read[n] = collapse(alphabet, lines, classes, share);
        }
        start = end;
    }
    Ok(read)
}

/// CTC: repeated characters count once, blanks separate. `share`: how much longer the steps reach than the line.
fn collapse(alphabet: &Alphabet, steps: &[f32], classes: usize, share: f32) -> Decoded {
    let count = (steps.len() / classes) as f32;
    let (mut letters, mut last): (Vec<Letter>, usize) = (Vec::new(), 0);
    let mut run = 0.0;
    for (n, step) in steps.chunks_exact(classes).enumerate() {
        let Some((character, class, value)) = alphabet.best(step) else {
            last = 0;
            continue;
        };
        let place = ((n as f32 + 0.5) / count * share).min(1.0);
        match letters.last_mut() {
            Some(letter) if class == last => {
                // The middle of the steps that say the same.
                run += 1.0;
                letter.place += (place - letter.place) / run;
            }
            _ => {
                letters.push(Letter { character, certainty: value, place });
                run = 1.0;
            }
        }
        last = class;
    }
    let inked = |letter: &Letter| letter.character != ' ';
    let start = letters.iter().position(inked).unwrap_or(letters.len());
    let end = letters.iter().rposition(inked).map_or(start, |end| end + 1);
    Decoded { letters: letters[start..end].to_vec() }
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
        let read = collapse(&alphabet, &steps.concat(), 5, 1.0);
        assert_eq!(read.text(), "ab");
        assert!((read.confidence() - 0.55).abs() < 1e-6);
        assert!((read.least() - 0.4).abs() < 1e-6);
        assert!((read.letters[0].place - 0.25).abs() < 1e-6 && (read.letters[1].place - 0.875).abs() < 1e-6);
    }

    #[test]
    fn a_cut_network_has_the_kept_classes_in_order() {
        let alphabet = Alphabet::new("a\n日\nb\n");
        assert_eq!(alphabet.kept(), (5, vec![0, 1, 3, 4]));
        let compact = alphabet.compact();
        assert_eq!(compact.kept(), (4, vec![0, 1, 2, 3]));
        assert_eq!(collapse(&compact, &[0.1, 0.1, 0.7, 0.1], 4, 1.0).text(), "b");
    }
}
