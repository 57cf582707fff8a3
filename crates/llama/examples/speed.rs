//! How fast a model reads and writes here: `speed MODEL.gguf [threads] [batch]`. Processor seconds are the figure to
//! compare on a machine that others use too.
#![allow(clippy::print_stdout, reason = "a measurement is for reading")]

use std::time::{Duration, Instant};

use futures::StreamExt;
use llama::{LlamaConfig, LlamaProvider};
use ports::context::CallContext;
use ports::inference::{ChatCall, ChatDelta, Inference};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model_path = arguments.next().ok_or("which model?")?.into();
    let threads = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let batch = arguments.next().map_or(Ok(LlamaConfig::default().batch), |text| text.parse())?;
    let provider = LlamaProvider::new(LlamaConfig { model_path, threads, batch, ..LlamaConfig::default() })?;
    let begun = Instant::now();
    for round in 0..3 {
        let text = format!("Round {round}. {}", "The garage door was hit by a falling branch at night. ".repeat(30));
        let call: ChatCall = ChatCall::from(serde_json::from_value::<wire::openai::chat::ChatRequest>(json!({
            "model": "local", "max_tokens": 64,
            "messages": [{"role": "user", "content": format!("{text} Tell this as a long story.")}]
        }))?);
        let asked = Instant::now();
        let mut stream = provider.chat(call, &CallContext::new("speed", Duration::from_secs(600))).await?;
        let (started, started_cpu) = (Instant::now(), cpu_seconds()?);
        let mut first = None;
        while let Some(delta) = stream.next().await {
            let delta = delta?;
            if first.is_none() {
                first = Some((Instant::now(), cpu_seconds()?));
            }
            let (ChatDelta::Usage(usage), Some((first, first_cpu))) = (&delta, first) else { continue };
            let cached = usage.extra["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0);
            let (read, written) = ((usage.prompt_tokens - cached) as f64, (usage.completion_tokens - 1) as f64);
            let (read_cpu, write_cpu) = (first_cpu - started_cpu, cpu_seconds()? - first_cpu);
            println!(
                "round {round}: {:.1} s to begin; read {read} tokens: {:.1}/s, {:.1}/cpu-s; wrote {written}: {:.1}/s, {:.1}/cpu-s",
                (started - asked).as_secs_f64(),
                read / (first - started).as_secs_f64(),
                read / read_cpu,
                written / first.elapsed().as_secs_f64(),
                written / write_cpu,
            );
        }
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    println!("{} in {:?}", memory.collect::<Vec<_>>().join(", "), begun.elapsed());
    Ok(())
}

/// Of all threads, in user and kernel mode, at the kernel's hundredths of a second.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/stat")?;
    let fields = status.rsplit(')').next().ok_or("no fields")?.split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}
