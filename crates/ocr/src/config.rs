//! Settings of the document reader.

use std::path::PathBuf;

use mcp_server::McpServerConfig;
use mcp_server::evidence::EvidenceConfig;
use serde::Deserialize;

use crate::free_text::{FreeTextConfig, FreeTextError};
use crate::intake::Limits;
use crate::recognizer::ModelFiles;
use crate::worker::WorkerConfig;

/// Settings of the OCR server. Every field has a default; without `models` only text layers are read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OcrConfig {
    /// The claims service: documents by claim id, and where readings are kept as evidence.
    pub claims: Option<EvidenceConfig>,
    /// Folders below which `document_path` may lie. Empty: documents come by claim id only.
    pub document_roots: Vec<PathBuf>,
    pub models: Option<ModelFiles>,
    pub limits: Limits,
    pub worker: WorkerConfig,
    /// The language model for running text. Absent: rules alone.
    pub free_text: Option<FreeTextConfig>,
    pub mcp: McpServerConfig,
}

/// Why the OCR server cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("ocr: claims: {0}")]
    Claims(#[from] mcp_server::evidence::EvidenceError),
    #[error("ocr: document_roots: {}: {source}", path.display())]
    Root { path: PathBuf, source: std::io::Error },
    #[error("ocr: models: no such file: {}", path.display())]
    Model { path: PathBuf },
    #[error("ocr: {0}")]
    FreeText(#[from] FreeTextError),
    #[error("ocr: worker: {0}")]
    Worker(std::io::Error),
}
