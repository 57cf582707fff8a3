//! How near a text is to the truth: the usual measures of recognition, case and spacing aside.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

/// Letters and signs whose loss changes a French document.
const ACCENTED: &str = "àâäçéèêëîïôöùûüœæ€°«»ÿ";

/// What one page got: counts, so that pages add up to averages weighted by length.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    pub pages: usize,
    pub letters: usize,
    pub letter_errors: usize,
    pub words: usize,
    pub word_errors: usize,
    /// Sum over pages.
    pub word_f1: f64,
    pub accents: usize,
    pub accents_found: usize,
}

impl Score {
    /// Compares a text with the truth; errors are capped at the length of the truth.
    pub fn of(truth: &str, read: &str) -> Self {
        let (truth, read) = (normal(truth), normal(read));
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let words = |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let (a, b) = (letters(&truth), letters(&read));
        let (c, d) = (words(&truth), words(&read));
        let accents = |text: &[char]| count(text.iter().copied().filter(|letter| ACCENTED.contains(*letter)));
        let (wanted, found) = (accents(&a), accents(&b));
        Self {
            pages: 1,
            letters: a.len(),
            letter_errors: strsim::generic_levenshtein(&a, &b).min(a.len()),
            words: c.len(),
            word_errors: strsim::generic_levenshtein(&c, &d).min(c.len()),
            word_f1: word_f1(&truth, &read),
            accents: wanted.values().sum(),
            accents_found: shared(&wanted, &found),
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.letters += other.letters;
        self.letter_errors += other.letter_errors;
        self.words += other.words;
        self.word_errors += other.word_errors;
        self.word_f1 += other.word_f1;
        self.accents += other.accents;
        self.accents_found += other.accents_found;
    }

    pub fn cer(&self) -> f64 {
        percent(self.letter_errors, self.letters)
    }

    pub fn wer(&self) -> f64 {
        percent(self.word_errors, self.words)
    }

    pub fn f1(&self) -> f64 {
        100.0 * self.word_f1 / self.pages.max(1) as f64
    }

    /// `None` where the truth has no accents.
    pub fn accented(&self) -> Option<f64> {
        (self.accents > 0).then(|| percent(self.accents_found, self.accents))
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Lower case, compatibility forms composed, one space between words.
pub fn normal(text: &str) -> String {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn count<T: Ord>(things: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for thing in things {
        *counts.entry(thing).or_default() += 1;
    }
    counts
}

fn shared<T: Ord>(a: &BTreeMap<T, usize>, b: &BTreeMap<T, usize>) -> usize {
    a.iter().map(|(thing, n)| b.get(thing).copied().unwrap_or(0).min(*n)).sum()
}

/// F1 over words whatever their order; both texts normalised.
fn word_f1(truth: &str, read: &str) -> f64 {
    let (a, b) = (count(tokens(truth).into_iter()), count(tokens(read).into_iter()));
    let sizes: usize = a.values().sum::<usize>() + b.values().sum::<usize>();
    2.0 * shared(&a, &b) as f64 / sizes.max(1) as f64
}

/// Runs of letters, digits and `_`, joined by one of `. , ' / -` between two of them.
fn tokens(text: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut out, mut open) = (Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let joins = ".,'/-".contains(letter) && !open.is_empty() && letters.peek().is_some_and(|next| word(*next));
        if word(letter) || joins {
            open.push(letter);
        } else if !open.is_empty() {
            out.push(std::mem::take(&mut open));
        }
    }
    out.extend((!open.is_empty()).then_some(open));
    out
}

/// Tells whether lines were read right: every letter of them stands in the truth in that order.
pub struct Truth(String);

impl Truth {
    pub fn of(text: &str) -> Self {
        Self(dense(text))
    }

    /// `None` for a line too short to tell.
    pub fn holds(&self, line: &str) -> Option<bool> {
        let line = dense(line);
        (line.chars().count() >= 3).then(|| self.0.contains(&line))
    }
}

fn dense(text: &str) -> String {
    normal(text).replace(' ', "")
}
