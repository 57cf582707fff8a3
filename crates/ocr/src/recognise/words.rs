//! Words of a line with their places, from where the network saw each letter.

use super::decode::Letter;
use crate::detail::Word;
use crate::page::Area;

/// Splits the letters of a line at spaces; each word reaches half way to its neighbours' letters.
pub fn of(letters: &[Letter], line: &Area) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = 0;
    for end in 0..=letters.len() {
        if letters.get(end).is_some_and(|letter| letter.character != ' ') {
            continue;
        }
        if end > start {
            words.push(word(letters, start, end, line));
        }
        start = end + 1;
    }
    words
}

fn word(letters: &[Letter], start: usize, end: usize, line: &Area) -> Word {
    let inside = &letters[start..end];
    let (first, last) = (inside[0].place, inside[inside.len() - 1].place);
    // Half a letter on either side, and never past the middle of the space.
    let half = if inside.len() > 1 { (last - first) / (inside.len() - 1) as f32 / 2.0 } else { line_letter(line) };
    let before = if start == 0 { 0.0 } else { letters[start - 1].place };
    let after = letters.get(end).map_or(1.0, |space| space.place);
    let left = if start == 0 { 0.0 } else { (first - half).max(before.min(first)) };
    let right = if end == letters.len() { 1.0 } else { (last + half).min(after.max(last)) };
    let x = |place: f32| line.x0 + place * line.width();
    Word {
        text: inside.iter().map(|letter| letter.character).collect(),
        area: Area::new(x(left), line.y0, x(right), line.y1),
        confidence: inside.iter().map(|letter| letter.certainty).sum::<f32>() / inside.len() as f32,
    }
}

/// Half the width of a letter as a share of its line, from the height of the line.
fn line_letter(line: &Area) -> f32 {
    (line.height() * 0.25 / line.width().max(1.0)).min(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_their_letters_were_seen() {
        let letters: Vec<Letter> = "to be"
            .chars()
            .enumerate()
            .map(|(n, character)| Letter { character, certainty: 0.9, place: 0.1 + 0.2 * n as f32 })
            .collect();
        let words = of(&letters, &Area::new(100.0, 10.0, 200.0, 30.0));
        let got: Vec<(&str, f32, f32)> =
            words.iter().map(|word| (word.text.as_str(), word.area.x0.round(), word.area.x1.round())).collect();
        assert_eq!(got, [("to", 100.0, 140.0), ("be", 160.0, 200.0)]);
        assert!(of(&[], &Area::default()).is_empty());
    }
}
