//! Providers from configuration. One that cannot be set up is left out and said so; the others serve.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use engine::ModelTraits;
use engine::registry::{ProviderEntry, Serves};
use ports::detectors::Detectors;
use providers::openai::{FmsOrchestrator, OpenAiCompatible, OpenAiConfig, OpenAiEmbeddings, RemoteRerank, Tls};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::config::{DetectorSettings, ProviderConfig, ProviderKind, StackConfig, TlsVerify};

use super::chat_model;

pub fn entries(config: &StackConfig, warm: bool) -> Vec<ProviderEntry> {
    let mut entries = Vec::new();
    for provider in &config.gateway.providers {
        match serves(provider, config, warm) {
            Ok(all) if all.is_empty() => tracing::debug!(provider = %provider.id, "provider is off"),
            Ok(all) => entries.extend(all.into_iter().map(|serves| ProviderEntry {
                id: provider.id.clone(),
                kind: provider.kind.name().into(),
                serves,
                shown_config: shown(provider),
            })),
            Err(error) => tracing::warn!(provider = %provider.id, error = %format!("{error:#}"), "provider left out"),
        }
    }
    entries
}

/// Without secrets; that there is one may be seen.
fn shown(provider: &ProviderConfig) -> Value {
    json!({
        "url": provider.url, "base_url": provider.url, "api_token": provider.api_token.as_ref().map(|_| "********"),
        "max_tokens": provider.max_tokens, "model": provider.model, "models": provider.models,
    })
}

/// Empty when the provider is switched off: a remote one without a URL, an in-process one this build lacks.
fn serves(provider: &ProviderConfig, config: &StackConfig, warm: bool) -> Result<Vec<Serves>> {
    let here = match provider.kind {
        ProviderKind::LlamaCpp => {
            let chat = chat_model::llama(provider, config, warm)?;
            chat.map(|inference| Serves::Chat(inference, traits(provider, true)))
        }
        ProviderKind::SentenceTransformers => {
            chat_model::sentence_transformers(provider, config)?.map(Serves::Embeddings)
        }
        _ => return Ok(remote(provider).map(|remote| far(provider, remote)).unwrap_or_default()),
    };
    Ok(here.into_iter().collect())
}

/// A chat server may have embedding models too.
fn far(provider: &ProviderConfig, remote: OpenAiConfig) -> Vec<Serves> {
    match provider.kind {
        ProviderKind::RemoteEmbedding => vec![Serves::Embeddings(Arc::new(OpenAiEmbeddings::new(remote)))],
        ProviderKind::RemoteRerank => vec![Serves::Rerank(Arc::new(RemoteRerank::new(remote)))],
        _ => {
            let both = OpenAiConfig { embedding_models: Some(provider.embedding_models.clone()), ..remote };
            let chat = Arc::new(OpenAiCompatible::new(both.clone()));
            vec![Serves::Chat(chat, traits(provider, false)), Serves::Embeddings(Arc::new(OpenAiEmbeddings::new(both)))]
        }
    }
}

/// `true`, `false`, or the path of a PEM file, as Llama Stack's `tls_verify`.
fn tls(verify: Option<&TlsVerify>) -> Tls {
    match verify {
        None | Some(TlsVerify::Switch(true)) => Tls::Verified,
        Some(TlsVerify::Switch(false)) => Tls::Unverified,
        Some(TlsVerify::Text(text)) => match text.as_str() {
            "" | "true" => Tls::Verified,
            "false" => Tls::Unverified,
            path => Tls::Authority(path.into()),
        },
    }
}

/// Llama Stack's names: `openai_api_key`, and `vllm_api_token` for every vLLM.
fn callers_token(provider_id: &str) -> String {
    match provider_id.starts_with("vllm") {
        true => "vllm_api_token".into(),
        false => format!("{provider_id}_api_key"),
    }
}

fn traits(provider: &ProviderConfig, small: bool) -> ModelTraits {
    let grounded = provider.grounded.unwrap_or(small);
    let default = if grounded { 360 } else { ModelTraits::default().output_budget };
    ModelTraits { grounded, output_budget: provider.output_budget.unwrap_or(default), parallel: !grounded }
}

/// The orchestrator behind `trustyai_fms` shields, where one is configured.
pub fn detectors(settings: Option<&DetectorSettings>) -> Option<Arc<dyn Detectors>> {
    let settings = settings?;
    Some(Arc::new(FmsOrchestrator::new(OpenAiConfig {
        base_url: settings.url.clone().filter(|url| !url.is_empty())?,
        api_token: settings.api_token.clone().filter(|token| !token.expose_secret().is_empty()),
        tls: tls(settings.tls_verify.as_ref()),
        callers_token: "fms_orchestrator_token".into(),
        connect_timeout: Duration::from_secs(3),
        ..OpenAiConfig::default()
    })))
}

fn remote(provider: &ProviderConfig) -> Option<OpenAiConfig> {
    Some(OpenAiConfig {
        base_url: provider.url.clone()?,
        api_token: provider.api_token.clone(),
        tls: tls(provider.tls_verify.as_ref()),
        callers_token: callers_token(&provider.id),
        models: provider.models.clone(),
        max_tokens: provider.max_tokens,
        connect_timeout: Duration::from_secs(3),
        ..OpenAiConfig::default()
    })
}
