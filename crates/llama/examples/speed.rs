//! How fast a model reads and writes here: `speed MODEL.gguf [threads]`.
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
    let provider = LlamaProvider::new(LlamaConfig { model_path, threads, ..LlamaConfig::default() })?;
    let begun = Instant::now();
    for round in 0..3 {
        let text = format!("Round {round}. {}", "The garage door was hit by a falling branch at night. ".repeat(30));
        let call: ChatCall = ChatCall::from(serde_json::from_value::<wire::openai::chat::ChatRequest>(json!({
            "model": "local", "max_tokens": 64,
            "messages": [{"role": "user", "content": format!("{text} Tell this as a long story.")}]
        }))?);
        let asked = Instant::now();
        let mut stream = provider.chat(call, &CallContext::new("speed", Duration::from_secs(600))).await?;
        let started = Instant::now();
        let mut first = None;
        while let Some(delta) = stream.next().await {
            let delta = delta?;
            first.get_or_insert_with(Instant::now);
            if let (ChatDelta::Usage(usage), Some(first)) = (&delta, first) {
                let cached = usage.extra["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0);
                let read = (usage.prompt_tokens - cached) as f64 / (first - started).as_secs_f64();
                let written = (usage.completion_tokens - 1) as f64 / first.elapsed().as_secs_f64();
                println!(
                    "round {round}: waited {:?} before reading; {} tokens ({cached} cached) read at {read:.1}/s, {} written at {written:.1}/s",
                    started - asked,
                    usage.prompt_tokens,
                    usage.completion_tokens
                );
            }
        }
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
    println!("{} in {:?}", memory.collect::<Vec<_>>().join(", "), begun.elapsed());
    Ok(())
}
