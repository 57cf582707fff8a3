//! `/rerank` as vLLM and Jina serve it.

use async_trait::async_trait;
use ports::CallContext;
use ports::health::ProviderHealth;
use ports::inference::{InferenceError, ModelKind, ServedModel};
use ports::rerank::{Ranked, Rerank};
use serde::{Deserialize, Serialize};

use super::config::OpenAiConfig;
use super::transport::OpenAiCompatible;

pub struct RemoteRerank {
    server: OpenAiCompatible,
}

impl RemoteRerank {
    pub fn new(config: OpenAiConfig) -> Self {
        Self { server: OpenAiCompatible::new(config) }
    }
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    query: &'a str,
    documents: &'a [String],
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    index: usize,
    relevance_score: f64,
}

#[async_trait]
impl Rerank for RemoteRerank {
    async fn rerank(
        &self,
        model: &str,
        query: &str,
        texts: &[String],
        cx: &CallContext,
    ) -> Result<Vec<Ranked>, InferenceError> {
        let broken = |message: String| InferenceError::Upstream { status: 502, message };
        let response = self.server.post("rerank", &Question { model, query, documents: texts }, cx).await?;
        let answer: Answer = response.json().await.map_err(|error| broken(format!("not a rerank answer: {error}")))?;
        let mut seen = vec![false; texts.len()];
        for row in &answer.results {
            match seen.get_mut(row.index) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(broken(format!("text {} was not asked about, or came twice", row.index))),
            }
        }
        Ok(answer.results.iter().map(|row| Ranked { index: row.index, score: row.relevance_score }).collect())
    }

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        let served = self.server.served(cx).await?;
        Ok(served.into_iter().map(|model| ServedModel { kind: ModelKind::Rerank, ..model }).collect())
    }

    async fn health(&self) -> ProviderHealth {
        self.server.last_seen()
    }
}
