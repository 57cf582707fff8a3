//! Papers drawn as text, in layouts and wordings of their own: what the rules must read without having seen it.
//!
//! A file of `papers/` begins with the expected facts (`= name: value`); pages are split by `----`. Wide gaps
//! part the lines of a row, `▣` and `▢` are drawn boxes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ocr::{Area, CheckBox, FieldName, Line, PageText, Source};

const LETTER: f32 = 6.0;
const ROW: f32 = 18.0;

/// How the same paper is drawn.
#[derive(Clone, Copy)]
struct Print {
    scale: f32,
    confidence: f32,
    /// What recognition makes of a word.
    spoil: fn(&str) -> String,
}

const CLEAN: Print = Print { scale: 1.0, confidence: 0.99, spoil: str::to_owned };

fn page(number: usize, text: &str, print: Print) -> PageText {
    let (mut lines, mut boxes) = (Vec::new(), Vec::new());
    for (row, printed) in text.lines().enumerate() {
        let y = row as f32 * ROW + 20.0;
        for (column, piece) in pieces(printed) {
            let x = 30.0 + column as f32 * LETTER;
            let mark = piece.chars().next().filter(|c| matches!(c, '▣' | '▢'));
            if let Some(mark) = mark {
                let area = Area::new(x, y, x + 9.0, y + 9.0).scaled(print.scale);
                boxes.push(CheckBox { area, crossed: mark == '▣' });
            }
            let words = piece.trim_start_matches(['▣', '▢']).trim_start();
            let x = x + (piece.chars().count() - words.chars().count()) as f32 * LETTER;
            let end = x + words.chars().count() as f32 * LETTER;
            let area = Area::new(x, y, end, y + 11.0).scaled(print.scale);
            lines.push(Line { text: (print.spoil)(words), area, confidence: print.confidence, row });
        }
    }
    let (width, height) = (700.0 * print.scale, 900.0 * print.scale);
    PageText { number, width, height, source: Source::Recognised, turned: 0, lines, boxes, hidden: vec![] }
}

/// The pieces of a row with their columns: two blanks or more part them.
fn pieces(row: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut blanks = 2;
    for (column, letter) in row.chars().enumerate() {
        if letter == ' ' {
            blanks += 1;
            continue;
        }
        match found.last_mut() {
            Some((_, piece)) if blanks < 2 => {
                if blanks == 1 {
                    piece.push(' ');
                }
                piece.push(letter);
            }
            _ => found.push((column, letter.to_string())),
        }
        blanks = 0;
    }
    found
}

struct Paper {
    name: String,
    wanted: BTreeMap<String, String>,
    pages: Vec<String>,
}

fn papers() -> Vec<Paper> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/papers");
    let mut found: Vec<Paper> = fs::read_dir(folder)
        .expect("papers")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("a paper");
            let wanted = text.lines().filter_map(|line| line.strip_prefix("= ")?.split_once(": "));
            let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("= ")).collect();
            Paper {
                name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
                wanted: wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                pages: body.join("\n").split("\n----\n").map(str::to_owned).collect(),
            }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The facts of a paper by name, as the result of reading shows them.
fn read(paper: &Paper, print: Print) -> BTreeMap<String, String> {
    let pages: Vec<PageText> = paper.pages.iter().enumerate().map(|(n, text)| page(n + 1, text, print)).collect();
    let facts = ocr::facts(&pages, &[]);
    let name = |name: &FieldName| serde_json::to_value(name).unwrap().as_str().unwrap().to_owned();
    let mut got: BTreeMap<String, String> =
        facts.fields.iter().map(|(field, fact)| (name(field), fact.value.clone())).collect();
    let items: Vec<String> = facts.items.iter().map(|item| format!("{} {}", item.category, item.amount)).collect();
    got.insert("items".to_owned(), items.join("; "));
    got.insert("stated".to_owned(), facts.stated_circumstances.join(" "));
    got.insert("suspected".to_owned(), facts.suspected_circumstances.join(" "));
    got.insert("conflicts".to_owned(), facts.conflicts.iter().map(|c| name(&c.field)).collect::<Vec<_>>().join(" "));
    got.insert("injection".to_owned(), (!facts.injection_evidence.is_empty()).to_string());
    got
}

/// Every wanted fact, and none of these where it is not wanted.
const NEVER_INVENTED: &[&str] = &["police_report_ref", "decree_date", "other_payer_amount", "vehicle_registration"];

fn errors(paper: &Paper, print: Print) -> Vec<String> {
    let got = read(paper, print);
    let mut errors = Vec::new();
    for (name, wanted) in &paper.wanted {
        let found = got.get(name).map(String::as_str).unwrap_or_default();
        let same = match name.as_str() {
            "claimant_name" | "provider_name" => sorted(found) == sorted(wanted),
            _ => found == wanted,
        };
        if !same {
            errors.push(format!("{}: {name}: wanted {wanted:?}, got {found:?}", paper.name));
        }
    }
    for name in NEVER_INVENTED.iter().filter(|name| !paper.wanted.contains_key(**name)) {
        if let Some(found) = got.get(*name) {
            errors.push(format!("{}: {name}: wanted nothing, got {found:?}", paper.name));
        }
    }
    errors
}

fn sorted(name: &str) -> Vec<String> {
    let folded = ocr::fold(name);
    let mut words: Vec<String> = folded.split(' ').map(str::to_owned).collect();
    words.sort();
    words
}

fn check(print: Print) {
    let errors: Vec<String> = papers().iter().flat_map(|paper| errors(paper, print)).collect();
    assert!(errors.is_empty(), "{} errors\n{}", errors.len(), errors.join("\n"));
}

#[test]
fn papers_of_other_houses_are_read() {
    check(CLEAN);
}

#[test]
fn the_size_of_a_scan_does_not_matter() {
    check(Print { scale: 3.1, ..CLEAN });
}

/// Recognition loses colons after labels and reads zero as a letter inside numbers.
#[test]
fn common_misreadings_are_put_right() {
    let spoil = |text: &str| text.replace(" : ", " ").replace("2026-0", "2026-O").replace("/0", "/O");
    check(Print { spoil, confidence: 0.93, ..CLEAN });
}
