//! Text of documents for the control plane, read in worker processes as the document reading server reads them.

use async_trait::async_trait;
use ocr::{Limits, ModelFiles, OcrError, Pool, Unreadable, WorkerConfig, sniff};
use ports::documents::{DocumentText, Unread};

/// A handbook is longer than any claim.
const LIMITS: Limits =
    Limits { max_bytes: 64 * 1024 * 1024, max_pages: 2_000, max_side_mm: 1_500.0, max_pixels: 64_000_000 };

pub struct Documents(Pool);

impl Documents {
    /// Starts no process before the first document. Without `models` only text layers are read.
    pub fn new(models: Option<ModelFiles>) -> Self {
        Self(Pool::new(WorkerConfig::default(), LIMITS, models))
    }
}

#[async_trait]
impl DocumentText for Documents {
    fn reads(&self, bytes: &[u8]) -> bool {
        let any_size = Limits { max_bytes: usize::MAX, ..LIMITS };
        sniff(bytes, &any_size).is_ok()
    }

    async fn text(&self, bytes: &[u8]) -> Result<String, Unread> {
        let reading = self.0.read(bytes).await.map_err(|error| match error {
            OcrError::Timeout { .. } => Unread::Document(format!("the document takes too long to read: {error}")),
            error => Unread::Reader(format!("the document cannot be read now: {error}")),
        })?;
        match reading.document.unreadable_reason.as_deref() {
            Some(reason) => Err(Unread::Document(format!("the document cannot be read: {reason}"))),
            None if reading.raw_text.trim().is_empty() => {
                Err(Unread::Document(format!("the document cannot be read: {}", Unreadable::NoText.code())))
            }
            None => Ok(reading.raw_text),
        }
    }
}
