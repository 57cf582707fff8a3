//! `claimstack demo`: the sample data in, every sample claim processed live, a table out, the page left open.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::compose;
use crate::config::StackConfig;
use crate::house::{Addresses, House};
use crate::output::{line, remark};
use crate::resources::peak_memory_mb;
use crate::submit::ClaimsApi;

/// Longest wait for the models to load and the past claims to be indexed.
const WARM_UP: Duration = Duration::from_secs(600);

/// One line of `samples/demo.jsonl`.
#[derive(Deserialize)]
struct Chosen {
    claim_id: String,
    shows: String,
}

pub async fn run(config: StackConfig, samples: &Path, once: bool) -> Result<ExitCode> {
    let chosen = chosen(samples)?;
    import(&config, samples, true).await?;
    let house = House::whole(config).await?;
    let at = house.addresses;
    let stop = host::Stop::on_signals()?;
    let serving = tokio::spawn(house.serve(stop.clone()));
    let began = Instant::now();
    warm_up(&at, &stop).await?;
    remark(&format!("ready after {:.0} s: model loaded, past claims indexed\n", began.elapsed().as_secs_f64()));

    let api = ClaimsApi::new(&format!("http://{}", at.claims))?;
    let began = Instant::now();
    let failed = table(&api, &chosen, &stop).await?;
    line(&format!(
        "\n{} claims in {:.0} s, one after the other; peak memory {:.0} MB in all processes",
        chosen.len(),
        began.elapsed().as_secs_f64(),
        peak_memory_mb()
    ));
    if once {
        stop.soft().cancel();
    } else {
        line(&format!("the page is at http://{} (Ctrl-C ends it)", at.claims));
    }
    serving.await??;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Reference data, and the sample claims with their documents. What is there already is left alone.
pub async fn import(config: &StackConfig, folder: &Path, with_claims: bool) -> Result<()> {
    let storage = claims::open(&compose::claims_config(config)).await?;
    let reference = folder.join("reference");
    let reference = if reference.is_dir() { reference } else { folder.to_owned() };
    let count = claims::import_folder(&storage, &reference).await.context("reference data not imported")?;
    remark(&format!(
        "imported {} policyholders, {} contracts, {} past claims, {} articles",
        count.users, count.contracts, count.past_claims, count.articles
    ));
    if with_claims {
        let report = claims::import_samples(&storage, folder).await.context("sample claims not imported")?;
        remark(&format!("imported {} sample claims, {} were there", report.created, report.kept));
    }
    Ok(())
}

fn chosen(samples: &Path) -> Result<Vec<Chosen>> {
    let path = samples.join("demo.jsonl");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("cannot read {}; run this from the project's folder or give --samples", path.display())
    })?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).with_context(|| format!("{}: {line}", path.display()))).collect()
}

/// Waits until the chat model has loaded and the retrieval server has its index, saying what it waits for.
pub async fn warm_up(at: &Addresses, stop: &host::Stop) -> Result<()> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let deadline = Instant::now() + WARM_UP;
    let mut said = String::new();
    loop {
        let waiting = match waiting_for(&http, at).await {
            None => return Ok(()),
            Some(waiting) => waiting,
        };
        if waiting != said {
            remark(&format!("waiting: {waiting}"));
            said = waiting;
        }
        if Instant::now() > deadline {
            remark("not everything is ready; going on");
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            () = stop.soft().cancelled() => bail!("stopped"),
        }
    }
}

async fn waiting_for(http: &reqwest::Client, at: &Addresses) -> Option<String> {
    let get = async |url: String| -> Option<Value> { http.get(url).send().await.ok()?.json().await.ok() };
    let Some(providers) = get(format!("http://{}/v1/providers", at.gateway)).await else {
        return Some("the control plane".into());
    };
    for provider in providers.get("data").and_then(Value::as_array).into_iter().flatten() {
        let message = provider.pointer("/health/message").and_then(Value::as_str).unwrap_or_default();
        if provider["provider_type"] == "inline::llama-cpp" && message.contains("loading") {
            return Some("the chat model is loading".into());
        }
    }
    let index = http
        .post(format!("http://{}/tools/rag_health_check", at.rag))
        .json(&serde_json::json!({}))
        .send()
        .await
        .ok()?
        .json::<Value>()
        .await
        .ok()?;
    let index = index.get("result").unwrap_or(&index);
    index_wait(index)
}

/// What the retrieval server still has to embed, if anything. Without an embedding model it searches by words, and
/// there is nothing to wait for.
fn index_wait(index: &Value) -> Option<String> {
    let reference = index.get("reference")?;
    if reference["ready"] == false {
        return Some("the retrieval server reads the past claims".into());
    }
    let number = |key: &str| index.pointer(&format!("/embeddings/{key}")).and_then(Value::as_u64).unwrap_or(0);
    let (waiting, done) = (number("waiting"), number("vectors"));
    let building = index.pointer("/embeddings/reason").is_some_and(|reason| reason == "the index is being built");
    // In steps, so that a slow machine prints a dozen lines and not hundreds.
    (waiting > 0 && building)
        .then(|| format!("past claims are being indexed, {} % done", done * 10 / (done + waiting) * 10))
}

/// Processes the claims one after the other and prints a line for each; says how many could not be processed.
async fn table(api: &ClaimsApi, chosen: &[Chosen], stop: &host::Stop) -> Result<usize> {
    line(&format!(
        "{:<10} {:<14} {:>14}  {:<28} {:>7}  {}",
        "claim", "decision", "amount", "reason", "seconds", "what it shows"
    ));
    let mut failed = 0;
    for claim in chosen {
        let began = Instant::now();
        let row = tokio::select! {
            row = one(api, &claim.claim_id) => row,
            () = stop.soft().cancelled() => bail!("stopped"),
        };
        let seconds = began.elapsed().as_secs_f64();
        let row = row.unwrap_or_else(|error| Row {
            decision: "error".into(),
            amount: String::new(),
            reason: format!("{error:#}"),
        });
        failed += usize::from(row.decision == "error" || row.reason == "PROCESSING_FAILED");
        line(&format!(
            "{:<10} {:<14} {:>14}  {:<28} {seconds:>7.1}  {}",
            claim.claim_id, row.decision, row.amount, row.reason, claim.shows
        ));
    }
    Ok(failed)
}

struct Row {
    decision: String,
    amount: String,
    reason: String,
}

async fn one(api: &ClaimsApi, claim: &str) -> Result<Row> {
    api.process(claim).await?;
    let decision = api.decision(claim).await?;
    let text = |key: &str| decision.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let codes: Vec<&str> = decision
        .get("reason_codes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let amount = match text("payable_amount") {
        amount if amount.is_empty() || text("decision") != "approve" => String::new(),
        amount => format!("{amount} {}", text("currency")),
    };
    Ok(Row { decision: text("decision"), amount, reason: codes.first().copied().unwrap_or_default().to_owned() })
}
