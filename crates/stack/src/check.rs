//! `claimstack check`: the configuration is valid, and this is what would start.

use std::path::Path;

use anyhow::Result;

use crate::compose;
use crate::config::{ProviderConfig, ProviderKind, StackConfig};
use crate::output::line;

pub fn run(config: &StackConfig, file: Option<&Path>, show: bool) -> Result<()> {
    if show {
        let text = match file {
            Some(file) => std::fs::read_to_string(file)?,
            None => include_str!("../default.yaml").to_owned(),
        };
        line(text.trim_end());
        return Ok(());
    }
    let claims = compose::claims_config(config);
    claims.check()?;
    claims.may_listen(config.claims.listen)?;
    line(&format!("configuration  {}", file.map_or("built-in".into(), |file| file.display().to_string())));
    line(&format!("data           {}", config.data_dir.display()));
    let services = [
        ("claims", config.claims.listen),
        ("gateway", config.gateway.listen),
        ("ocr", config.ocr.listen),
        ("rag", config.rag.listen),
        ("decision", config.decision.listen),
    ];
    for (name, address) in services {
        line(&format!("{name:<14} {address}"));
    }
    for provider in &config.gateway.providers {
        line(&format!("provider       {} ({}): {}", provider.id, provider.kind.name(), state(provider, config)));
    }
    for (label, connector) in &config.gateway.connectors {
        let place = connector.url.as_ref().or(connector.command.as_ref());
        line(&format!("tool server    {label}: {}", place.map_or("nowhere: give url or command", String::as_str)));
    }
    Ok(())
}

fn state(provider: &ProviderConfig, config: &StackConfig) -> String {
    let ending = match provider.kind {
        ProviderKind::Vllm | ProviderKind::OpenAi | ProviderKind::RemoteEmbedding | ProviderKind::RemoteRerank => {
            return provider.url.clone().unwrap_or_else(|| "off, no url".into());
        }
        ProviderKind::LlamaCpp if !cfg!(feature = "llama") => return "off, not in this build".into(),
        ProviderKind::SentenceTransformers if !cfg!(feature = "embeddings") => return "off, not in this build".into(),
        ProviderKind::LlamaCpp => ".gguf",
        ProviderKind::SentenceTransformers => ".safetensors",
    };
    let Some(model) = &provider.model else { return "off, no model".into() };
    match compose::first_file(config, model, ending) {
        Ok(path) if path.is_file() => format!("{model} at {}", path.display()),
        Ok(path) => format!("{model} is not at {}: run `claimstack models pull`", path.display()),
        Err(error) => format!("{model}: {error:#}"),
    }
}
