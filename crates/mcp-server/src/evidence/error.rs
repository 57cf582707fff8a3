//! What can go wrong between a tool and the claims service.

/// Cases a tool can act on. None of them carries a token or document text.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The claim, document or user does not exist.
    #[error("{what} not found")]
    NotFound { what: String },
    /// The run is no longer the claim's current one: stop, write nothing.
    #[error("the run is not the current one of claim {claim_id}")]
    StaleRun { claim_id: String },
    #[error("the claims service refused the service token")]
    Unauthorized,
    /// No answer: refused, reset, or too slow. Worth another try later.
    #[error("the claims service cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// The service understood and said no.
    #[error("the claims service answered {status}: {message}")]
    Rejected { status: u16, message: String },
    #[error("the answer of the claims service is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the claims service answered {what} in a form this version does not understand")]
    Malformed { what: &'static str },
    #[error("evidence settings: {0}")]
    Config(String),
}

impl EvidenceError {
    /// Whether the same request may succeed if it is made again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Rejected { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            _ => false,
        }
    }
}
