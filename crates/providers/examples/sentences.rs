//! How many sentences a second an embedding model takes here: `sentences MODEL_DIR NAME SENTENCES.json [threads]`, the
//! sentences a JSON list. Prints one line of JSON: sentences a second, and a processor second, for calls of 1 and 32.
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::error::Error;
use std::time::{Duration, Instant};

use ports::context::CallContext;
use ports::embeddings::Embeddings;
use providers::sentence_transformers::{EncoderConfig, SentenceTransformers};
use serde_json::json;

const ROUNDS: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().ok_or(what);
    let (dir, name, file) = (next("which folder?")?.into(), next("which name?")?, next("which sentences?")?);
    let threads = next("").map_or(Ok(0), |text| text.parse())?;
    let sentences: Vec<String> = serde_json::from_slice(&std::fs::read(file)?)?;
    let model =
        SentenceTransformers::new(EncoderConfig { dir, name: name.clone(), threads, ..EncoderConfig::default() })?;
    let cx = CallContext::new("speed", Duration::from_secs(600));
    let begun = Instant::now();
    model.embed(&name, vec!["warm".into()], &cx).await?;
    let mut found = json!({"load_s": begun.elapsed().as_secs_f64()});
    for batch in [1, 32] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let (asked, cpu) = (Instant::now(), cpu_seconds()?);
            for texts in sentences.chunks(batch) {
                model.embed(&name, texts.to_vec(), &cx).await?;
            }
            rounds.push((asked.elapsed().as_secs_f64(), cpu_seconds()? - cpu));
        }
        // The median: other work on the machine comes and goes.
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (wall, cpu) = rounds[ROUNDS / 2];
        let count = sentences.len() as f64;
        found[batch.to_string()] = json!({"a_second": count / wall, "a_cpu_second": count / cpu});
    }
    found["memory_mb"] = json!(memory_mb()?);
    println!("{found}");
    Ok(())
}

fn memory_mb() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no memory told")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse::<u64>()? / 1024)
}

/// Of all threads, in user and kernel mode, at the kernel's hundredths of a second.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    let fields = status.rsplit(')').next().ok_or("no fields")?.split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}
