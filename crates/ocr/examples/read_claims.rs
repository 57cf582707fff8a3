//! Scores fields against a ground truth: `read_claims CLAIMS [--models DIR] [--pages DIR] [--errors] [--out FILE]`.
//!
//! `CLAIMS` holds `documents/` and `ground_truth.jsonl`. `--pages` keeps the
//! pages as JSON and reads them back, so that rules can be tuned without recognising again.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ocr::{Aside, Facts, PageText};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

#[derive(Default, Clone, Copy)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn f1(self) -> f64 {
        let found = f64::from(2 * self.right);
        let all = found + f64::from(self.wrong + self.missed);
        if all > 0.0 { found / all } else { 1.0 }
    }
}

struct Options {
    claims: PathBuf,
    models: PathBuf,
    pages: Option<PathBuf>,
    errors: bool,
    out: Option<PathBuf>,
}

fn options() -> Result<Options, Failure> {
    let mut args = std::env::args().skip(1);
    let claims = PathBuf::from(args.next().ok_or("usage: read_claims CLAIMS [--models DIR] [--pages DIR] [--errors]")?);
    let mut options = Options { claims, models: PathBuf::new(), pages: None, errors: false, out: None };
    while let Some(flag) = args.next() {
        let mut value = || args.next().map(PathBuf::from).ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--models" => options.models = value()?,
            "--pages" => options.pages = Some(value()?),
            "--out" => options.out = Some(value()?),
            "--errors" => options.errors = true,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

/// Pages of text with what stands beside them; `None` for a document that cannot be read.
type ReadText = Option<(Vec<PageText>, Vec<Aside>)>;

fn read(
    file: &Path,
    options: &Options,
    reader: &mut Option<ocr::Reader>,
    time: &mut (f64, usize),
) -> Result<ReadText, Failure> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let kept = options.pages.as_ref().map(|folder| folder.join(format!("{stem}.json")));
    if let Some(text) = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
        let value: Value = serde_json::from_str(&text)?;
        if value.get("unreadable").is_some() {
            return Ok(None);
        }
        return Ok(Some((
            serde_json::from_value(value["pages"].clone())?,
            serde_json::from_value(value["asides"].clone())?,
        )));
    }
    if reader.is_none() {
        *reader = Some(open(&options.models)?);
    }
    let Some(reader) = reader else { return Ok(None) };
    let start = Instant::now();
    let opened = reader.pages(&std::fs::read(file)?)?;
    let (json, result) = match opened {
        Err(reason) => (serde_json::json!({"unreadable": reason}), None),
        Ok(document) => {
            time.0 += start.elapsed().as_secs_f64();
            time.1 += document.pages.iter().filter(|page| page.source == ocr::Source::Recognised).count();
            (
                serde_json::json!({"pages": document.pages, "asides": document.asides}),
                Some((document.pages, document.asides)),
            )
        }
    };
    if let Some(path) = kept {
        std::fs::write(path, json.to_string())?;
    }
    Ok(result)
}

#[cfg(feature = "recognise")]
fn open(models: &Path) -> Result<ocr::Reader, Failure> {
    let files = ocr::ModelFiles {
        detector: models.join("PP-OCRv6_det_small.onnx"),
        recogniser: models.join("PP-OCRv6_rec_small.onnx"),
        dictionary: None,
    };
    let recogniser = ocr::recognise::PpOcr::load(&files, 2)?;
    Ok(ocr::Reader::new(ocr::Limits::default(), Some(Box::new(recogniser))))
}

#[cfg(not(feature = "recognise"))]
fn open(_: &Path) -> Result<ocr::Reader, Failure> {
    Ok(ocr::Reader::new(ocr::Limits::default(), None))
}

fn normal(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if name.ends_with("_amount") {
        return text.parse::<f64>().ok().map(|v| format!("{v:.2}"));
    }
    if name.ends_with("_date") {
        return Some(text.chars().take(10).collect());
    }
    let folded = ocr::fold(&text);
    let reference = [
        "claim_number",
        "client_ref",
        "contract_number",
        "vehicle_registration",
        "invoice_number",
        "police_report_ref",
    ];
    let folded = if reference.contains(&name) {
        folded.replace(' ', "")
    } else {
        let mut words: Vec<&str> = folded.split(' ').collect();
        words.sort_unstable();
        words.join(" ")
    };
    (!folded.is_empty()).then_some(folded)
}

fn field(facts: &Facts, name: &str) -> Value {
    let key: Option<ocr::FieldName> = serde_json::from_value(Value::from(name)).ok();
    key.and_then(|key| facts.fields.get(&key)).map_or(Value::Null, |fact| Value::from(fact.value.clone()))
}

fn list(value: &Value) -> Vec<String> {
    let mut list: Vec<String> =
        value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    list.sort();
    list
}

fn count(score: &mut Score, want: Option<&String>, got: Option<&String>) -> bool {
    let same = want == got;
    match (want, got) {
        (Some(_), Some(_)) if same => score.right += 1,
        _ => {
            score.missed += u32::from(want.is_some());
            score.wrong += u32::from(got.is_some());
        }
    }
    same
}

fn extras(truth: &Value, facts: &Facts, scores: &mut BTreeMap<String, Score>) -> Vec<String> {
    let mut errors = Vec::new();
    let expected = &truth["facts"];
    let mut check = |name: &str, want: String, got: String| {
        let some = |text: &String| (!text.is_empty() && text != "false" && text != "null").then_some(text.clone());
        let (a, b) = (some(&want), some(&got));
        if !count(scores.entry(format!("+{name}")).or_default(), a.as_ref(), b.as_ref()) {
            errors.push(format!("{name}: want {want:?} got {got:?}"));
        }
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    check("product", text(&expected["product"]), text(&field(facts, "product")));
    check("stated", list(&expected["stated_circumstances"]).join(","), facts.stated_circumstances.join(","));
    check("suspected", list(&expected["suspected_circumstances"]).join(","), facts.suspected_circumstances.join(","));
    check("disposed", expected["evidence_disposed"].to_string(), text(&field(facts, "evidence_disposed")));
    check(
        "excuse",
        (!expected["late_excuse"].is_null()).to_string(),
        (!field(facts, "late_excuse").is_null()).to_string(),
    );
    check(
        "injection",
        (!truth["document"]["injection"].is_null()).to_string(),
        (!facts.injection_evidence.is_empty()).to_string(),
    );
    check(
        "kind",
        "claim".to_owned(),
        if facts.kind == ocr::DocumentKind::Claim { "claim".to_owned() } else { "other".to_owned() },
    );
    let conflicts: Vec<String> = facts.conflicts.iter().map(|c| format!("{c:?}")).collect();
    let expected_conflict = expected["conflicts"].as_array().is_some_and(|list| !list.is_empty())
        || truth["scenario"] == "conflicting_evidence";
    check("conflict", expected_conflict.to_string(), (!conflicts.is_empty()).to_string());
    if conflicts.is_empty() == expected_conflict {
        println!("{conflicts:?}");
    }
    let want: Vec<String> = expected["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|i| {
            format!("{} {:.2} {}", text(&i["category"]), i["amount"].as_f64().unwrap_or(0.0), text(&i["purchase_date"]))
        })
        .collect();
    let got: Vec<String> = facts
        .items
        .iter()
        .map(|i| format!("{} {} {}", i.category, i.amount, i.purchase_date.as_deref().unwrap_or("null")))
        .collect();
    check("items", want.join(" | "), got.join(" | "));
    errors
}

fn main() -> Result<(), Failure> {
    let options = options()?;
    let truth = std::fs::read_to_string(options.claims.join("ground_truth.jsonl"))?;
    let (mut by_field, mut by_quality): (BTreeMap<String, Score>, BTreeMap<String, Score>) = Default::default();
    let (mut reader, mut time, mut output) = (None, (0.0, 0), String::new());
    for line in truth.lines().filter(|line| !line.trim().is_empty()) {
        let truth: Value = serde_json::from_str(line)?;
        let file = options.claims.join(truth["document_path"].as_str().unwrap_or_default());
        let id = truth["claim_id"].as_str().unwrap_or_default().to_owned();
        let read = read(&file, &options, &mut reader, &mut time)?;
        let facts = read.map(|(pages, asides)| ocr::facts(&pages, &asides));
        let special = truth["document"]["special"].as_str().unwrap_or_default();
        let readable = truth["facts"]["claimant_name"].is_string() || truth["scenario"] == "missing_mandatory";
        let fields = truth["fields"].as_object().cloned().unwrap_or_default();
        let Some(facts) = facts else {
            println!("{id} unreadable ({special}) {}", if readable { "WRONG" } else { "" });
            continue;
        };
        let quality = truth["document"]["quality"].as_str().unwrap_or("?").to_owned();
        let mut errors = Vec::new();
        let ignored = list(&truth["fields_ignore"]);
        for (name, want) in fields.iter().filter(|(name, _)| !ignored.contains(name)) {
            let (want, got) = (normal(name, want), normal(name, &field(&facts, name)));
            count(by_quality.entry(quality.clone()).or_default(), want.as_ref(), got.as_ref());
            if !count(by_field.entry(name.clone()).or_default(), want.as_ref(), got.as_ref()) {
                errors.push(format!("{name}: want {want:?} got {got:?}"));
            }
        }
        if readable {
            errors.extend(extras(&truth, &facts, &mut by_field));
        } else {
            errors.push(format!("kind {:?} (truth has no facts)", facts.kind));
        }
        if options.errors && !errors.is_empty() {
            println!(
                "{id} {quality} {}\n    {}",
                truth["scenario"].as_str().unwrap_or_default(),
                errors.join("\n    ")
            );
        }
        let values: BTreeMap<_, _> = facts.fields.iter().map(|(name, fact)| (name, &fact.value)).collect();
        output.push_str(&serde_json::json!({"claim_id": id, "fields": values}).to_string());
        output.push('\n');
    }
    if let Some(path) = &options.out {
        std::fs::write(path, output)?;
    }
    let sum = |scores: &BTreeMap<String, Score>, extra: bool| {
        scores.iter().filter(|(name, _)| name.starts_with('+') == extra).fold(Score::default(), |mut sum, (_, s)| {
            sum.right += s.right;
            sum.wrong += s.wrong;
            sum.missed += s.missed;
            sum
        })
    };
    for (name, score) in by_field.iter().chain(&by_quality) {
        println!("{name:24} F1 {:.3}  right {} wrong {} missed {}", score.f1(), score.right, score.wrong, score.missed);
    }
    println!("FIELDS F1 {:.4}", sum(&by_field, false).f1());
    if time.1 > 0 {
        println!("{:.2} s a recognised page over {} pages", time.0 / time.1 as f64, time.1);
    }
    Ok(())
}
