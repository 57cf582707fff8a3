//! The claim's evidence in numbered passages, each with the place it stands at.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::labels::{RATES, all_names, known, label};
use super::words::{numbers, stems};
use crate::domain::{DecisionDocument, Evidence, Language, Money};

/// Longer texts are cut into passages of about this many characters.
const PASSAGE_CHARS: usize = 280;
const MOST_PASSAGES: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassageKind {
    Decision,
    Amount,
    Field,
    Text,
    Policyholder,
    Contract,
    Clause,
    SimilarClaim,
}

/// A piece of evidence, as an answer cites it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Passage {
    /// `E1`, `E2` …
    pub id: String,
    pub kind: PassageKind,
    pub text: String,
    /// Of the document, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<i64>,
    /// Of the document, as `/evidence` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// A past claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_number: Option<String>,
    #[serde(skip)]
    pub(super) stems: HashSet<String>,
    #[serde(skip)]
    pub(super) numbers: HashSet<String>,
}

/// Everything that was found out about a claim, latest run only.
pub(super) fn passages(decision: Option<&DecisionDocument>, evidence: &[Evidence], language: Language) -> Vec<Passage> {
    let mut shelf = Shelf { language, all: Vec::new() };
    if let Some(decision) = decision {
        shelf.decision(decision);
    }
    let payload = |kind: &str| evidence.iter().find(|found| found.kind == kind).map(|found| &found.payload);
    if let Some(document) = payload("document") {
        shelf.document(document);
    }
    if let Some(policyholder) = payload("policyholder") {
        shelf.policyholder(policyholder, decision.and_then(|decision| decision.contract_number.as_deref()));
    }
    if let Some(similar) = payload("similar_claims") {
        shelf.similar(similar);
    }
    shelf.all
}

struct Shelf {
    language: Language,
    all: Vec<Passage>,
}

impl Shelf {
    /// `also` is not shown: other words it may be asked by.
    fn put(&mut self, kind: PassageKind, text: String, also: &str) -> Option<&mut Passage> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || self.all.len() >= MOST_PASSAGES {
            return None;
        }
        self.all.push(Passage {
            id: format!("E{}", self.all.len() + 1),
            kind,
            stems: stems(&format!("{text} {also}")),
            numbers: numbers(&text),
            text,
            page: None,
            field: None,
            clause: None,
            claim_number: None,
        });
        self.all.last_mut()
    }

    fn name(&self, key: &str) -> String {
        label(key, self.language)
    }

    fn decision(&mut self, decision: &DecisionDocument) {
        let mut facts =
            vec![format!("{}: {}", self.word("Decision", "Décision"), self.name(decision.decision.as_str()))];
        let currency = decision.currency.as_deref().unwrap_or_default();
        let paid = self.word("payable", "à payer");
        facts.extend(decision.payable_amount.as_ref().map(|amount| format!("{paid} {amount} {currency}")));
        let proposed = self.word("proposed", "proposé");
        facts.extend(decision.proposed_amount.as_ref().map(|amount| format!("{proposed} {amount} {currency}")));
        facts.extend(
            decision.contract_number.as_ref().map(|number| format!("{} {number}", self.name("contract_number"))),
        );
        let also =
            format!("{} decision décision outcome résultat paid payé pay", all_names(decision.decision.as_str()));
        self.put(PassageKind::Decision, facts.join("; "), &also);
        for reason in &decision.reasons {
            let text = match self.language {
                Language::En => &reason.text_en,
                Language::Fr => &reason.text_fr,
            };
            let why = self.word("Reason", "Motif");
            let also = format!("{} {} reason motif raison why", reason.text_en, reason.text_fr);
            if let Some(passage) = self.put(PassageKind::Decision, format!("{why}: {text}"), &also) {
                passage.clause.clone_from(&reason.clause);
            }
        }
        let steps = decision.extra.get("amount_steps").and_then(Value::as_array).cloned().unwrap_or_default();
        for step in &steps {
            let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
            let name = self.word(text("label_en"), text("label_fr"));
            let currency = text("currency");
            // What a step takes off is told as such: a small model reads `A becomes B` as "it is A".
            let (before, after) = (text("before").parse::<Money>(), text("after").parse::<Money>());
            let line = match (before, after) {
                (Ok(before), Ok(after)) if before != after => {
                    let change = Money::from_minor((before.minor() - after.minor()).abs());
                    let takes = match before.minor() > after.minor() {
                        true => self.word("takes off", "retire"),
                        false => self.word("adds", "ajoute"),
                    };
                    let left = self.word("what is left is", "il reste");
                    format!("{name}: {takes} {change} {currency}; {left} {after} {currency}")
                }
                _ => format!("{name}: {} {currency}", text("after")),
            };
            let also = format!("{} {} amount montant", text("label_en"), text("label_fr"));
            if let Some(passage) = self.put(PassageKind::Amount, line, &also) {
                passage.clause = step.get("clause").and_then(Value::as_str).map(str::to_owned);
            }
        }
    }

    fn word(&self, english: &str, french: &str) -> String {
        match self.language {
            Language::En => english.to_owned(),
            Language::Fr => french.to_owned(),
        }
    }

    fn document(&mut self, document: &Value) {
        let fields = document.get("fields").and_then(Value::as_object);
        for (key, field) in fields.into_iter().flatten() {
            let Some(value) = field.get("value").filter(|value| !value.is_null()) else { continue };
            let line = format!("{}: {}", self.name(key), self.told(key, value));
            if let Some(passage) = self.put(PassageKind::Field, line, &all_names(key)) {
                passage.page = field.get("page").and_then(Value::as_i64);
                passage.field = Some(key.clone());
            }
        }
        for item in document.get("items").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| item.get(key).map(|value| self.told(key, value)).unwrap_or_default();
            let line = format!(
                "{}: {}, {} {}",
                self.word("Item", "Poste"),
                text("description"),
                text("category"),
                text("amount")
            );
            if let Some(passage) = self.put(PassageKind::Field, line, "item items poste postes bien biens line") {
                passage.page = item.get("page").and_then(Value::as_i64);
            }
        }
        for piece in pieces(document.get("raw_text").and_then(Value::as_str).unwrap_or_default()) {
            self.put(PassageKind::Text, piece, "");
        }
    }

    fn policyholder(&mut self, found: &Value, decided_on: Option<&str>) {
        if let Some(user) = found.get("user").filter(|user| user.is_object()) {
            let line = self.told("user", user);
            self.put(PassageKind::Policyholder, line, "policyholder assuré client customer");
        }
        let contracts: Vec<&Value> = found.get("contracts").and_then(Value::as_array).into_iter().flatten().collect();
        let number =
            |contract: &Value| contract.get("contract_number").and_then(Value::as_str).unwrap_or_default().to_owned();
        let decided: Vec<&Value> =
            contracts.iter().copied().filter(|one| Some(number(one).as_str()) == decided_on).collect();
        for contract in if decided.is_empty() { contracts } else { decided } {
            self.contract(contract, &number(contract));
        }
        for clause in found.get("clauses").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| clause.get(key).and_then(Value::as_str).unwrap_or_default();
            self.clause(text("clause"), text("text"));
        }
    }

    fn contract(&mut self, contract: &Value, number: &str) {
        const ELSEWHERE: [&str; 7] =
            ["coverages", "exclusions", "full_text", "key_terms", "contract_number", "user_id", "language"];
        let general: serde_json::Map<String, Value> = contract
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !ELSEWHERE.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let also: Vec<String> = general.keys().map(|key| all_names(key)).collect();
        let line =
            format!("{} {number}: {}", self.name("contract_number"), self.told("contract", &Value::Object(general)));
        self.put(PassageKind::Contract, line, &also.join(" "));
        for coverage in contract.get("coverages").and_then(Value::as_array).into_iter().flatten() {
            let peril = coverage.get("peril").and_then(Value::as_str).unwrap_or_default();
            let also: Vec<String> = coverage
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, _)| all_names(key))
                .chain([all_names(peril)])
                .collect();
            let line = format!("{}: {}", self.word("Cover", "Garantie"), self.told("coverage", coverage));
            let also = format!("cover covered garantie garanti {}", also.join(" "));
            if let Some(passage) = self.put(PassageKind::Contract, line, &also) {
                passage.clause = Some(format!("coverages.{peril}"));
            }
        }
        for exclusion in contract.get("exclusions").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| exclusion.get(key).and_then(Value::as_str).unwrap_or_default();
            let code = text("code").replace('_', " ").to_lowercase();
            let line = format!("{}: {}", self.word("Not covered", "Exclusion"), text("text"));
            let line = format!("{} {}. {line}", self.word("Clause", "Article"), text("clause"));
            let also = format!("{code} exclusion exclusions excluded exclu exclus covered garanti");
            if let Some(passage) = self.put(PassageKind::Clause, line, &also) {
                passage.clause = Some(text("clause").to_owned());
            }
        }
    }

    fn clause(&mut self, number: &str, text: &str) {
        let known = self
            .all
            .iter()
            .any(|passage| passage.clause.as_deref() == Some(number) && passage.kind == PassageKind::Clause);
        if known {
            return;
        }
        let line = format!("{} {number}. {text}", self.word("Clause", "Article"));
        if let Some(passage) = self.put(PassageKind::Clause, line, "") {
            passage.clause = Some(number.to_owned());
        }
    }

    fn similar(&mut self, found: &Value) {
        const OUTCOME: &str = "outcome";
        for past in found.get("similar_claims").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| past.get(key).and_then(Value::as_str).unwrap_or_default();
            let outcome = self.name(text(OUTCOME));
            let title = self.word("Past claim", "Sinistre passé");
            let line = format!("{title} {} ({outcome}): {}", text("claim_number"), text("claim_text"));
            let also =
                format!("similar comparable semblable précédent past history passé {}", all_names(text(OUTCOME)));
            if let Some(passage) = self.put(PassageKind::SimilarClaim, line, &also) {
                passage.claim_number = Some(text("claim_number").to_owned());
            }
        }
    }

    /// A value in words: `deductible: absolute 400`, lists with commas, nothing for null and empty lists.
    fn told(&self, key: &str, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(yes) => self.name(if *yes { "true" } else { "false" }),
            Value::Number(share) if RATES.contains(&key) => {
                format!("{} %", (share.as_f64().unwrap_or_default() * 10_000.0).round() / 100.0)
            }
            Value::Number(number) => number.to_string(),
            Value::String(text) => known(text, self.language).unwrap_or_else(|| text.clone()),
            Value::Array(values) => values
                .iter()
                .map(|value| self.told(key, value))
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            Value::Object(fields) => {
                let one = |(key, value): (&String, &Value)| {
                    let told = self.told(key, value);
                    (!told.is_empty()).then(|| format!("{} {told}", self.name(key)))
                };
                fields.iter().filter_map(one).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// Lines put together up to the length of a passage.
fn pieces(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match all.last_mut() {
            Some(last) if last.chars().count() + line.chars().count() < PASSAGE_CHARS => {
                last.push(' ');
                last.push_str(line);
            }
            _ => all.push(line.chars().take(4 * PASSAGE_CHARS).collect()),
        }
    }
    all
}
