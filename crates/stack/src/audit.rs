//! `claimstack audit`: a claim's whole record as a file, and the check of such a file far from any service.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use claims::domain::{AuditDecision, AuditFile};
use decision::{INPUTS_KIND, Policy};
use serde_json::Value;

use crate::cli::{Audit, AuditExport, AuditVerify};
use crate::config::StackConfig;
use crate::output::{error, line};
use crate::{compose, submit::ClaimsApi};

/// Largest audit file that is read, in bytes.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

pub async fn run(config: &StackConfig, audit: Audit) -> Result<ExitCode> {
    match audit {
        Audit::Export(export) => export_claim(config, &export).await,
        Audit::Verify(verify) => verify_file(&verify),
    }
}

async fn export_claim(config: &StackConfig, export: &AuditExport) -> Result<ExitCode> {
    let mut file = match &export.url {
        Some(url) => serde_json::from_value(ClaimsApi::new(url)?.read(&export.claim, "audit").await?)?,
        None => from_database(config, &export.claim).await?,
    };
    let (text, policy) = compose::policy_text(config)?;
    if file.findings.iter().any(|found| found.payload["policy_sha256"] == *policy.sha256) {
        file.policy = Some(text);
    }
    let text = serde_json::to_string_pretty(&file)?;
    match &export.out {
        None => line(&text),
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
            let (events, decisions) = (file.events.len(), file.decisions.len());
            let head = file.events.last().map_or("none", |event| event.hash.as_str());
            line(&format!("{}: {events} events, {decisions} decisions, head {head}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn from_database(config: &StackConfig, claim: &str) -> Result<AuditFile> {
    let unknown = || format!("claim {claim}: there is no such claim");
    let id = claims::domain::ClaimId::parse(claim).ok().with_context(unknown)?;
    let storage = claims::open(&compose::claims_config(config)).await?;
    claims::store::ClaimStore::audit(&*storage.store, &id).await?.with_context(unknown)
}

/// Status 1 when anything is not as it was written, or a decision does not come out again.
fn verify_file(verify: &AuditVerify) -> Result<ExitCode> {
    let file = read(&verify.file)?;
    let policy = match (&verify.policy, &file.policy) {
        (Some(path), _) => Policy::from_path(path)?,
        (None, Some(text)) => Policy::load(text)?,
        (None, None) => Policy::embedded()?,
    };
    let mut problems = file.problems();
    line(&format!("claim      {}", file.claim_id));
    let unchained = file.events.iter().filter(|event| event.hash.is_empty()).count();
    let before = if unchained > 0 { format!(" ({unchained} from before the chain)") } else { String::new() };
    line(&format!("events     {}{before}", file.events.len()));
    for decision in &file.decisions {
        let outcome = decision.body["decision"].as_str().unwrap_or_default();
        let said = match again(&file, decision, &policy) {
            Ok(Again::Same) => "the same again, to the last character".to_owned(),
            Ok(Again::NotByPolicy) => "taken by the service, not by the policy: nothing to take again".to_owned(),
            Ok(Again::Other(keys)) => {
                problems.push(format!("decision {}: taken again it differs in {}", decision.version, keys.join(", ")));
                "differs".to_owned()
            }
            Err(why) => {
                problems.push(format!("decision {}: cannot be taken again: {why}", decision.version));
                "cannot be taken again".to_owned()
            }
        };
        line(&format!("decision {} {outcome}: {said}", decision.version));
    }
    problems.iter().for_each(|problem| error(problem));
    line(if problems.is_empty() { "whole      yes" } else { "whole      NO" });
    Ok(ExitCode::from(u8::from(!problems.is_empty())))
}

fn read(path: &Path) -> Result<AuditFile> {
    let named = || format!("{}", path.display());
    let size = std::fs::metadata(path).with_context(named)?.len();
    anyhow::ensure!(size <= LARGEST_FILE, "{}: larger than {LARGEST_FILE} bytes", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    serde_json::from_str(&text).with_context(|| format!("{}: not an audit file", path.display()))
}

enum Again {
    Same,
    Other(Vec<String>),
    NotByPolicy,
}

/// Decides again on the inputs that were kept with the decision.
fn again(file: &AuditFile, taken: &AuditDecision, policy: &Policy) -> Result<Again> {
    if taken.source != "tool" {
        return Ok(Again::NotByPolicy);
    }
    let of_run = || file.findings.iter().filter(|found| found.run_id == taken.run_id);
    // A decision asked for twice leaves its inputs twice; any of them must give it.
    let inputs: Vec<_> = of_run().filter(|found| found.kind == INPUTS_KIND).collect();
    anyhow::ensure!(!inputs.is_empty(), "its inputs are not in the file");
    let findings: Vec<Value> = of_run().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let mut differing = Vec::new();
    for inputs in inputs {
        let report = decision::replay(&inputs.payload, &findings, policy)?;
        differing = differences(&report, &taken.body);
        if differing.is_empty() {
            return Ok(Again::Same);
        }
    }
    Ok(Again::Other(differing))
}

/// Given by the claims service when it keeps a decision, so no part of what was decided.
const GIVEN_LATER: [&str; 2] = ["decision_id", "version"];

/// The fields in which two reports differ. A field that is absent is one that is null.
fn differences(one: &Value, other: &Value) -> Vec<String> {
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = keys(one);
    all.extend(keys(other));
    all.sort();
    all.dedup();
    all.retain(|key| !GIVEN_LATER.contains(&key.as_str()) && one[key.as_str()] != other[key.as_str()]);
    all
}
