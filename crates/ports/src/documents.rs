//! Text out of documents that are not text: PDF files, scans, photos.

use async_trait::async_trait;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The document is at fault: encrypted, broken, too long, without a word.
    #[error("{0}")]
    Document(String),
    /// Nothing can read it now; another try may.
    #[error("{0}")]
    Reader(String),
}

#[async_trait]
pub trait DocumentText: Send + Sync {
    /// Whether a file with this content is for this reader.
    fn reads(&self, bytes: &[u8]) -> bool;

    /// The text of all pages in reading order, an empty line between pages.
    async fn text(&self, bytes: &[u8]) -> Result<String, Unread>;
}
