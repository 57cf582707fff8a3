//! One claim through the service's public API, and what is known of it afterwards.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::dataset::Intake;
use crate::submit::{ClaimsApi, Submission};

/// The tools of a complete run.
const TOOLS: [&str; 4] = ["ocr_document", "retrieve_user_info", "retrieve_similar_claims", "make_final_decision"];

/// A claim that has been through the house.
#[derive(Debug, Default)]
pub struct Processed {
    pub claim_id: String,
    /// `approve`, `deny`, `manual_review`; none when the service gave no decision.
    pub decision: Option<String>,
    pub payable_amount: Option<String>,
    pub currency: Option<String>,
    pub reason_codes: Vec<String>,
    /// What was read on the document, by field name.
    pub fields: Map<String, Value>,
    /// Submission to decision.
    pub seconds: f64,
    /// The steps of the run with their seconds, in order.
    pub steps: Vec<(String, f64)>,
    pub tokens: Tokens,
    pub trace_id: Option<String>,
    pub model: Option<String>,
    /// Every needed tool ran and succeeded.
    pub complete: bool,
    /// Why there is no decision.
    pub error: Option<String>,
}

/// As the control plane counted them, over all model calls of the run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tokens {
    pub input: u64,
    /// Of the input, read from the prefix cache.
    pub cached: u64,
    pub output: u64,
}

impl Processed {
    /// In the scorer's format, with what it cost.
    pub fn line(&self) -> Value {
        let steps: Vec<Value> =
            self.steps.iter().map(|(step, seconds)| json!({"step": step, "seconds": seconds})).collect();
        let Tokens { input, cached, output } = self.tokens;
        json!({
            "claim_id": self.claim_id, "decision": self.decision, "payable_amount": self.payable_amount,
            "currency": self.currency, "reason_codes": self.reason_codes, "fields": self.fields,
            "seconds": self.seconds, "steps": steps, "complete": self.complete, "model": self.model,
            "tokens": {"input": input, "cached": cached, "output": output}, "trace_id": self.trace_id,
            "error": self.error,
        })
    }

    fn take_decision(&mut self, decision: &Value) {
        let text = |key: &str| decision[key].as_str().map(str::to_owned);
        self.decision = text("decision");
        self.payable_amount = text("payable_amount");
        self.currency = text("currency");
        self.model = text("llm_model");
        let codes = decision["reason_codes"].as_array().into_iter().flatten();
        self.reason_codes = codes.filter_map(Value::as_str).map(str::to_owned).collect();
    }

    fn take_evidence(&mut self, evidence: &Value) {
        let found = evidence["evidence"].as_array().into_iter().flatten().find(|found| found["kind"] == "document");
        let fields = found.and_then(|found| found.pointer("/payload/fields")).and_then(Value::as_object);
        self.fields = fields.into_iter().flatten().map(|(name, fact)| (name.clone(), fact["value"].clone())).collect();
    }

    fn take_steps(&mut self, logs: &Value) {
        let steps: Vec<&Value> = logs["logs"].as_array().into_iter().flatten().collect();
        self.complete =
            TOOLS.iter().all(|tool| steps.iter().any(|step| step["tool"] == *tool && step["status"] == "completed"));
        for step in steps {
            if step["kind"] == "agent" {
                let tokens = |path: &str| step["output_data"].pointer(path).and_then(Value::as_u64).unwrap_or(0);
                self.tokens.input += tokens("/usage/input_tokens");
                self.tokens.cached += tokens("/usage/input_tokens_details/cached_tokens");
                self.tokens.output += tokens("/usage/output_tokens");
                self.trace_id = step.pointer("/arguments/trace_id").and_then(Value::as_str).map(str::to_owned);
            }
            if let (Some(name), Some(spent)) = (step["step_name"].as_str(), step["duration_ms"].as_f64()) {
                self.steps.push((name.to_owned(), spent / 1000.0));
            }
        }
    }
}

/// Submits, processes and waits. What goes wrong is part of the result.
pub async fn process(api: &ClaimsApi, folder: &Path, intake: &Intake) -> Processed {
    let mut processed = Processed { claim_id: intake.claim_id.clone(), ..Processed::default() };
    let began = Instant::now();
    if let Err(error) = through(api, folder, intake, &mut processed, began).await {
        processed.error = Some(format!("{error:#}"));
    }
    processed
}

async fn through(
    api: &ClaimsApi,
    folder: &Path,
    intake: &Intake,
    processed: &mut Processed,
    began: Instant,
) -> Result<()> {
    let submission = Submission {
        file: &folder.join(&intake.document_path),
        user: &intake.user_id,
        received: intake.received_date.as_deref(),
        claim_number: intake.claim_number.as_deref(),
        claim_type: intake.claim_type.as_deref(),
    };
    let claim = api.submit(&submission).await?;
    let ended = api.process(&claim).await?;
    processed.seconds = began.elapsed().as_secs_f64();
    if ended["status"] == "processing" {
        bail!("still being processed after {:.0} s", processed.seconds);
    }
    processed.take_decision(&api.read(&claim, "decision").await?);
    processed.take_evidence(&api.read(&claim, "evidence").await?);
    processed.take_steps(&api.read(&claim, "logs").await.context("no steps")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_the_scorer_and_the_reader_of_costs_ask_for() {
        let mut claim = Processed { claim_id: "C-1".into(), ..Processed::default() };
        claim.take_decision(&json!({"decision": "approve", "payable_amount": "10.00", "currency": "EUR",
            "reason_codes": ["PAY"], "llm_model": "m"}));
        claim.take_evidence(&json!({"evidence": [
            {"kind": "policyholder", "payload": {}},
            {"kind": "document", "payload": {"fields": {"peril": {"value": "storm", "confidence": 0.9}}}},
        ]}));
        let tool = |name: &str| json!({"kind": "tool", "tool": name, "step_name": name, "status": "completed", "duration_ms": 500});
        let mut steps = vec![json!({"kind": "agent", "step_name": "agent", "status": "completed", "duration_ms": 2500,
            "arguments": {"trace_id": "ab"}, "output_data": {"usage": {"input_tokens": 9, "output_tokens": 2,
            "input_tokens_details": {"cached_tokens": 4}}}})];
        steps.extend(TOOLS[..3].iter().map(|name| tool(name)));
        claim.take_steps(&json!({"logs": steps}));
        assert!(!claim.complete, "no decision was asked for");
        steps.push(tool(TOOLS[3]));
        (claim.steps, claim.tokens) = (Vec::new(), Tokens::default());
        claim.take_steps(&json!({"logs": steps}));
        let line = claim.line();
        assert_eq!(line["fields"], json!({"peril": "storm"}));
        assert_eq!(line["tokens"], json!({"input": 9, "cached": 4, "output": 2}));
        assert_eq!((&line["complete"], &line["trace_id"]), (&json!(true), &json!("ab")));
        assert_eq!(line["steps"][0], json!({"step": "agent", "seconds": 2.5}));
        assert_eq!(line["steps"].as_array().map(Vec::len), Some(5));
    }
}
