//! Vectors of one model and the way to ask for more of them. Several stand side by side: each configured model, and the
//! one that was configured before while its successor is still being built.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::config::{EmbeddingModel, RagConfig};
use crate::embedder::Embedder;
use crate::vectors::{MAX_GENERATIONS, Vectors};
use crate::words::{Language, language};
use client::ClientError;

/// In the data folder: the models whose vectors were complete when last seen.
const MARKER: &str = "models.json";

pub(crate) struct Generation {
    pub(crate) vectors: Vectors,
    pub(crate) embedder: Embedder,
    pub(crate) knows: Vec<Language>,
    /// No longer configured: searched until its successors are complete, and never added to.
    pub(crate) retiring: bool,
}

impl Generation {
    /// Whether this model knows the language of a query.
    pub(crate) fn understands(&self, query: &str) -> bool {
        let spoken = language(query);
        spoken == Language::Unknown || self.knows.contains(&spoken)
    }
}

/// The configured models in their order, then the one that retires, if any.
pub(crate) fn generations(config: &RagConfig, failed: &Arc<Notify>) -> Result<Vec<Generation>, ClientError> {
    let folder = config.data_dir.as_deref();
    let configured = config.embedding_models();
    let known = |model: &str| configured.iter().any(|own| own.name == model);
    let before = folder.map(read_marker).unwrap_or_default();
    let complete = configured.iter().any(|own| before.contains(&own.name));
    // A model that was complete answers by itself: then nothing has to bridge.
    let retiring = before.iter().find(|model| !complete && !known(model.as_str()));
    let retiring = retiring.map(|model| EmbeddingModel { name: model.clone(), languages: config.languages_of(model) });
    let all = configured.into_iter().map(|model| (model, false)).chain(retiring.map(|model| (model, true)));
    all.take(MAX_GENERATIONS)
        .enumerate()
        .map(|(slot, (model, retiring))| {
            Ok(Generation {
                vectors: Vectors::open(&model.name, folder, slot),
                embedder: Embedder::new(config, &model.name, failed.clone())?,
                knows: model.languages.iter().map(|code| Language::of(code)).collect(),
                retiring,
            })
        })
        .collect()
}

/// Notes which models are complete, and removes the vectors of the one that retired.
pub(crate) fn settle(folder: &Path, generations: &[Generation]) -> std::io::Result<()> {
    let models: Vec<&str> = generations.iter().filter(|one| !one.retiring).map(|one| one.embedder.model()).collect();
    if read_marker(folder) == models {
        return Ok(());
    }
    for retired in generations.iter().filter(|one| one.retiring) {
        Vectors::remove(retired.embedder.model(), folder)?;
        tracing::info!(model = retired.embedder.model(), "the vectors of the former embedding model are removed");
    }
    let written = folder.join(format!("{MARKER}.new"));
    std::fs::write(&written, serde_json::to_vec(&models)?)?;
    std::fs::rename(written, folder.join(MARKER))
}

fn read_marker(folder: &Path) -> Vec<String> {
    let text = std::fs::read(folder.join(MARKER)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
