//! Texts to vectors.

use async_trait::async_trait;

use crate::context::CallContext;
use crate::health::ProviderHealth;
use crate::inference::{InferenceError, ServedModel};

#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// One unit-length vector a text, in the order given.
    pub vectors: Vec<Vec<f32>>,
    pub tokens: u64,
}

#[async_trait]
pub trait Embeddings: Send + Sync {
    async fn embed(&self, model: &str, texts: Vec<String>, cx: &CallContext) -> Result<Embedded, InferenceError>;

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError>;

    async fn health(&self) -> ProviderHealth;
}
