//! The result of `ocr_document`, for the tool and for the command line alike.

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::reading::Reading;

/// Longest raw text handed to a caller; the facts come from all of it.
const MAX_TEXT: usize = 60_000;

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileInfo {
    pub name: Option<String>,
    pub extension: Option<String>,
    pub size_bytes: usize,
    pub sha256: String,
}

impl FileInfo {
    #[must_use]
    pub fn of(name: Option<&str>, bytes: &[u8]) -> Self {
        let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension.to_lowercase());
        Self {
            name: name.map(str::to_owned),
            extension,
            size_bytes: bytes.len(),
            sha256: hex::encode(Sha256::digest(bytes)),
        }
    }
}

/// What `ocr_document` gives for a document that was read, or found unreadable.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReadResult {
    pub success: bool,
    /// The stored reading, when it belongs to a claim run.
    pub evidence_id: Option<String>,
    #[serde(flatten)]
    pub reading: Reading,
    pub file_info: FileInfo,
    pub processing_time_seconds: f64,
    pub error: Option<String>,
}

impl ReadResult {
    /// Raw text is cut at 60,000 characters.
    #[must_use]
    pub fn of(mut reading: Reading, file_info: FileInfo, seconds: f64) -> Self {
        if let Some((end, _)) = reading.raw_text.char_indices().nth(MAX_TEXT) {
            reading.raw_text.truncate(end);
        }
        Self {
            success: true,
            evidence_id: None,
            reading,
            file_info,
            processing_time_seconds: (seconds * 1000.0).round() / 1000.0,
            error: None,
        }
    }
}
