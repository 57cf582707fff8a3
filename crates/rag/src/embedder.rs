//! Asks the control plane for vectors, and remembers whether it gives any.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use client::{ClientError, ClientOptions, StackClient};
use tokio::sync::Notify;

use crate::config::RagConfig;
use crate::vectors::normalise;

/// Longer texts are cut: the usual models read a few hundred words.
const MAX_CHARACTERS: usize = 2_000;

pub(crate) struct Embedder {
    client: StackClient,
    model: String,
    /// The id the control plane knows the model by, when it is not the configured one.
    served_as: RwLock<Option<String>>,
    /// Why there are no embeddings, when there are none.
    down: RwLock<Option<String>>,
    query_timeout: Duration,
    /// Rung when a query failed, so that the indexer looks after it at once.
    failed: Arc<Notify>,
}

impl Embedder {
    pub(crate) fn new(config: &RagConfig, model: &str, failed: Arc<Notify>) -> Result<Self, ClientError> {
        let options = ClientOptions {
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(config.batch_timeout_seconds.max(1)),
            ..ClientOptions::default()
        };
        Ok(Self {
            client: StackClient::new(&config.stack_url, config.stack_token.clone(), options)?,
            model: model.to_owned(),
            served_as: RwLock::default(),
            down: RwLock::default(),
            query_timeout: Duration::from_millis(config.query_timeout_milliseconds.max(1)),
            failed,
        })
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn down(&self) -> Option<String> {
        self.down.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The vector of a query, of unit length; `Err` says why there is none. Not asked while embeddings are down.
    pub(crate) async fn query(&self, text: &str) -> Result<Vec<f32>, String> {
        if let Some(reason) = self.down() {
            return Err(reason);
        }
        let asked = self.request(vec![cut(text)]);
        let answer = tokio::time::timeout(self.query_timeout, asked).await.unwrap_or(Err(ClientError::Timeout));
        match answer.map(|mut vectors| vectors.pop()) {
            Ok(Some(mut vector)) => {
                normalise(&mut vector);
                Ok(vector)
            }
            Ok(None) => Err("the control plane gave no vector".into()),
            Err(error) => {
                self.mark_down(&error);
                self.failed.notify_one();
                Err(reason(&error))
            }
        }
    }

    /// Vectors of several texts. Success and failure decide whether queries are tried.
    pub(crate) async fn batch(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ClientError> {
        let texts: Vec<String> = texts.iter().map(|text| cut(text)).collect();
        let mut answer = self.request(texts.clone()).await;
        if matches!(answer, Err(ClientError::Status { status: 400 | 404, .. })) && self.find_model().await {
            answer = self.request(texts).await;
        }
        match &answer {
            Ok(_) => *self.down.write().unwrap_or_else(PoisonError::into_inner) = None,
            Err(error) => self.mark_down(error),
        }
        answer
    }

    async fn request(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ClientError> {
        let served_as = self.served_as.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.client.embeddings(served_as.as_deref().unwrap_or(&self.model), texts).await
    }

    /// Llama Stack puts the provider before the model's name. Takes the one embedding model that ends in ours;
    /// true when there is one that was not tried yet.
    async fn find_model(&self) -> bool {
        let Ok(models) = self.client.models().await else { return false };
        let same = |id: &str| id == self.model || id.ends_with(&format!("/{}", self.model));
        let mut found = models
            .into_iter()
            .filter(|model| model.model_type == "embedding" && (same(&model.id) || same(&model.provider_resource_id)));
        let (Some(model), None) = (found.next(), found.next()) else { return false };
        let mut served_as = self.served_as.write().unwrap_or_else(PoisonError::into_inner);
        if served_as.as_deref() == Some(&model.id) || model.id == self.model {
            return false;
        }
        tracing::info!(configured = %self.model, served_as = %model.id, "embedding model found");
        *served_as = Some(model.id);
        true
    }

    fn mark_down(&self, error: &ClientError) {
        self.refuse(reason(error));
    }

    /// Takes embeddings out of use until a batch succeeds.
    pub(crate) fn refuse(&self, reason: String) {
        let mut down = self.down.write().unwrap_or_else(PoisonError::into_inner);
        if down.is_none() {
            tracing::warn!(%reason, "embeddings are down; searching by words");
        }
        *down = Some(reason);
    }
}

fn reason(error: &ClientError) -> String {
    format!("embeddings: {error}")
}

fn cut(text: &str) -> String {
    match text.trim() {
        // Some servers refuse an empty input.
        "" => "-".to_owned(),
        text => text.chars().take(MAX_CHARACTERS).collect(),
    }
}
