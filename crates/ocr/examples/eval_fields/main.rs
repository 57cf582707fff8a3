//! F1 of the facts against a ground truth, by field and by quality of the document.
//!
//! `eval_fields CLAIMS [--models DIR] [--cache DIR] [--half even|odd] [--errors] [--out FILE]`. `CLAIMS` holds
//! `documents/` and `ground_truth.jsonl`; `--cache` keeps the pages read, by content, so that rules can be tuned
//! without recognising again; `--half` takes every other claim; `--out` writes lines for `scripts/score.py`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod pages;
mod score;

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

use pages::Pages;
use score::Board;

type Failure = Box<dyn std::error::Error>;

struct Options {
    claims: PathBuf,
    models: PathBuf,
    cache: Option<PathBuf>,
    half: Option<usize>,
    errors: bool,
    out: Option<PathBuf>,
}

fn options() -> Result<Options, Failure> {
    let mut args = std::env::args().skip(1);
    let claims = PathBuf::from(args.next().ok_or("usage: eval_fields CLAIMS [--models DIR] [--cache DIR] [--errors]")?);
    let mut options = Options { claims, models: PathBuf::new(), cache: None, half: None, errors: false, out: None };
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--models" => options.models = value()?.into(),
            "--cache" => options.cache = Some(value()?.into()),
            "--out" => options.out = Some(value()?.into()),
            "--half" => options.half = Some(usize::from(value()? == "odd")),
            "--errors" => options.errors = true,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

/// A bar on standard error, where there is a terminal or none.
fn progress(done: usize, all: usize, document: &str) {
    let filled = 30 * done / all.max(1);
    eprint!("\r[{}{}] {done}/{all} {document:<20.20}", "#".repeat(filled), "-".repeat(30 - filled));
    let _ = std::io::stderr().flush();
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let text = std::fs::read_to_string(options.claims.join("ground_truth.jsonl"))?;
    let truths: Vec<Value> =
        text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?;
    let truths: Vec<Value> = truths
        .into_iter()
        .enumerate()
        .filter(|(n, _)| options.half.is_none_or(|half| n % 2 == half))
        .map(|(_, truth)| truth)
        .collect();
    let mut pages = Pages::new(options.models.clone(), options.cache.clone())?;
    let (mut board, mut output) = (Board::default(), String::new());
    for (n, truth) in truths.iter().enumerate() {
        let id = truth["claim_id"].as_str().unwrap_or_default();
        progress(n, truths.len(), id);
        let file = options.claims.join(truth["document_path"].as_str().unwrap_or_default());
        let facts = pages.read(&std::fs::read(&file)?)?.map(|(pages, asides)| ocr::facts(&pages, &asides));
        let errors = board.mark(truth, facts.as_ref());
        if options.errors && !errors.is_empty() {
            let quality = truth["document"]["quality"].as_str().unwrap_or("?");
            eprint!("\r");
            println!("{id} {quality} {}\n    {}", truth["scenario"].as_str().unwrap_or(""), errors.join("\n    "));
        }
        if let Some(facts) = facts {
            let values: serde_json::Map<String, Value> =
                facts.fields.iter().map(|(name, fact)| (score::name(name), fact.value.clone().into())).collect();
            output.push_str(&serde_json::json!({"claim_id": id, "fields": values}).to_string());
            output.push('\n');
        }
    }
    progress(truths.len(), truths.len(), "");
    eprintln!();
    if let Some(path) = &options.out {
        std::fs::write(path, output)?;
    }
    print!("{}", board.table());
    if let Some(seconds) = pages.seconds_a_page() {
        println!("{seconds:.2} s a recognised page");
    }
    Ok(())
}
