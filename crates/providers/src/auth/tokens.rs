//! Tokens written into the configuration, and behind them the identity provider, if there is one.

use std::sync::Arc;

use async_trait::async_trait;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::config::NamedToken;

pub struct Tokens {
    /// By digest: comparing those takes the same time whatever was sent, and however long it is.
    known: Vec<([u8; 32], Verified)>,
    then: Option<Arc<dyn Authenticator>>,
}

impl Tokens {
    pub fn new(tokens: &[NamedToken], then: Option<Arc<dyn Authenticator>>) -> Self {
        let known = tokens.iter().map(|named| {
            let digest = Sha256::digest(named.token.expose_secret().as_bytes()).into();
            (digest, Verified { caller: named.caller.clone(), until: None })
        });
        Self { known: known.collect(), then }
    }
}

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        // To the end of the list, whichever it is.
        for (digest, verified) in &self.known {
            if bool::from(digest.ct_eq(&given)) {
                found = Some(verified.clone());
            }
        }
        match (found, &self.then) {
            (Some(verified), _) => Ok(verified),
            (None, Some(provider)) => provider.authenticate(token, with).await,
            (None, None) => Err(AuthError::Rejected("a valid bearer token is required".into())),
        }
    }

    fn challenge(&self) -> String {
        self.then.as_ref().map_or_else(|| "a valid bearer token is required".into(), |provider| provider.challenge())
    }

    fn decides_by_request(&self) -> bool {
        self.then.as_ref().is_some_and(|provider| provider.decides_by_request())
    }
}
