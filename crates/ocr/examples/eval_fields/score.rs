//! Right, wrong and missed facts, by field and by quality, and how many were wrong with high confidence.

use std::collections::BTreeMap;
use std::fmt::Write;

use ocr::{DocumentKind, Facts, FieldName};
use serde_json::Value;

/// From here on a value is said to be certain.
const CERTAIN: f32 = 0.9;
/// In the order they are printed; other qualities follow.
const QUALITIES: [&str; 6] = ["text", "scan_good", "scan_fair", "photo", "hand", "poor"];

#[derive(Default, Clone, Copy)]
struct Score {
    right: u32,
    /// Given, and another value or none is on the document.
    wrong: u32,
    missed: u32,
    /// Given with high confidence.
    certain: u32,
    certain_wrong: u32,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
        self.certain += other.certain;
        self.certain_wrong += other.certain_wrong;
    }

    fn f1(self) -> Option<f64> {
        let found = f64::from(2 * self.right);
        let all = found + f64::from(self.wrong + self.missed);
        (all > 0.0).then(|| found / all)
    }
}

/// All marks so far.
#[derive(Default)]
pub struct Board {
    /// By field, then quality.
    fields: BTreeMap<String, BTreeMap<String, Score>>,
    /// What is no field of the ground truth's `fields`: items, circumstances and the like.
    beside: BTreeMap<String, BTreeMap<String, Score>>,
}

impl Board {
    /// Marks one document; gives its errors in words.
    pub fn mark(&mut self, truth: &Value, facts: Option<&Facts>) -> Vec<String> {
        let quality = truth["document"]["quality"].as_str().unwrap_or("?");
        let mut errors = Vec::new();
        let ignored = list(&truth["fields_ignore"]);
        let wanted = truth["fields"].as_object().into_iter().flatten();
        for (name, want) in wanted.filter(|(name, _)| !ignored.contains(&name.as_str())) {
            let fact = serde_json::from_value::<FieldName>(name.as_str().into())
                .ok()
                .and_then(|name| facts.and_then(|facts| facts.fields.get(&name)));
            let got = fact.and_then(|fact| normal(name, &Value::from(fact.value.as_str())));
            let confidence = fact.map_or(0.0, |fact| fact.confidence);
            let score = marked(normal(name, want).as_deref(), got.as_deref(), confidence);
            if score.right == 0 && score.wrong + score.missed > 0 {
                errors.push(format!("{name}: want {want} got {got:?} at {confidence:.2}"));
            }
            self.fields.entry(name.clone()).or_default().entry(quality.to_owned()).or_default().add(score);
        }
        let told = truth["facts"]["claimant_name"].is_string() || truth["scenario"] == "missing_mandatory";
        match facts {
            Some(facts) if told => {
                for (name, want, got) in beside(truth, facts) {
                    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
                    let score = marked(some(&want).as_deref(), some(&got).as_deref(), 0.0);
                    if score.wrong + score.missed > 0 {
                        errors.push(format!("{name}: want {want:?} got {got:?}"));
                    }
                    self.beside.entry(name.to_owned()).or_default().entry(quality.to_owned()).or_default().add(score);
                }
            }
            Some(facts) if facts.kind == DocumentKind::Claim => errors.push("taken for a claim".to_owned()),
            None if told => errors.push("not read".to_owned()),
            _ => {}
        }
        errors
    }

    /// The tables, as text.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let _ = write!(out, "{:22}", "F1");
        for quality in QUALITIES {
            let _ = write!(out, "{quality:>11}");
        }
        let _ = writeln!(out, "{:>9}{:>7}{:>7}{:>13}", "all", "wrong", "missed", "wrong>=0.9");
        let mut sums: BTreeMap<String, Score> = BTreeMap::new();
        for (name, scores) in &self.fields {
            row(&mut out, name, scores);
            for (quality, score) in scores {
                sums.entry(quality.clone()).or_default().add(*score);
            }
        }
        row(&mut out, "FIELDS", &sums);
        out.push('\n');
        for (name, scores) in &self.beside {
            row(&mut out, name, scores);
        }
        let all = total(&sums);
        let given = all.right + all.wrong;
        let share = |count: u32| 100.0 * f64::from(count) / f64::from(given.max(1));
        let _ = writeln!(
            out,
            "\n{given} facts given, {} ({:.1} %) with confidence {CERTAIN} or more; wrong among these: {} ({:.2} % of facts)",
            all.certain,
            share(all.certain),
            all.certain_wrong,
            share(all.certain_wrong)
        );
        out
    }
}

fn row(out: &mut String, name: &str, scores: &BTreeMap<String, Score>) {
    let _ = write!(out, "{name:22}");
    let text = |score: Option<Score>| score.and_then(Score::f1).map_or("-".to_owned(), |f1| format!("{f1:.3}"));
    for quality in QUALITIES {
        let _ = write!(out, "{:>11}", text(scores.get(quality).copied()));
    }
    let all = total(scores);
    let certain = format!("{}/{}", all.certain_wrong, all.certain);
    let _ = writeln!(out, "{:>9}{:>7}{:>7}{certain:>13}", text(Some(all)), all.wrong, all.missed);
}

fn total(scores: &BTreeMap<String, Score>) -> Score {
    scores.values().fold(Score::default(), |mut sum, score| {
        sum.add(*score);
        sum
    })
}

fn marked(want: Option<&str>, got: Option<&str>, confidence: f32) -> Score {
    let right = want.is_some() && want == got;
    let wrong = u32::from(got.is_some() && !right);
    let certain = u32::from(got.is_some() && confidence >= CERTAIN);
    Score {
        right: right.into(),
        wrong,
        missed: u32::from(want.is_some() && !right),
        certain,
        certain_wrong: certain * wrong,
    }
}

/// The name of a field in results.
pub fn name(field: &FieldName) -> String {
    serde_json::to_value(field).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// As the published scorer compares values.
fn normal(name: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if name.ends_with("_amount") {
        return text.parse::<f64>().ok().map(|value| format!("{value:.2}"));
    }
    if name.ends_with("_date") {
        return Some(text.chars().take(10).collect());
    }
    let folded = ocr::fold(&text);
    let folded = if matches!(name, "claimant_name" | "provider_name") {
        let mut words: Vec<&str> = folded.split(' ').collect();
        words.sort_unstable();
        words.join(" ")
    } else {
        folded.replace(' ', "")
    };
    (!folded.is_empty()).then_some(folded)
}

fn list(value: &Value) -> Vec<&str> {
    let mut list: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    list.sort_unstable();
    list
}

/// What is wanted and given beside the fields; nothing is an empty text.
fn beside(truth: &Value, facts: &Facts) -> Vec<(&'static str, String, String)> {
    let wanted = &truth["facts"];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let flag = |flag: bool| if flag { "yes".to_owned() } else { String::new() };
    let field = |name: FieldName| facts.fields.get(&name).map(|fact| fact.value.clone()).unwrap_or_default();
    let items: Vec<String> = wanted["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            let amount = item["amount"].as_f64().unwrap_or(0.0);
            format!("{} {amount:.2} {}", text(&item["category"]), text(&item["purchase_date"]))
        })
        .collect();
    let given: Vec<String> = facts
        .items
        .iter()
        .map(|item| format!("{} {} {}", item.category, item.amount, item.purchase_date.as_deref().unwrap_or("null")))
        .collect();
    let contradicts = wanted["conflicts"].as_array().is_some_and(|list| !list.is_empty())
        || truth["scenario"] == "conflicting_evidence";
    vec![
        ("product", text(&wanted["product"]), field(FieldName::Product)),
        ("stated", list(&wanted["stated_circumstances"]).join(","), facts.stated_circumstances.join(",")),
        ("suspected", list(&wanted["suspected_circumstances"]).join(","), facts.suspected_circumstances.join(",")),
        ("disposed", flag(wanted["evidence_disposed"] == true), flag(field(FieldName::EvidenceDisposed) == "true")),
        ("excuse", flag(!wanted["late_excuse"].is_null()), flag(!field(FieldName::LateExcuse).is_empty())),
        ("injection", flag(!truth["document"]["injection"].is_null()), flag(!facts.injection_evidence.is_empty())),
        ("kind", flag(true), flag(facts.kind == DocumentKind::Claim)),
        ("conflict", flag(contradicts), flag(!facts.conflicts.is_empty())),
        ("items", items.join(" | "), given.join(" | ")),
    ]
}
