//! Settings of the retrieval server.

use std::path::PathBuf;

use mcp_server::McpServerConfig;
use mcp_server::evidence::EvidenceConfig;
use secrecy::SecretString;
use serde::Deserialize;

/// Where the records are, and which control plane embeds. At least one of `claims` and `reference_dir` is needed.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RagConfig {
    /// The claims service: reference data is read from it and evidence written to it.
    pub claims: Option<EvidenceConfig>,
    /// Folder of `users.jsonl`, `contracts.jsonl`, `claims_history.jsonl` and `knowledge_base.jsonl`. With a
    /// claims service only the last is read, and only while that service has no articles.
    pub reference_dir: Option<PathBuf>,
    /// Control plane that serves `/v1/embeddings`; with or without `/v1`.
    pub stack_url: String,
    pub stack_token: Option<SecretString>,
    /// As the control plane lists it; its last part alone is enough when only one model ends so.
    pub embedding_model: String,
    /// Languages the model understands: `en`, `fr`. A query in another is ordered by words, and vectors only add what
    /// words do not find: all-mpnet-base-v2, asked in French, put a claim of another peril first in 9 of 32 cases.
    pub embedding_languages: Vec<String>,
    /// Models asked beside `embedding_model`, each with vectors of its own; their orders of results are fused. At most 2.
    pub more_models: Vec<EmbeddingModel>,
    /// Vectors are kept here over restarts. Without it every start embeds everything again.
    pub data_dir: Option<PathBuf>,
    /// Texts in one embedding request.
    pub batch_size: usize,
    /// Longest one batch may take.
    pub batch_timeout_seconds: u64,
    /// Longest a search waits for the vector of its query before it goes on with words alone.
    pub query_timeout_milliseconds: u64,
    /// How often the claims service is asked for new past claims.
    pub refresh_seconds: u64,
    /// Past claims taken into the index; the newest are kept.
    pub max_records: usize,
    pub mcp: McpServerConfig,
}

impl Default for RagConfig {
    fn default() -> Self {
        Self {
            claims: None,
            reference_dir: None,
            stack_url: "http://127.0.0.1:8321".into(),
            stack_token: None,
            embedding_model: "sentence-transformers/universal-sentence-encoder-multilingual".into(),
            embedding_languages: vec!["en".into(), "fr".into()],
            more_models: Vec::new(),
            data_dir: None,
            batch_size: 16,
            batch_timeout_seconds: 120,
            query_timeout_milliseconds: 3_000,
            refresh_seconds: 60,
            max_records: 100_000,
            mcp: McpServerConfig::default(),
        }
    }
}

/// An embedding model and the languages (`en`, `fr`) it understands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingModel {
    pub name: String,
    pub languages: Vec<String>,
}

/// Why the retrieval server cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("rag: set claims (a claims service) or reference_dir (a folder of records)")]
    NoReference,
    #[error("rag: claims: {0}")]
    Claims(#[from] mcp_server::evidence::EvidenceError),
    #[error("rag: {0}")]
    ControlPlane(#[from] client::ClientError),
    #[error("rag: {field} must be {rule}")]
    Invalid { field: &'static str, rule: &'static str },
}

impl RagConfig {
    /// The first orders results, the others add to it.
    pub(crate) fn embedding_models(&self) -> Vec<EmbeddingModel> {
        let first = EmbeddingModel {
            name: self.embedding_model.trim().to_owned(),
            languages: self.embedding_languages.clone(),
        };
        let mut models = vec![first];
        for more in &self.more_models {
            if models.iter().all(|known| known.name != more.name) {
                models.push(more.clone());
            }
        }
        models
    }

    /// Languages of a model that may no longer be configured; those of the first stand in.
    pub(crate) fn languages_of(&self, name: &str) -> Vec<String> {
        let models = self.embedding_models();
        models
            .iter()
            .find(|model| model.name == name)
            .map_or(&self.embedding_languages, |model| &model.languages)
            .clone()
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        if self.claims.is_none() && self.reference_dir.is_none() {
            return Err(StartError::NoReference);
        }
        for (field, wrong, rule) in [
            ("batch_size", !(1..=256).contains(&self.batch_size), "1 to 256"),
            ("max_records", self.max_records == 0, "at least 1"),
            ("refresh_seconds", self.refresh_seconds == 0, "at least 1"),
            ("more_models", self.more_models.len() > 2, "at most 2"),
            ("embedding_model", self.embedding_model.trim().is_empty(), "the id of a model"),
        ] {
            if wrong {
                return Err(StartError::Invalid { field, rule });
            }
        }
        Ok(())
    }
}
