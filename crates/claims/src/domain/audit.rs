//! A claim's whole record as one file, and whether it is whole.
//!
//! Every event holds a digest of itself and of the event before it; the events name the digests of steps, findings and
//! decisions. Whoever changes, drops or adds anything afterwards breaks the chain or a digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub const FORMAT: &str = "claimstack-audit/1";

/// An event as the chain sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditEvent {
    /// From 1 within the claim.
    pub seq: i64,
    pub run_id: Option<String>,
    pub kind: String,
    pub payload: Value,
    /// Microseconds since 1970 UTC.
    pub at: i64,
    /// SHA-256 over the hash before it and all of the above; empty for an event from before there was a chain.
    pub hash: String,
}

impl AuditEvent {
    /// What `hash` must be after an event whose hash is `before`.
    pub fn link(&self, claim_id: &str, before: &str) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        let run = self.run_id.as_deref().unwrap_or_default();
        digest(&[before, claim_id, &seq, run, &self.kind, &self.payload.to_string(), &at])
    }
}

/// SHA-256 in hexadecimal over texts, each after its length.
pub fn digest(texts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for text in texts {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    }
    hex::encode(sha.finalize())
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditStep {
    pub run_id: String,
    pub index: i64,
    pub kind: String,
    pub name: String,
    pub agent: String,
    pub tool: Option<String>,
    pub status: String,
    pub arguments: Option<String>,
    pub output: Option<String>,
    pub error: Option<String>,
}

impl AuditStep {
    pub fn digest(&self) -> String {
        step_digest(self.arguments.as_deref(), self.output.as_deref(), self.error.as_deref())
    }
}

/// Of what a step was given and what came of it.
pub fn step_digest(arguments: Option<&str>, output: Option<&str>, error: Option<&str>) -> String {
    digest(&[arguments.unwrap_or_default(), output.unwrap_or_default(), error.unwrap_or_default()])
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditFinding {
    pub evidence_id: String,
    pub run_id: String,
    pub kind: String,
    pub tool: String,
    pub payload: Value,
    pub confidence: Option<f64>,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditDecision {
    pub decision_id: String,
    pub run_id: String,
    pub version: i64,
    /// `tool` or `system`.
    pub source: String,
    pub body: Value,
    pub agent_text: Option<String>,
    pub model: Option<String>,
}

impl AuditDecision {
    pub fn digest(&self) -> String {
        digest(&[&self.body.to_string()])
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditFile {
    /// `claimstack-audit/1`
    pub format: String,
    pub claim_id: String,
    pub claim: Value,
    pub events: Vec<AuditEvent>,
    pub steps: Vec<AuditStep>,
    pub findings: Vec<AuditFinding>,
    pub decisions: Vec<AuditDecision>,
    /// The policy file that decided, where whoever exported had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

impl AuditFile {
    /// What is wrong with it, in order; nothing when it is whole.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.format != FORMAT {
            problems.push(format!("format is {:?}, not {FORMAT}", self.format));
        }
        self.check_chain(&mut problems);
        let told = self.told();
        for step in &self.steps {
            let key = format!("step {} of {}", step.index, step.run_id);
            held_to(&told, &key, &step.digest(), &mut problems);
        }
        for found in &self.findings {
            if hex::encode(Sha256::digest(found.payload.to_string())) != found.sha256 {
                problems.push(format!("finding {}: its content is not what its digest says", found.evidence_id));
            }
            held_to(&told, &format!("finding {}", found.evidence_id), &found.sha256, &mut problems);
        }
        for decision in &self.decisions {
            held_to(&told, &format!("decision of {}", decision.run_id), &decision.digest(), &mut problems);
            if let Some(words) = &decision.agent_text {
                held_to(&told, &format!("closing words of {}", decision.run_id), &digest(&[words]), &mut problems);
            }
        }
        let here: BTreeSet<String> = self.contents().collect();
        problems.extend(told.keys().filter(|key| !here.contains(*key)).map(|key| format!("{key}: missing")));
        problems
    }

    fn check_chain(&self, problems: &mut Vec<String>) {
        let (mut before, mut chained) = (String::new(), false);
        for (place, event) in self.events.iter().enumerate() {
            if event.seq != place as i64 + 1 {
                problems.push(format!("event {}: it stands in place {}", event.seq, place + 1));
            }
            if event.hash.is_empty() && !chained {
                continue;
            }
            chained = true;
            if event.hash != event.link(&self.claim_id, &before) {
                problems.push(format!("event {} ({}): it or one before it was changed", event.seq, event.kind));
            }
            before.clone_from(&event.hash);
        }
    }

    /// Things by name with the digest that the last event about each tells.
    fn told(&self) -> BTreeMap<String, String> {
        let mut told = BTreeMap::new();
        for event in self.events.iter().filter(|event| !event.hash.is_empty()) {
            let text = |name: &str| event.payload.get(name).and_then(Value::as_str);
            let run = event.run_id.as_deref().unwrap_or_default();
            let (key, said) = match event.kind.as_str() {
                "step_started" | "step_completed" => (format!("step {} of {run}", event.payload["index"]), "sha256"),
                "evidence_recorded" => (format!("finding {}", text("evidence_id").unwrap_or_default()), "sha256"),
                "decision_recorded" => (format!("decision of {run}"), "sha256"),
                "finished" => (format!("closing words of {run}"), "words_sha256"),
                _ => continue,
            };
            if let Some(sha256) = text(said) {
                told.insert(key, sha256.to_owned());
            }
        }
        told
    }

    fn contents(&self) -> impl Iterator<Item = String> + '_ {
        let steps = self.steps.iter().map(|step| format!("step {} of {}", step.index, step.run_id));
        let findings = self.findings.iter().map(|found| format!("finding {}", found.evidence_id));
        let decisions = self.decisions.iter().map(|decision| format!("decision of {}", decision.run_id));
        let spoken = self.decisions.iter().filter(|decision| decision.agent_text.is_some());
        let words = spoken.map(|decision| format!("closing words of {}", decision.run_id));
        steps.chain(findings).chain(decisions).chain(words)
    }
}

fn held_to(told: &BTreeMap<String, String>, key: &str, is: &str, problems: &mut Vec<String>) {
    match told.get(key) {
        Some(said) if said == is => {}
        Some(_) => problems.push(format!("{key}: it is not what the events say")),
        None => problems.push(format!("{key}: no event tells of it")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file() -> AuditFile {
        let step = AuditStep {
            run_id: "run_1".into(),
            index: 0,
            kind: "tool".into(),
            name: "ocr".into(),
            agent: "ocr".into(),
            tool: Some("ocr_document".into()),
            status: "completed".into(),
            arguments: Some("{}".into()),
            output: Some("read".into()),
            error: None,
        };
        let payload = json!({"text": "hail"});
        let found = AuditFinding {
            evidence_id: "ev_1".into(),
            run_id: "run_1".into(),
            kind: "document".into(),
            tool: "ocr_document".into(),
            sha256: hex::encode(Sha256::digest(payload.to_string())),
            payload,
            confidence: Some(0.9),
        };
        let decision = AuditDecision {
            decision_id: "dec_1".into(),
            run_id: "run_1".into(),
            version: 1,
            source: "tool".into(),
            body: json!({"decision": "approve"}),
            agent_text: Some("Approved.".into()),
            model: None,
        };
        let told = [
            ("submitted", json!({"status": "pending"})),
            ("step_completed", json!({"index": 0, "sha256": step.digest()})),
            ("evidence_recorded", json!({"evidence_id": "ev_1", "sha256": found.sha256})),
            ("decision_recorded", json!({"sha256": decision.digest()})),
            ("finished", json!({"words_sha256": digest(&["Approved."])})),
        ];
        let mut events: Vec<AuditEvent> = Vec::new();
        for (place, (kind, payload)) in told.into_iter().enumerate() {
            let before = events.last().map(|event| event.hash.clone()).unwrap_or_default();
            let run_id = (place > 0).then(|| "run_1".to_owned());
            let seq = place as i64 + 1;
            let mut event = AuditEvent { seq, run_id, kind: kind.into(), payload, at: seq * 10, hash: String::new() };
            event.hash = event.link("CLM-1", &before);
            events.push(event);
        }
        AuditFile {
            format: FORMAT.into(),
            claim_id: "CLM-1".into(),
            claim: json!({}),
            events,
            steps: vec![step],
            findings: vec![found],
            decisions: vec![decision],
            policy: None,
        }
    }

    #[test]
    fn a_whole_file_has_no_problems_and_survives_a_round_trip() {
        let text = serde_json::to_string(&file()).unwrap();
        let read: AuditFile = serde_json::from_str(&text).unwrap();
        assert_eq!((read.problems(), read), (Vec::new(), file()));
    }

    /// How a file is falsified, and a word of what is said of it.
    type Fraud = (fn(&mut AuditFile), &'static str);

    #[test]
    fn every_change_is_found() {
        let frauds: [Fraud; 13] = [
            (|file| file.format = "other".into(), "format"),
            (|file| file.claim_id = "CLM-2".into(), "event 1"),
            (|file| file.events[1].payload["status"] = json!("failed"), "event 2"),
            (|file| file.events[2].at += 1, "event 3"),
            (|file| drop(file.events.remove(2)), "place 3"),
            (|file| drop(file.events.pop()), "no event tells"),
            (|file| file.decisions[0].agent_text = None, "missing"),
            (|file| file.decisions[0].agent_text = Some("Denied.".into()), "closing words"),
            (|file| file.events.swap(1, 2), "place"),
            (|file| file.steps[0].output = Some("else".into()), "step 0"),
            (|file| file.findings[0].payload = json!({"text": "theft"}), "finding ev_1"),
            (|file| file.decisions[0].body["decision"] = json!("deny"), "decision"),
            (|file| drop(file.findings.pop()), "missing"),
        ];
        for (number, (falsify, said)) in frauds.into_iter().enumerate() {
            let mut file = file();
            falsify(&mut file);
            let problems = file.problems();
            assert!(problems.iter().any(|problem| problem.contains(said)), "{number}: {problems:?}");
        }
    }

    #[test]
    fn events_from_before_the_chain_are_passed_over_only_at_the_beginning() {
        let mut old = file();
        old.events[0].hash.clear();
        let mut before = String::new();
        for event in &mut old.events[1..] {
            event.hash = event.link("CLM-1", &before);
            before.clone_from(&event.hash);
        }
        assert_eq!(old.problems(), Vec::<String>::new());
        old.events[2].hash.clear();
        assert!(!old.problems().is_empty());
    }
}
