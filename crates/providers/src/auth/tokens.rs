//! Tokens written into the configuration, and behind them the identity provider, if there is one.

use std::sync::Arc;

use async_trait::async_trait;
use identity::Listed;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};

use super::config::NamedToken;

pub struct Tokens {
    known: Listed<Verified>,
    then: Option<Arc<dyn Authenticator>>,
}

impl Tokens {
    pub fn new(tokens: &[NamedToken], then: Option<Arc<dyn Authenticator>>) -> Self {
        let verified = |named: &NamedToken| Verified { caller: named.caller.clone(), until: None };
        Self { known: Listed::new(tokens.iter().map(|named| (&named.token, verified(named)))), then }
    }
}

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError> {
        match (self.known.find(token), &self.then) {
            (Some(verified), _) => Ok(verified.clone()),
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
