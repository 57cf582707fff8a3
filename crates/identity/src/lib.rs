//! Whose token is this: signed tokens checked with their issuer's public keys, and lists of tokens compared in constant
//! time. Knows no roles and no rules: what a caller may do is for those who ask.
//!
//! Nothing is fetched and no client is built before the first token that needs it. No token is ever logged.

mod discovery;
mod door;
mod keys;
mod listed;
mod signed;

pub use door::{Door, Tls};
pub use jsonwebtoken::Algorithm;
pub use keys::{KeysAt, KeysConfig};
pub use listed::Listed;
pub use signed::{SignedTokens, SignedTokensConfig, Verified, algorithm, default_algorithms};

/// Why a token lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The token is not good; the words are fit for its bearer and do not repeat it.
    #[error("{0}")]
    Rejected(String),
    /// Nobody can say now whether it is good.
    #[error("the identity provider does not answer: {0}")]
    Unavailable(String),
}

/// One level down at each dot (`realm_access.roles`), else the claim as its name stands.
pub fn claim_of<'a>(
    claims: &'a serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> Option<&'a serde_json::Value> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let deep = |first: &'a serde_json::Value| {
        rest.into_iter().flat_map(|rest| rest.split('.')).try_fold(first, |it, step| it.get(step))
    };
    claims.get(first).and_then(deep).or_else(|| claims.get(name)).filter(|value| !value.is_null())
}
