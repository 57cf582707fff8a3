//! How many sentences a second the embedding model takes here: `sentences MODEL_DIR [threads]`. Processor seconds are
//! the figure to compare on a machine that others use too.
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::time::{Duration, Instant};

use ports::context::CallContext;
use ports::embeddings::Embeddings;
use providers::sentence_transformers::{EncoderConfig, SentenceTransformers};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().ok_or("which folder?")?.into();
    let threads = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let config = EncoderConfig { dir, threads, ..EncoderConfig::default() };
    let name = config.name.clone();
    let model = SentenceTransformers::new(config)?;
    let cx = CallContext::new("speed", Duration::from_secs(600));
    let begun = Instant::now();
    model.embed(&name, vec!["warm".into()], &cx).await?;
    println!("loaded in {:.1} s ({:.1} cpu-s)", begun.elapsed().as_secs_f64(), cpu_seconds()?);
    for count in [1usize, 8, 64] {
        let text =
            |n: usize| format!("Claim {n}: water from a burst pipe {} ruined the floor.", "and a leak ".repeat(n % 9));
        let (asked, cpu) = (Instant::now(), cpu_seconds()?);
        model.embed(&name, (0..count).map(text).collect(), &cx).await?;
        let (wall, cpu) = (asked.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
        println!("{count} sentences: {:.1}/s, {:.1}/cpu-s", count as f64 / wall, count as f64 / cpu);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    println!("{}", memory.collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Of all threads, in user and kernel mode, at the kernel's hundredths of a second.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    let fields = status.rsplit(')').next().ok_or("no fields")?.split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}
