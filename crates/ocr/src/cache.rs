//! Readings of documents that were read before, by the SHA-256 of their bytes.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::error::OcrError;
use crate::reading::Reading;
use crate::worker::{Pool, Tell};

/// Memory for kept readings, estimated.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Documents hold personal data: nothing is kept longer than a claim is worked on.
const KEPT: Duration = Duration::from_secs(600);

/// Reads each document once; callers who ask for the same one at the same time share the work.
#[derive(Clone)]
pub struct Readings {
    pool: Arc<Pool>,
    kept: Cache<String, Arc<Reading>>,
}

impl Readings {
    pub fn new(pool: Arc<Pool>) -> Self {
        let kept = Cache::builder()
            .max_capacity(MAX_BYTES)
            .time_to_live(KEPT)
            .weigher(|_: &String, reading: &Arc<Reading>| weight(reading));
        Self { pool, kept: kept.build() }
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The reading of `document`, whose SHA-256 is `digest`; `tell` hears of the pages when it is read now.
    ///
    /// # Errors
    /// As [`Pool::read`]. Errors are not kept, nor is what could not be read.
    pub async fn read(
        &self,
        digest: &str,
        document: &[u8],
        tell: Option<&Tell>,
    ) -> Result<Arc<Reading>, Arc<OcrError>> {
        let read = async { self.pool.read_telling(document, tell).await.map(Arc::new) };
        let reading = self.kept.try_get_with_by_ref(digest, read).await?;
        if !reading.document.readable {
            self.kept.invalidate(digest).await;
        }
        Ok(reading)
    }
}

/// Bytes a reading takes, about: boxes and names around each word cost more than the word.
fn weight(reading: &Reading) -> u32 {
    let words: usize = reading.pages.iter().flat_map(|page| &page.lines).map(|line| line.words.len() + 1).sum();
    u32::try_from(reading.raw_text.len() * 2 + words * 120 + 4096).unwrap_or(u32::MAX)
}
