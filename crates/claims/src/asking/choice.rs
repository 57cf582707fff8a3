//! Which passages a question is about.

use std::collections::{HashMap, HashSet};

use super::passages::{Passage, PassageKind};
use super::words::{numbers, stems};

/// What a small model reads in a few seconds.
const MOST_CHARS: usize = 2_600;
const MOST_CHOSEN: usize = 16;
/// A question that names nothing ("Why?") is read with the first ones.
const LEAST_CHOSEN: usize = 10;
/// The decision and its reasons are read with every question.
const DECISION: usize = 4;

/// The closest passages, in the order they stand in the evidence.
pub(super) fn chosen(question: &str, all: &[Passage]) -> Vec<Passage> {
    let (asked, asked_numbers) = (stems(question), numbers(question));
    let mut seen_in: HashMap<&str, usize> = HashMap::new();
    for passage in all {
        for stem in passage.stems.iter().chain(&passage.numbers) {
            *seen_in.entry(stem).or_default() += 1;
        }
    }
    // A word that few passages have tells more of which one is meant.
    let weight = |word: &String| {
        let passages = seen_in.get(word.as_str()).copied().unwrap_or_default();
        (1.0 + all.len() as f64 / (1.0 + passages as f64)).ln()
    };
    let shared = |asked: &HashSet<String>, has: &HashSet<String>| asked.intersection(has).map(weight).sum::<f64>();
    let score = |passage: &Passage| shared(&asked, &passage.stems) + shared(&asked_numbers, &passage.numbers);
    let mut ranked: Vec<(usize, f64)> = all.iter().map(score).enumerate().filter(|(_, score)| *score > 0.0).collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let always = all.iter().enumerate().filter(|(_, passage)| passage.kind == PassageKind::Decision).take(DECISION);
    let mut taken: Vec<usize> = always.map(|(index, _)| index).collect();
    let mut chars: usize = taken.iter().map(|index| all[*index].text.len()).sum();
    let first = (0..all.len()).take(LEAST_CHOSEN).map(|index| (index, LEAST_CHOSEN));
    for (index, most) in ranked.into_iter().map(|(index, _)| (index, MOST_CHOSEN)).chain(first) {
        if taken.contains(&index) || chars + all[index].text.len() > MOST_CHARS {
            continue;
        }
        if taken.len() >= most {
            break;
        }
        chars += all[index].text.len();
        taken.push(index);
    }
    taken.sort_unstable();
    taken.into_iter().map(|index| all[index].clone()).collect()
}
