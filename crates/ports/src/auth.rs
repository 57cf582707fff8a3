//! Whose token is this? One question, answered by a list of tokens, by keys, or by an identity provider.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::access::Caller;

/// The request a token came with, for providers that decide by it. Holds no credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedWith {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub params: BTreeMap<String, Vec<String>>,
}

/// A token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// `None` for a token that all share.
    pub caller: Option<Caller>,
    /// Unix seconds from which on the token is no longer good, where that is known.
    pub until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The token is not good; the words are fit for its bearer and do not repeat it.
    #[error("{0}")]
    Rejected(String),
    /// Nobody can say now whether it is good.
    #[error("the identity provider does not answer: {0}")]
    Unavailable(String),
}

#[async_trait]
pub trait Authenticator: Send + Sync {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError>;

    /// What somebody without a token is told.
    fn challenge(&self) -> String;

    /// Whether it must be told of the request too; the others are given an empty one.
    fn decides_by_request(&self) -> bool {
        false
    }
}
