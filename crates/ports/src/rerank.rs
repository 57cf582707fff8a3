//! Texts ordered by how well they answer a query.

use async_trait::async_trait;

use crate::context::CallContext;
use crate::health::ProviderHealth;
use crate::inference::{InferenceError, ServedModel};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Place of the text in the question.
    pub index: usize,
    /// Higher is better; its scale is the model's own.
    pub score: f64,
}

#[async_trait]
pub trait Rerank: Send + Sync {
    /// One entry a text, in any order.
    async fn rerank(
        &self,
        model: &str,
        query: &str,
        texts: &[String],
        cx: &CallContext,
    ) -> Result<Vec<Ranked>, InferenceError>;

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError>;

    async fn health(&self) -> ProviderHealth;
}
