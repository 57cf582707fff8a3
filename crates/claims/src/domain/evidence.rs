//! What a tool found, kept by content.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::RunId;

/// A finding to be written. The payload is the tool's own document; nothing in it is interpreted here.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct NewEvidence {
    /// `document`, `policyholder`, `similar_claims` or `decision`.
    pub kind: String,
    pub tool: String,
    pub payload: Value,
    #[serde(default)]
    pub confidence: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvidence {
    #[error("{field} must be 1 to 64 lower-case letters, digits, '_' or '-'")]
    Name { field: &'static str },
    #[error("confidence must be between 0 and 1")]
    Confidence,
    #[error("payload must be a JSON object")]
    Payload,
}

impl NewEvidence {
    pub fn check(&self) -> Result<(), InvalidEvidence> {
        let named = |text: &str| {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
            (1..=64).contains(&text.len()) && text.bytes().all(allowed)
        };
        if !named(&self.kind) {
            return Err(InvalidEvidence::Name { field: "kind" });
        }
        if !named(&self.tool) {
            return Err(InvalidEvidence::Name { field: "tool" });
        }
        if self.confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            return Err(InvalidEvidence::Confidence);
        }
        if !self.payload.is_object() {
            return Err(InvalidEvidence::Payload);
        }
        Ok(())
    }

    /// SHA-256 of the payload as compact JSON, in hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.payload.to_string()))
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    pub evidence_id: String,
    #[serde(skip)]
    pub run_id: RunId,
    pub kind: String,
    pub tool: String,
    pub payload: Value,
    pub confidence: Option<f64>,
    pub sha256: String,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_without_a_kind_or_with_an_odd_confidence_is_refused() {
        let good = NewEvidence {
            kind: "document".into(),
            tool: "ocr_document".into(),
            payload: serde_json::json!({}),
            confidence: Some(1.0),
        };
        assert_eq!(good.check(), Ok(()));
        for (kind, confidence) in
            [("", None), ("Document", None), ("document", Some(1.1)), ("document", Some(f64::NAN))]
        {
            let bad = NewEvidence { kind: kind.into(), confidence, ..good.clone() };
            assert!(bad.check().is_err(), "{kind} {confidence:?}");
        }
        assert_eq!(NewEvidence { payload: Value::Null, ..good }.check(), Err(InvalidEvidence::Payload));
    }
}
