//! The tables: errors by source, degradation and language, and what a said confidence is worth.

use std::collections::BTreeMap;

use crate::cases::Case;
use crate::score::{Score, Truth};

/// Lower bounds of the confidences that are counted together.
const BINS: [f32; 8] = [0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98];

/// What was read of one case: its text, and its lines with the confidence they were given.
#[derive(Debug, Clone, Default)]
pub struct Read {
    pub text: String,
    pub lines: Vec<(String, f32)>,
    /// Degrees each page was turned.
    pub turned: Vec<u16>,
}

/// Prints errors by group; `None` among `texts` for a case that was not read.
pub fn errors(title: &str, cases: &[Case], texts: &[Option<&str>]) {
    let mut groups: BTreeMap<String, Score> = BTreeMap::new();
    for (case, text) in cases.iter().zip(texts) {
        let Some(text) = text.filter(|_| !case.text.is_empty()) else { continue };
        let score = Score::of(&case.text, text);
        let layer = case.degradation == "textlayer";
        let mut names = vec![if layer { "0 text layers".to_owned() } else { "0 all pictures".to_owned() }];
        if !layer {
            names.push(format!("1 source {}", case.source));
            names.push(format!("2 language {}", case.language));
            names.push(format!("3 {}", case.degradation));
        }
        for name in names {
            groups.entry(name).or_default().add(&score);
        }
    }
    println!("\n{title}");
    println!("{:<34}{:>6}{:>8}{:>8}{:>9}{:>10}", "", "pages", "CER %", "WER %", "word F1", "accents %");
    for (name, score) in &groups {
        let accented = score.accented().map_or("-".to_owned(), |share| format!("{share:.1}"));
        let (cer, wer, f1) = (score.cer(), score.wer(), score.f1());
        println!("{:<34}{:>6}{cer:>8.2}{wer:>8.2}{f1:>9.2}{accented:>10}", &name[2..], score.pages);
    }
}

/// Prints the pages with the most errors.
pub fn worst(cases: &[Case], reads: &[Read], count: usize) {
    let mut pages: Vec<(usize, Score, &Case)> = cases
        .iter()
        .zip(reads)
        .filter(|(case, _)| !case.text.is_empty())
        .map(|(case, read)| (case, Score::of(&case.text, &read.text)))
        .map(|(case, score)| (score.letter_errors, score, case))
        .collect();
    pages.sort_by_key(|page| std::cmp::Reverse(page.0));
    println!("\nMost letter errors");
    for (errors, score, case) in pages.into_iter().take(count) {
        println!("{:<46}{errors:>6} of {:<6} CER {:>6.2}  F1 {:>6.2}", case.id, score.letters, score.cer(), score.f1());
    }
}

/// Prints how often lines of each said confidence were right, and the mean distance between the two.
pub fn reliability(cases: &[Case], reads: &[Read]) {
    let mut bins = [(0_usize, 0_usize, 0.0_f64); BINS.len()];
    for (case, read) in cases.iter().zip(reads) {
        if case.text.is_empty() || case.degradation == "textlayer" {
            continue;
        }
        let truth = Truth::of(&case.text);
        for (line, said) in &read.lines {
            let Some(right) = truth.holds(line) else { continue };
            let bin = BINS.iter().rposition(|low| said >= low).unwrap_or(0);
            bins[bin].0 += 1;
            bins[bin].1 += usize::from(right);
            bins[bin].2 += f64::from(*said);
        }
    }
    println!("\nConfidence of lines against the rate of right lines (pictures)");
    println!("{:<16}{:>8}{:>12}{:>12}", "said", "lines", "mean said", "right");
    let (mut all, mut apart) = (0.0, 0.0);
    for (n, (lines, right, said)) in bins.into_iter().enumerate() {
        if lines == 0 {
            continue;
        }
        let count = lines as f64;
        let (said, rate) = (said / count, right as f64 / count);
        let high = BINS.get(n + 1).copied().unwrap_or(1.0);
        println!("{:<16}{lines:>8}{said:>12.3}{rate:>12.3}", format!("{:.2} to {high:.2}", BINS[n]));
        all += count;
        apart += (said - rate).abs() * count;
    }
    println!("expected calibration error {:.3} over {all:.0} lines", apart / f64::max(all, 1.0));
}

/// Prints which pages were turned the wrong way: a page named `rot90` must be turned, any other must not.
pub fn turns(cases: &[Case], reads: &[Read]) {
    let (mut right, mut wrong) = ((0, 0), Vec::new());
    for (case, read) in cases.iter().zip(reads) {
        let Some(turned) = read.turned.first().filter(|_| case.degradation != "textlayer") else { continue };
        let put = case.degradation.strip_prefix("rot").and_then(|degrees| degrees.parse::<u16>().ok()).unwrap_or(0);
        // Sets differ in which way a quarter turn goes; the wrong one leaves no word right.
        let whole = (put + turned) % 360 == 0 || put % 180 == 90 && put == *turned;
        let upright = whole && (case.text.is_empty() || Score::of(&case.text, &read.text).word_f1 > 0.5);
        match (put > 0, upright) {
            (true, true) => right.0 += 1,
            (false, true) => right.1 += 1,
            _ => wrong.push(format!("{} by {turned}", case.id)),
        }
    }
    println!("\nTurned pages set upright {}, upright pages left {}, wrong: {wrong:?}", right.0, right.1);
}
