//! Which provider serves a model. A model answers to `provider/model` and, where only one serves it, to `model`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ports::CallContext;
use ports::access::{Action, Policy, Resource, kind};
use ports::embeddings::Embeddings;
use ports::health::ProviderHealth;
use ports::inference::{Inference, InferenceError, ModelKind, ServedModel};
use ports::registrations::Registrations;
use ports::rerank::Rerank;
use serde_json::Value;

use crate::telemetry;

use crate::registered;

/// How long a provider's list of models is believed.
const FRESH: Duration = Duration::from_secs(30);
/// A provider that does not list its models by then is left out of the list.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a provider's models are best used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelTraits {
    /// Small enough to need the recipe of [`crate::grounding`].
    pub grounded: bool,
    /// Characters of one tool result that the model reads.
    pub output_budget: usize,
    /// Several tool calls in one answer are kept.
    pub parallel: bool,
}

impl Default for ModelTraits {
    fn default() -> Self {
        Self { grounded: false, output_budget: 24_000, parallel: true }
    }
}

#[derive(Clone)]
pub enum Serves {
    Chat(Arc<dyn Inference>, ModelTraits),
    Embeddings(Arc<dyn Embeddings>),
    Rerank(Arc<dyn Rerank>),
}

#[derive(Clone)]
pub struct ProviderEntry {
    pub id: String,
    /// `remote::vllm`, `inline::llama-cpp`, ...
    pub kind: String,
    pub serves: Serves,
    /// As it may be shown: no secrets.
    pub shown_config: Value,
}

impl ProviderEntry {
    pub async fn health(&self) -> ProviderHealth {
        match &self.serves {
            Serves::Chat(inference, _) => inference.health().await,
            Serves::Embeddings(embeddings) => embeddings.health().await,
            Serves::Rerank(rerank) => rerank.health().await,
        }
    }

    async fn list(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        match &self.serves {
            Serves::Chat(inference, _) => inference.models(cx).await,
            Serves::Embeddings(embeddings) => embeddings.models(cx).await,
            Serves::Rerank(rerank) => rerank.models(cx).await,
        }
    }

    pub fn kind_served(&self) -> ModelKind {
        match self.serves {
            Serves::Chat(..) => ModelKind::Llm,
            Serves::Embeddings(_) => ModelKind::Embedding,
            Serves::Rerank(_) => ModelKind::Rerank,
        }
    }
}

/// A model found: who serves it and under which name there.
#[derive(Clone)]
pub struct ChatRoute {
    pub inference: Arc<dyn Inference>,
    pub traits: ModelTraits,
    pub model: String,
    /// `provider/model`.
    pub full_id: String,
    /// The provider's type: `remote::vllm`.
    pub kind: String,
}

#[derive(Clone)]
pub struct EmbeddingRoute {
    pub embeddings: Arc<dyn Embeddings>,
    pub model: String,
    pub full_id: String,
}

#[derive(Clone)]
pub struct RerankRoute {
    pub rerank: Arc<dyn Rerank>,
    pub model: String,
}

type Listed = Arc<Vec<ServedModel>>;

pub struct Registry {
    providers: Vec<ProviderEntry>,
    policy: Arc<Policy>,
    /// By provider and kind: one provider may serve models of several kinds.
    lists: RwLock<HashMap<(String, ModelKind), (Instant, Listed)>>,
    registrations: Option<Arc<dyn Registrations>>,
}

impl Registry {
    pub fn new(providers: Vec<ProviderEntry>) -> Self {
        Self { providers, policy: Arc::default(), lists: RwLock::default(), registrations: None }
    }

    /// Shows each caller only the models that `policy` lets them read; the others do not exist for them.
    pub fn with_policy(mut self, policy: Arc<Policy>) -> Self {
        self.policy = policy;
        self
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the caller may use the model `provider/name`. Another name that somebody registered opens nothing more.
    pub fn opens(&self, full_id: &str, cx: &CallContext) -> bool {
        self.policy.permits(cx.caller.as_deref(), Action::Read, Resource::unowned(kind::MODEL, full_id))
    }

    /// Resolves the models that callers have registered too.
    pub fn with_registrations(mut self, registrations: Arc<dyn Registrations>) -> Self {
        self.registrations = Some(registrations);
        self
    }

    pub fn providers(&self) -> &[ProviderEntry] {
        &self.providers
    }

    /// Every model of every provider that answers, with its provider, as far as the caller may use it.
    pub async fn models(&self, cx: &CallContext) -> Vec<(ProviderEntry, ServedModel)> {
        let lists = futures::future::join_all(self.providers.iter().map(|entry| self.listed(entry, cx))).await;
        let pairs = self.providers.iter().zip(lists);
        let row = |entry: &ProviderEntry, models: Listed| {
            models.iter().map(|model| (entry.clone(), model.clone())).collect::<Vec<_>>()
        };
        let all = pairs.flat_map(|(entry, models)| row(entry, models.unwrap_or_default()));
        all.filter(|(entry, model)| self.opens(&format!("{}/{}", entry.id, model.name), cx)).collect()
    }

    pub async fn chat(&self, name: &str, cx: &CallContext) -> Result<ChatRoute, InferenceError> {
        let (entry, model) = self.find(name, ModelKind::Llm, cx).await?;
        match &entry.serves {
            Serves::Chat(inference, traits) => Ok(ChatRoute {
                inference: telemetry::watched_chat(inference.clone(), &entry.kind, &model),
                traits: traits.clone(),
                kind: entry.kind.clone(),
                full_id: format!("{}/{model}", entry.id),
                model,
            }),
            _ => Err(InferenceError::NotFound(name.into())),
        }
    }

    pub async fn embeddings(&self, name: &str, cx: &CallContext) -> Result<EmbeddingRoute, InferenceError> {
        let (entry, model) = self.find(name, ModelKind::Embedding, cx).await?;
        match &entry.serves {
            Serves::Embeddings(embeddings) => {
                let embeddings = telemetry::watched_embeddings(embeddings.clone(), &entry.kind, &model);
                Ok(EmbeddingRoute { embeddings, full_id: format!("{}/{model}", entry.id), model })
            }
            _ => Err(InferenceError::NotFound(name.into())),
        }
    }

    pub async fn rerank(&self, name: &str, cx: &CallContext) -> Result<RerankRoute, InferenceError> {
        let (entry, model) = self.find(name, ModelKind::Rerank, cx).await?;
        match &entry.serves {
            Serves::Rerank(rerank) => Ok(RerankRoute { rerank: rerank.clone(), model }),
            _ => Err(InferenceError::NotFound(name.into())),
        }
    }

    /// The providers of models of this kind.
    pub fn serving(&self, kind: ModelKind) -> impl Iterator<Item = &ProviderEntry> {
        self.providers.iter().filter(move |entry| entry.kind_served() == kind)
    }

    async fn find(
        &self,
        name: &str,
        kind: ModelKind,
        cx: &CallContext,
    ) -> Result<(&ProviderEntry, String), InferenceError> {
        let (entry, model) = self.resolve(name, kind, cx).await?;
        match self.opens(&format!("{}/{model}", entry.id), cx) {
            true => Ok((entry, model)),
            false => Err(InferenceError::NotFound(name.to_owned())),
        }
    }

    /// What the providers list, then what callers have registered.
    async fn resolve(
        &self,
        name: &str,
        kind: ModelKind,
        cx: &CallContext,
    ) -> Result<(&ProviderEntry, String), InferenceError> {
        let listed = self.find_listed(name, kind, cx).await;
        let (Err(InferenceError::NotFound(_)), Some(registrations)) = (&listed, &self.registrations) else {
            return listed;
        };
        let known = registered::known(registrations.as_ref(), name, cx.caller.as_deref()).await?;
        let Some(model) = known.filter(|model| model.kind == kind) else { return listed };
        match self.serving(kind).find(|entry| entry.id == model.provider_id) {
            Some(entry) => Ok((entry, model.resource)),
            None => listed,
        }
    }

    /// A qualified name goes straight to its provider, which may be down just now; a bare one is looked up.
    async fn find_listed(
        &self,
        name: &str,
        kind: ModelKind,
        cx: &CallContext,
    ) -> Result<(&ProviderEntry, String), InferenceError> {
        let serving: Vec<&ProviderEntry> = self.serving(kind).collect();
        for entry in &serving {
            let Some(model) = name.strip_prefix(&entry.id).and_then(|rest| rest.strip_prefix('/')) else { continue };
            let list = self.listed(entry, cx).await;
            if list.is_none_or(|list| list.iter().any(|served| served.name == model)) {
                return Ok((entry, model.to_owned()));
            }
        }
        let mut unknown = None;
        for entry in &serving {
            match self.listed(entry, cx).await {
                Some(list) if list.iter().any(|served| served.name == name) => return Ok((entry, name.to_owned())),
                Some(_) => {}
                None => unknown = Some(*entry),
            }
        }
        // One provider that cannot say what it serves: let it answer for itself.
        match unknown {
            Some(entry) if serving.len() == 1 && !name.contains('/') => Ok((entry, name.to_owned())),
            _ => Err(InferenceError::NotFound(name.to_owned())),
        }
    }

    /// The provider's list, from memory while fresh; `None` when it cannot be had.
    async fn listed(&self, entry: &ProviderEntry, cx: &CallContext) -> Option<Listed> {
        let key = (entry.id.clone(), entry.kind_served());
        if let Some((at, models)) = self.lists.read().unwrap_or_else(PoisonError::into_inner).get(&key)
            && at.elapsed() < FRESH
        {
            return Some(models.clone());
        }
        match tokio::time::timeout(PATIENCE.min(cx.left()), entry.list(cx)).await {
            Ok(Ok(models)) => {
                let models = Arc::new(models);
                let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
                lists.insert(key, (Instant::now(), models.clone()));
                Some(models)
            }
            Ok(Err(error)) => {
                tracing::debug!(provider = %entry.id, %error, "models not listed");
                None
            }
            Err(_) => None,
        }
    }
}
