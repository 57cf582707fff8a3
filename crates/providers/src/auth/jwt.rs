//! Signed tokens (OpenID Connect), as callers of the control plane.

use std::sync::Arc;

use async_trait::async_trait;
use identity::SignedTokens;
use ports::Clock;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};

use super::config::{JwtConfig, Mapping};
use super::{claims, refused};

pub struct Signed {
    tokens: SignedTokens,
    mapping: Mapping,
    clock: Arc<dyn Clock>,
}

impl Signed {
    pub fn new(config: JwtConfig, clock: Arc<dyn Clock>) -> Self {
        Self { tokens: SignedTokens::new(config.tokens), mapping: config.mapping, clock }
    }
}

#[async_trait]
impl Authenticator for Signed {
    async fn authenticate(&self, token: &str, _: &AskedWith) -> Result<Verified, AuthError> {
        let verified = self.tokens.verify(token, self.clock.unix_seconds()).await.map_err(refused)?;
        let caller = claims::caller(&verified.subject, &verified.claims, &self.mapping)?;
        Ok(Verified { caller: Some(caller), until: Some(verified.until) })
    }

    fn challenge(&self) -> String {
        match self.tokens.issuer() {
            Some(issuer) => {
                format!("Authentication required. Please provide a valid OAuth2 Bearer token from {issuer}")
            }
            None => {
                "Authentication required. Please provide a valid OAuth2 Bearer token in the Authorization header".into()
            }
        }
    }
}
