//! `claimstack process FILE --user ID`: one document, one decision.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::cli::Process;
use crate::config::StackConfig;
use crate::house::{House, on_free_ports};
use crate::output::line;
use crate::submit::{ClaimsApi, Submission};

/// Uses the claims service at `--url`, or starts everything for this one claim on free ports. Status 1 when the claim
/// could not be processed; a claim that goes to a person is a success.
pub async fn run(mut config: StackConfig, process: Process) -> Result<ExitCode> {
    if !process.file.is_file() {
        bail!("{}: there is no such file", process.file.display());
    }
    if let Some(url) = &process.url {
        return decide(&ClaimsApi::with_token(url, process.token.as_deref())?, &process).await;
    }
    on_free_ports(&mut config);
    let house = House::whole(config).await?;
    let api = ClaimsApi::new(&format!("http://{}", house.addresses.claims))?;
    let stop = host::Stop::on_signals()?;
    let serving = tokio::spawn(house.serve(stop.clone()));
    let outcome = tokio::select! {
        outcome = decide(&api, &process) => outcome,
        () = stop.soft().cancelled() => bail!("stopped; the claim is kept and will be processed at the next start"),
    };
    stop.soft().cancel();
    serving.await??;
    outcome
}

async fn decide(api: &ClaimsApi, process: &Process) -> Result<ExitCode> {
    let submission = Submission {
        file: &process.file,
        user: &process.user,
        received: process.received.as_deref(),
        claim_number: None,
        claim_type: None,
    };
    let claim = api.submit(&submission).await?;
    api.process(&claim).await?;
    let decision = api.decision(&claim).await?;
    if process.json {
        line(&serde_json::to_string_pretty(&decision)?);
    } else {
        print(&claim, &decision);
    }
    let failed = codes(&decision).contains(&"PROCESSING_FAILED");
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn print(claim: &str, decision: &Value) {
    let text = |key: &str| decision.get(key).and_then(Value::as_str).unwrap_or_default();
    line(&format!("claim      {claim}"));
    line(&format!("decision   {}", text("decision")));
    if !text("payable_amount").is_empty() {
        line(&format!("amount     {} {}", text("payable_amount"), text("currency")));
    }
    line(&format!("reasons    {}", codes(decision).join(", ")));
    line(&format!("\n{}", text("reasoning")));
}

fn codes(decision: &Value) -> Vec<&str> {
    decision.get("reason_codes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
