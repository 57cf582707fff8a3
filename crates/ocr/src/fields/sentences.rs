//! Running text cut into sentences.

use crate::page::PageText;

/// Cuts a text after `.`, `!`, `?` and `;` that end a word, and at empty lines.
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut open = String::new();
    let characters: Vec<char> = text.chars().collect();
    for (n, &character) in characters.iter().enumerate() {
        let next = characters.get(n + 1);
        let ends = match character {
            '!' | '?' => true,
            '.' | ';' => next.is_none_or(|c| c.is_whitespace()) && !abbreviated(&open),
            '\n' => next == Some(&'\n'),
            _ => false,
        };
        open.push(if character == '\n' { ' ' } else { character });
        if ends {
            keep(&mut sentences, &mut open);
        }
    }
    keep(&mut sentences, &mut open);
    sentences
}

fn keep(sentences: &mut Vec<String>, open: &mut String) {
    let sentence = open.split_whitespace().collect::<Vec<_>>().join(" ");
    if sentence.chars().any(char::is_alphanumeric) {
        sentences.push(sentence);
    }
    open.clear();
}

/// "Dr.", "No." and initials do not end a sentence.
fn abbreviated(open: &str) -> bool {
    let word = open.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    word.chars().count() == 1 && word.chars().all(char::is_uppercase)
        || ["dr", "mr", "mrs", "ms", "m", "mme", "no", "st", "art", "approx", "env"]
            .contains(&word.to_lowercase().as_str())
}

/// The sentences of a page: rows joined to paragraphs.
///
/// Lines that are far shorter than the text block end their paragraph, so that
/// labels and headings do not run into stories.
#[must_use]
pub fn of_page(page: &PageText) -> Vec<String> {
    let widest = page.lines.iter().map(|line| line.area.width()).fold(0.0, f32::max);
    let mut text = String::new();
    for (n, line) in page.lines.iter().enumerate() {
        text.push_str(&line.text);
        let next = page.lines.get(n + 1);
        let full = line.area.width() > 0.6 * widest;
        let near = next.is_some_and(|next| {
            let gap = next.area.y0 - line.area.y1;
            gap < line.area.height() * 0.9
                && next.row != line.row
                && (next.area.x0 - line.area.x0).abs() < line.area.height() * 4.0
        });
        text.push_str(if full && near { " " } else { "\n\n" });
    }
    split(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops_and_empty_lines() {
        let got = split("Title\n\nI saw Dr. Smith on 2.5 km\nof road. It was fine; really!");
        assert_eq!(got, ["Title", "I saw Dr. Smith on 2.5 km of road.", "It was fine;", "really!"]);
    }
}
