//! `claimstack evaluate`: a whole data set through the real path, one line of results a claim, and a judgement.

mod claim;
mod dataset;
mod score;
mod summary;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Evaluate;
use crate::config::StackConfig;
use crate::demo;
use crate::house::{House, on_free_ports};
use crate::output::{line, remark};
use crate::resources::processor_seconds;
use crate::submit::ClaimsApi;

use claim::Processed;
use dataset::Intake;

/// Status 1 when a claim could not be processed at all; a wrong decision is a figure, not a failure.
pub async fn run(mut config: StackConfig, evaluate: Evaluate) -> Result<ExitCode> {
    let mut intake = dataset::intake(&evaluate.dataset)?;
    intake.truncate(evaluate.limit.unwrap_or(usize::MAX));
    let mut out = std::io::BufWriter::new(
        std::fs::File::create(&evaluate.out).with_context(|| format!("cannot write {}", evaluate.out.display()))?,
    );
    let jobs = evaluate.jobs.clamp(1, 64);
    let home = tempfile::tempdir().context("no folder for a temporary database")?;
    config.data_dir = home.path().to_owned();
    (config.claims.database_url, config.gateway.database_url) = (None, None);
    config.claims.workers = jobs;
    config.claims.model = evaluate.model.clone().or(config.claims.model);
    on_free_ports(&mut config);
    demo::import(&config, &evaluate.dataset, false).await?;

    let house = House::whole(config).await?;
    let at = house.addresses;
    let stop = host::Stop::on_signals()?;
    let serving = tokio::spawn(house.serve(stop.clone()));
    demo::warm_up(&at, &stop).await?;
    let api = ClaimsApi::new(&format!("http://{}", at.claims))?;
    let (began, before) = (Instant::now(), processor_seconds());
    let processed = tokio::select! {
        processed = all(&api, &evaluate.dataset, &intake, jobs, &mut out) => processed?,
        () = stop.soft().cancelled() => bail!("stopped; {} holds the claims processed so far", evaluate.out.display()),
    };
    let (took, spent) = (began.elapsed(), processor_seconds() - before);
    stop.soft().cancel();
    serving.await??;

    summary::print(&processed, took, spent);
    // Only now: what the system is judged by was not there for it to read.
    match score::judge(&evaluate.dataset, &processed)? {
        Some(judged) => line(&judged.to_string()),
        None => remark("no ground_truth.jsonl in the data set: nothing to compare with"),
    }
    let failed = processed.iter().filter(|claim| claim.error.is_some()).count();
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// `jobs` claims at a time; each is written down as soon as it is done.
async fn all(
    api: &ClaimsApi,
    folder: &Path,
    intake: &[Intake],
    jobs: usize,
    out: &mut impl Write,
) -> Result<Vec<Processed>> {
    let bar = ProgressBar::new(intake.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} claims, {elapsed} gone, {eta} left")?);
    line(summary::HEAD);
    let mut running =
        futures::stream::iter(intake).map(|claim| claim::process(api, folder, claim)).buffer_unordered(jobs);
    let mut processed = Vec::with_capacity(intake.len());
    while let Some(claim) = running.next().await {
        serde_json::to_writer(&mut *out, &claim.line())?;
        out.write_all(b"\n")?;
        out.flush()?;
        bar.suspend(|| line(&summary::row(&claim)));
        bar.inc(1);
        processed.push(claim);
    }
    bar.finish_and_clear();
    Ok(processed)
}
