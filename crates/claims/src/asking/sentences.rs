//! Cuts a text that arrives in pieces into sentences, each with the citations behind it.

/// A sentence that does not end is cut here.
const LONGEST: usize = 600;

#[derive(Default)]
pub(super) struct Sentences {
    open: String,
}

impl Sentences {
    /// Takes a piece in and gives the sentences that are whole.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        self.open.push_str(piece);
        let mut whole = Vec::new();
        while let Some(end) = end_of_first(&self.open) {
            let rest = self.open.split_off(end);
            let sentence = std::mem::replace(&mut self.open, rest);
            let sentence = sentence.trim();
            if !sentence.is_empty() {
                whole.push(sentence.to_owned());
            }
        }
        whole
    }

    /// What is left when nothing follows.
    pub fn end(self) -> Option<String> {
        let rest = self.open.trim();
        (!rest.is_empty()).then(|| rest.to_owned())
    }
}

/// Where the first sentence ends, once it is known that no citation follows it.
fn end_of_first(text: &str) -> Option<usize> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    for (index, (_, letter)) in letters.iter().enumerate() {
        let next = letters.get(index + 1).map(|(_, next)| *next);
        let ends = match letter {
            '\n' => index > 0,
            // "art. 4", "M. Dupont" and "1.5" go on.
            '.' => next.is_some_and(char::is_whitespace) && !abbreviated(&text[..letters[index].0]),
            '!' | '?' => next.is_some_and(char::is_whitespace),
            _ => index >= LONGEST && letter.is_whitespace(),
        };
        if ends {
            return after_citations(text, &letters, index + 1);
        }
    }
    None
}

fn after_citations(text: &str, letters: &[(usize, char)], mut index: usize) -> Option<usize> {
    let mut end = index;
    loop {
        match letters.get(index) {
            // More may come: a citation, or the next sentence.
            None => return None,
            Some((_, letter)) if letter.is_whitespace() => index += 1,
            Some((_, '[' | '(')) => {
                let close = letters[index..].iter().position(|(_, letter)| matches!(letter, ']' | ')'))?;
                let inside = &text[letters[index].0..letters[index + close].0];
                if !inside.chars().any(|letter| letter == 'E') {
                    return letters.get(end).map(|(at, _)| *at);
                }
                index += close + 1;
                end = index;
                while matches!(letters.get(end), Some((_, '.'))) {
                    end += 1;
                    index = end;
                }
            }
            Some(_) => return letters.get(end).map(|(at, _)| *at),
        }
    }
}

fn abbreviated(before: &str) -> bool {
    let word = before.rsplit(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
    matches!(
        word.to_lowercase().as_str(),
        "art" | "m" | "mr" | "mrs" | "ms" | "mme" | "dr" | "no" | "n" | "st" | "cf" | "p" | "e" | "g" | "i"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&str]) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut all: Vec<String> = pieces.iter().flat_map(|piece| sentences.push(piece)).collect();
        all.extend(sentences.end());
        all
    }

    #[test]
    fn a_citation_belongs_to_the_sentence_before_it() {
        assert_eq!(
            cut(&["The deductible is 400.00 EUR [E3]. It ap", "plies to collision. [E4] Done."]),
            ["The deductible is 400.00 EUR [E3].", "It applies to collision. [E4]", "Done."]
        );
    }

    #[test]
    fn abbreviations_and_decimals_do_not_end_a_sentence() {
        assert_eq!(
            cut(&["M. Dupont paid 1.5 under art. 4 of it. Yes"]),
            ["M. Dupont paid 1.5 under art. 4 of it.", "Yes"]
        );
    }

    #[test]
    fn lines_are_sentences() {
        assert_eq!(cut(&["- one [E1]\n- two [E2]\n"]), ["- one [E1]", "- two [E2]"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_it_is_cut(text in "[a-zA-E0-9 .!?\\[\\]\n]{0,160}", at in 0usize..160) {
            let at = at.min(text.len());
            let squeezed = |parts: Vec<String>| parts.concat().split_whitespace().collect::<String>();
            let whole: String = text.split_whitespace().collect();
            prop_assert_eq!(squeezed(cut(&[&text[..at], &text[at..]])), whole);
        }
    }
}
