//! Measures reading against texts that are known: `make eval-ocr`.
//!
//! `eval_ocr --samples DIR --export DIR` makes a set of the sample claims; `eval_ocr --data DIR --models DIR
//! [--jobs N] [--peer FILE] [--out FILE] [--worst N]` reads a set and prints the tables; with `--fit FILE` it writes
//! what scripts/fit-confidence.py fits the confidence of lines to.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing, reason = "a command-line tool")]

mod cases;
mod degrade;
mod fit;
mod score;
mod table;
mod usage;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ocr::{Limits, ModelFiles, Pool, Reading, WorkerConfig};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use cases::Case;
use table::Read;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Default)]
struct Options {
    samples: Option<PathBuf>,
    export: Option<PathBuf>,
    data: Option<PathBuf>,
    models: PathBuf,
    jobs: usize,
    peer: Option<PathBuf>,
    out: Option<PathBuf>,
    worst: usize,
    fit: Option<PathBuf>,
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { jobs: 2, worst: 8, ..Options::default() };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or(format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--samples" => options.samples = Some(value.into()),
            "--export" => options.export = Some(value.into()),
            "--data" => options.data = Some(value.into()),
            "--models" => options.models = value.into(),
            "--jobs" => options.jobs = value.parse()?,
            "--peer" => options.peer = Some(value.into()),
            "--out" => options.out = Some(value.into()),
            "--fit" => options.fit = Some(value.into()),
            "--worst" => options.worst = value.parse()?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

/// What a reader gave for one case; the peer's script writes the same.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Prediction {
    text: String,
    #[serde(default)]
    cpu_s: f64,
}

fn files(options: &Options) -> ModelFiles {
    ModelFiles {
        detector: options.models.join("PP-OCRv6_det_small.onnx"),
        recogniser: options.models.join("PP-OCRv6_rec_small.onnx"),
        dictionary: None,
    }
}

fn pool(options: &Options, queue: usize) -> Pool {
    let models = files(options);
    let worker = WorkerConfig { processes: options.jobs, threads: 1, queue, ..WorkerConfig::default() };
    Pool::new(worker, Limits::default(), Some(models))
}

/// Reads the cases of which `wanted` is true, as many at a time as there are workers.
async fn read_all(
    pool: &Arc<Pool>,
    cases: &Arc<Vec<Case>>,
    reads: &mut [Read],
    wanted: impl Fn(&Case) -> bool,
) -> Result<usize, Failure> {
    let mut running = JoinSet::new();
    for index in (0..cases.len()).filter(|index| wanted(&cases[*index])) {
        let (pool, cases) = (Arc::clone(pool), Arc::clone(cases));
        running.spawn(async move { (index, pool.read(&cases[index].bytes).await) });
    }
    let (all, mut done, start) = (running.len(), 0, Instant::now());
    let mut pages = 0;
    while let Some(finished) = running.join_next().await {
        let (index, reading) = finished?;
        let reading: Reading = reading.map_err(|error| format!("{}: {error}", cases[index].id))?;
        if let Some(reason) = &reading.document.unreadable_reason {
            eprintln!("\n{}: unreadable: {reason}", cases[index].id);
        }
        pages += reading.pages.len();
        let lines = reading.pages.iter().flat_map(|page| &page.lines);
        reads[index] = Read {
            lines: lines.map(|line| (line.text.clone(), line.confidence)).collect(),
            turned: reading.pages.iter().map(|page| page.turned).collect(),
            text: reading.raw_text,
        };
        done += 1;
        let filled = done * 30 / all;
        let bar = "#".repeat(filled) + &".".repeat(30 - filled);
        eprint!("\r[{bar}] {done}/{all} {:.0} s  ", start.elapsed().as_secs_f32());
    }
    eprintln!();
    Ok(pages)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() == Some(ocr::worker::WORKER_COMMAND) {
        return Ok(ocr::worker::run()?);
    }
    let options = options()?;
    if let (Some(samples), Some(export)) = (&options.samples, &options.export) {
        let cases = cases::of_samples(samples, &pool(&options, 16)).await?;
        return cases::write(&cases, export);
    }
    let data = options.data.as_ref().ok_or("--data is missing")?;
    let cases = Arc::new(cases::of_manifest(data)?);
    if let Some(path) = &options.fit {
        return fit::write(&cases, &files(&options), path);
    }
    let pool = Arc::new(pool(&options, cases.len()));
    let mut reads = vec![Read::default(); cases.len()];
    let is_layer = |case: &Case| case.degradation == "textlayer";

    // Starts the workers and loads the models, so that neither counts as reading.
    read_all(&pool, &cases, &mut reads, is_layer).await?;
    let started = usage::children();
    let layers = read_all(&pool, &cases, &mut reads, is_layer).await?;
    let after_layers = usage::children();
    let pictures = read_all(&pool, &cases, &mut reads, |case| !is_layer(case)).await?;
    let after = usage::children();

    let texts: Vec<Option<&str>> = reads.iter().map(|read| Some(read.text.as_str())).collect();
    table::errors("This reader", &cases, &texts);
    table::turns(&cases, &reads);
    table::reliability(&cases, &reads);
    table::worst(&cases, &reads, options.worst);
    let layer_ms = 1000.0 * (after_layers.cpu_seconds - started.cpu_seconds) / layers.max(1) as f64;
    let page_s = (after.cpu_seconds - after_layers.cpu_seconds) / pictures.max(1) as f64;
    println!("\nProcessor time: {layer_ms:.1} ms a page with a text layer, {page_s:.2} s a page recognised");
    println!("Peak memory of {} worker processes together: {:.0} MB", options.jobs, after.peak_mb);

    if let Some(path) = &options.peer {
        let peer: BTreeMap<String, Prediction> = serde_json::from_slice(&std::fs::read(path)?)?;
        let texts: Vec<Option<&str>> = cases.iter().map(|case| Some(peer.get(&case.id)?.text.as_str())).collect();
        table::errors("The peer", &cases, &texts);
        let cpu: Vec<f64> = peer.values().map(|prediction| prediction.cpu_s).collect();
        let peer_s = cpu.iter().sum::<f64>() / cpu.len().max(1) as f64;
        println!("\nThe peer: {peer_s:.2} s a page; pages a processor second, ours to theirs: {:.2}", peer_s / page_s);
    }
    if let Some(path) = &options.out {
        let predictions: BTreeMap<&str, Prediction> = cases
            .iter()
            .zip(reads)
            .map(|(case, read)| (case.id.as_str(), Prediction { text: read.text, cpu_s: page_s }))
            .collect();
        std::fs::write(path, serde_json::to_vec_pretty(&predictions)?)?;
    }
    Ok(())
}
