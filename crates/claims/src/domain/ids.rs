//! Identifiers, checked once at the edge.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be 1 to 64 characters out of letters, digits, '.', '_', ':' and '-', not starting with '.'")]
pub struct InvalidId {
    pub field: &'static str,
}

fn check(field: &'static str, text: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    let fits = (1..=64).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed);
    if fits { Ok(()) } else { Err(InvalidId { field }) }
}

/// A claim's identifier: ours (time-ordered) or the one a sample brings along.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ClaimId(String);

impl ClaimId {
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
        let text = text.into();
        check("claim_id", &text)?;
        Ok(Self(text))
    }

    pub fn fresh() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to process a claim. Knowing it authorises writing evidence, so a fresh one is random.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct RunId(String);

impl RunId {
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
        let text = text.into();
        check("run_id", &text)?;
        Ok(Self(text))
    }

    pub fn fresh() -> Self {
        Self(format!("run_{}", uuid::Uuid::new_v4().simple()))
    }

    /// The trace that everything done for the run belongs to: 32 hexadecimal digits. A digest, because traces are shown
    /// to people who must not write evidence.
    pub fn trace_id(&self) -> String {
        hex::encode(&Sha256::digest(self.0.as_bytes())[..16])
    }

    /// As W3C Trace Context writes it, for the requests of the run.
    pub fn traceparent(&self) -> String {
        let span = hex::encode(&Sha256::digest(self.trace_id().as_bytes())[..8]);
        format!("00-{}-{span}-01", self.trace_id())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time-ordered identifier with a prefix that says what it names: `ev_…`, `dec_…`.
pub fn fresh_id(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_walk_a_path_or_break_a_header_are_refused() {
        assert_eq!(ClaimId::parse("DEV-0001").unwrap().as_str(), "DEV-0001");
        let long = "x".repeat(65);
        for bad in ["", "..", ".hidden", "a/b", "a\\b", "a b", "a\n", "é", "a\0", long.as_str()] {
            assert!(ClaimId::parse(bad).is_err(), "{bad:?}");
            assert!(RunId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
