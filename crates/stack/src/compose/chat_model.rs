//! In-process models, where this build has them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use ports::embeddings::Embeddings;
use ports::inference::Inference;

use crate::config::{ProviderConfig, StackConfig};
use crate::models::{Cache, Catalogue};

#[cfg(feature = "llama")]
pub fn llama(provider: &ProviderConfig, config: &StackConfig, warm: bool) -> Result<Option<Arc<dyn Inference>>> {
    let Some(model) = &provider.model else { return Ok(None) };
    let model_path = if model.ends_with(".gguf") { PathBuf::from(model) } else { first_file(config, model, ".gguf")? };
    let name = model_path.file_stem().filter(|_| model.ends_with(".gguf"));
    let defaults = llama::LlamaConfig::default();
    let provider = llama::LlamaProvider::new(llama::LlamaConfig {
        name: name.map_or_else(|| model.clone(), |stem| stem.to_string_lossy().into_owned()),
        model_path,
        context_tokens: provider.context_tokens.unwrap_or(defaults.context_tokens),
        threads: provider.threads.unwrap_or(defaults.threads),
        ..defaults
    })?;
    if warm {
        provider.warm();
    }
    Ok(Some(Arc::new(provider)))
}

#[cfg(not(feature = "llama"))]
pub fn llama(_: &ProviderConfig, _: &StackConfig, _: bool) -> Result<Option<Arc<dyn Inference>>> {
    tracing::info!("this build has no llama.cpp: inline::llama-cpp is off");
    Ok(None)
}

#[cfg(feature = "embeddings")]
pub fn sentence_transformers(provider: &ProviderConfig, config: &StackConfig) -> Result<Option<Arc<dyn Embeddings>>> {
    let Some(model) = &provider.model else { return Ok(None) };
    let weights = first_file(config, model, ".safetensors").or_else(|_| first_file(config, model, ".npz"))?;
    let dir = weights.parent().context("the model file has no folder")?.to_owned();
    let defaults = providers::sentence_transformers::EncoderConfig::default();
    let threads = provider.threads.map_or(defaults.threads, |threads| threads as usize);
    let embeddings =
        providers::sentence_transformers::SentenceTransformers::new(providers::sentence_transformers::EncoderConfig {
            dir,
            name: format!("sentence-transformers/{model}"),
            threads,
            ..defaults
        })?;
    Ok(Some(Arc::new(embeddings)))
}

#[cfg(not(feature = "embeddings"))]
pub fn sentence_transformers(_: &ProviderConfig, _: &StackConfig) -> Result<Option<Arc<dyn Embeddings>>> {
    tracing::info!("this build has no embedding model: inline::sentence-transformers is off");
    Ok(None)
}

/// The cache that configuration names, else the user's own.
pub fn cache(config: &StackConfig) -> Result<Cache> {
    match &config.models.dir {
        Some(dir) => Ok(Cache::new(dir.clone())),
        None => Ok(Cache::from_env()?),
    }
}

/// Where the catalogue's file of `model` with this ending is, or will be once it is fetched.
pub fn first_file(config: &StackConfig, model: &str, ending: &str) -> Result<PathBuf> {
    let catalogue = Catalogue::from_env()?;
    let entry = catalogue.model(model)?;
    let file = entry.files.iter().find(|file| file.name.ends_with(ending));
    let file = file.with_context(|| format!("model {model} of the catalogue has no {ending} file"))?;
    Ok(cache(config)?.path(entry, file))
}
