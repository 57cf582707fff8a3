//! Which providers of the file we offer, and with which keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::RunConfigError;
use crate::file::{Provider, Settings};
use crate::reader::{Reader, plain};
use crate::tools;

const DISABLED: &str = "__disabled__";

/// What becomes of a provider type.
enum Kind {
    /// A server that speaks OpenAI's chat and embeddings.
    Remote(&'static str),
    /// Embeds in our process.
    Embedding,
    WebSearch(&'static str),
    ToolServers,
    Guardrails,
    /// A part of the control plane that needs no settings; its state lies in our own store.
    BuiltIn,
    Unknown,
}

fn kind(provider_type: &str) -> Kind {
    match provider_type {
        "remote::vllm" => Kind::Remote("remote::vllm"),
        "remote::openai" => Kind::Remote("remote::openai"),
        "inline::sentence-transformers" => Kind::Embedding,
        "remote::tavily-search" => Kind::WebSearch("tavily"),
        "remote::brave-search" => Kind::WebSearch("brave"),
        "remote::model-context-protocol" | "model-context-protocol" => Kind::ToolServers,
        "remote::trustyai_fms" => Kind::Guardrails,
        "inline::meta-reference"
        | "inline::builtin"
        | "inline::localfs"
        | "inline::rag-runtime"
        | "inline::file-search"
        | "inline::reference"
        | "inline::faiss"
        | "inline::milvus"
        | "remote::pgvector" => Kind::BuiltIn,
        _ => Kind::Unknown,
    }
}

impl Kind {
    /// `None`: whatever stands there is another's business.
    fn keys(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Remote("remote::vllm") => Some(&[
                "url",
                "base_url",
                "max_tokens",
                "api_token",
                "tls_verify",
                "model",
                "allowed_models",
                "refresh_models",
            ]),
            Self::Remote(_) => Some(&["base_url", "url", "api_key", "allowed_models", "refresh_models"]),
            Self::Embedding => Some(&["trust_remote_code"]),
            Self::WebSearch(_) => Some(&["api_key", "max_results"]),
            Self::ToolServers => Some(&["mcp_servers"]),
            Self::Guardrails => Some(&["orchestrator_url", "ssl_cert_path", "shields"]),
            Self::BuiltIn | Self::Unknown => None,
        }
    }

    /// The id of an entry that has none, as the migration document writes them.
    fn default_id(&self) -> Option<&'static str> {
        match self {
            Self::Remote("remote::vllm") => Some("vllm-inference"),
            Self::Embedding => Some("sentence-transformers"),
            Self::ToolServers => Some("model-context-protocol"),
            _ => None,
        }
    }
}

/// The providers that are on, by id, with the web search service each is.
pub type Known = BTreeMap<String, Option<WebSearch>>;

pub struct WebSearch {
    pub service: &'static str,
    pub api_key: Option<String>,
}

pub fn read(
    reader: &mut Reader<'_>,
    providers: BTreeMap<String, Option<Vec<Provider>>>,
) -> Result<Known, RunConfigError> {
    let mut known = Known::new();
    for (api, entries) in providers {
        for (at, entry) in entries.unwrap_or_default().into_iter().enumerate() {
            let path = format!("providers.{api}[{at}]");
            one(reader, &api, &path, entry, &mut known)?;
        }
    }
    Ok(known)
}

fn one(
    reader: &mut Reader<'_>,
    api: &str,
    path: &str,
    entry: Provider,
    known: &mut Known,
) -> Result<(), RunConfigError> {
    let provider_type = entry.provider_type;
    let kind = kind(&provider_type);
    let written = entry.provider_id.is_some();
    // The id comes first: of a provider that is off, nothing else is looked at, so its variables may be missing.
    let id = match reader.text(&format!("{path}.provider_id"), entry.provider_id)? {
        Some(id) if id == DISABLED => None,
        None if !written => match kind.default_id() {
            Some(id) => Some(id.to_owned()),
            None => return Err(reader.rule(path, format!("a provider of type {provider_type} needs a provider_id"))),
        },
        id => id,
    };
    let Some(id) = id else {
        reader.note(format!("{api}: {provider_type} is off: its provider_id is empty"));
        return Ok(());
    };
    let path = format!("{path}.config");
    let settings = entry.config.unwrap_or_default();
    if let Some(allowed) = kind.keys()
        && let Some(wrong) = settings.0.iter().map(|(key, _)| key).find(|key| !allowed.contains(&key.value.as_str()))
    {
        return Err(reader.unknown_key(&path, wrong, allowed));
    }
    if matches!(kind, Kind::Unknown) {
        reader.note(format!("{api}: {id} ({provider_type}) is not offered here"));
        return Ok(());
    }
    if matches!(kind, Kind::BuiltIn) {
        if provider_type == "remote::pgvector" {
            reader.note(format!("{api}: {id}: vectors lie in the control plane's own database, not in that of {id}"));
        }
        known.insert(id, None);
        return Ok(());
    }
    let settings = expand(reader, &path, settings)?;
    let mut service = None;
    match kind {
        Kind::Remote(ours) => remote(reader, &path, &id, ours, &settings)?,
        Kind::Embedding => reader.providers.push(
            [("id", json!(id)), ("type", json!(provider_type)), ("model", json!("all-mpnet-base-v2"))]
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect(),
        ),
        Kind::WebSearch(name) => {
            service = Some(WebSearch { service: name, api_key: settings.get("api_key").and_then(plain) });
        }
        Kind::ToolServers => tools::servers(reader, &path, settings.get("mcp_servers"))?,
        Kind::Guardrails => guardrails(reader, &id, &settings),
        Kind::BuiltIn | Kind::Unknown => {}
    }
    known.insert(id, service);
    Ok(())
}

fn expand(reader: &mut Reader<'_>, path: &str, settings: Settings) -> Result<Map<String, Value>, RunConfigError> {
    let mut expanded = Map::new();
    for (key, value) in settings.0 {
        let value = reader.value(&format!("{path}.{}", key.value), value)?;
        expanded.insert(key.value, value);
    }
    Ok(expanded)
}

fn remote(
    reader: &mut Reader<'_>,
    path: &str,
    id: &str,
    kind: &str,
    settings: &Map<String, Value>,
) -> Result<(), RunConfigError> {
    // `url` until 3.2, `base_url` since.
    let Some(url) = ["base_url", "url"].iter().find_map(|key| settings.get(*key).and_then(plain)) else {
        return Err(reader.rule(path, "a remote provider needs base_url (url until 3.2)"));
    };
    let mut provider = Map::new();
    provider.insert("id".into(), json!(id));
    provider.insert("type".into(), json!(kind));
    provider.insert("url".into(), json!(url));
    let token = ["api_token", "api_key"].iter().find_map(|key| settings.get(*key).and_then(plain));
    // `fake` is what these files write where a server asks for none.
    if let Some(token) = token.filter(|token| token != "fake") {
        provider.insert("api_token".into(), json!(token));
    }
    if let Some(verify) = settings.get("tls_verify").and_then(plain) {
        provider.insert("tls_verify".into(), json!(verify));
    }
    if let Some(most) = settings.get("max_tokens").filter(|value| !value.is_null()) {
        let most = most.as_u64().or_else(|| most.as_str()?.parse().ok()).and_then(|most| u32::try_from(most).ok());
        let most = most.filter(|most| *most > 0);
        let most = most.ok_or_else(|| reader.rule(&format!("{path}.max_tokens"), "a whole number above 0"))?;
        provider.insert("max_tokens".into(), json!(most));
    }
    if let Some(models) = settings.get("allowed_models").filter(|value| !value.is_null()) {
        provider.insert("models".into(), models.clone());
    }
    reader.providers.push(provider);
    if let Some(model) = settings.get("model").and_then(plain) {
        reader.gateway.entry("default_model").or_insert(json!(model));
    }
    Ok(())
}

fn guardrails(reader: &mut Reader<'_>, id: &str, settings: &Map<String, Value>) {
    let Some(url) = settings.get("orchestrator_url").and_then(plain) else {
        reader.note(format!("safety: {id} is off: its orchestrator_url is empty"));
        return;
    };
    let verify = settings.get("ssl_cert_path").and_then(plain);
    reader.gateway.insert("detectors".into(), json!({"url": url, "tls_verify": verify}));
    if settings.get("shields").and_then(Value::as_object).is_some_and(|shields| !shields.is_empty()) {
        reader.note(format!("safety: {id}: its shields are registered by POST /v1/shields, not by the file"));
    }
}
