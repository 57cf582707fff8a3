//! A claim as it was handed in, and what is known of its document.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{ClaimId, ClaimStatus, Money, Outcome, RunId};

pub const MAX_FILENAME_CHARS: usize = 200;

/// A claim to be written down. Its document is already in the document store.
#[derive(Debug, Clone)]
pub struct NewClaim {
    pub claim_id: ClaimId,
    pub claim_number: String,
    /// The account that submitted. May be unknown to us: the policy then asks for a person.
    pub user_id: String,
    /// The uploader's hint.
    pub claim_type: Option<String>,
    pub received_date: Date,
    pub document_path: String,
    pub document: DocumentInfo,
    /// JSON object.
    pub metadata: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentInfo {
    pub sha256: String,
    /// As the uploader called it. Untrusted: shown, never opened.
    pub filename: String,
    pub media_type: String,
    pub size_bytes: u64,
}

#[derive(Debug, Clone)]
pub struct Claim {
    pub claim_id: ClaimId,
    pub claim_number: String,
    pub user_id: String,
    pub claim_type: Option<String>,
    pub received_date: String,
    pub document_path: String,
    pub document: DocumentInfo,
    pub status: ClaimStatus,
    pub current_run: Option<RunId>,
    pub is_archived: bool,
    pub metadata: String,
    pub submitted_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    pub total_processing_time_ms: Option<i64>,
    pub updated_at: Timestamp,
    pub decision: Option<DecisionBrief>,
}

/// The latest decision in one line.
#[derive(Debug, Clone)]
pub struct DecisionBrief {
    pub version: i64,
    pub outcome: Outcome,
    pub payable: Option<Money>,
    pub proposed: Option<Money>,
    pub currency: Option<String>,
    pub confidence: f64,
    pub first_reason: String,
}

/// Media type by content; a file name does not count.
pub fn media_type_of(start: &[u8]) -> &'static str {
    let window = &start[..start.len().min(1024)];
    if window.windows(5).any(|bytes| bytes == b"%PDF-") {
        "application/pdf"
    } else if start.starts_with(&[0xFF, 0xD8, 0xFF]) {
        "image/jpeg"
    } else if start.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if start.starts_with(b"II*\0") || start.starts_with(b"MM\0*") {
        "image/tiff"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_the_media_type() {
        assert_eq!(media_type_of(b"\n\n%PDF-1.7"), "application/pdf");
        assert_eq!(media_type_of(&[0xFF, 0xD8, 0xFF, 0xE0]), "image/jpeg");
        assert_eq!(media_type_of(b"II*\0rest"), "image/tiff");
        assert_eq!(media_type_of(b"hello"), "application/octet-stream");
        assert_eq!(media_type_of(b""), "application/octet-stream");
    }
}
