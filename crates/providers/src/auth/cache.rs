//! A short memory of tokens: good ones so that a provider is not asked for every request, bad ones so that whoever
//! repeats one does not reach it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use ports::Clock;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use sha2::{Digest, Sha256};

const GOOD: u64 = 10_000;
const BAD: u64 = 1_000;
const BAD_FOR: Duration = Duration::from_secs(5);

type Fingerprint = [u8; 32];

pub struct Remembered {
    provider: Arc<dyn Authenticator>,
    clock: Arc<dyn Clock>,
    /// `None` where nothing may be remembered.
    memory: Option<(Cache<Fingerprint, Verified>, Cache<Fingerprint, String>)>,
}

impl Remembered {
    pub fn new(provider: Arc<dyn Authenticator>, time: Duration, clock: Arc<dyn Clock>) -> Self {
        let memory = (!time.is_zero()).then(|| {
            let good = Cache::builder().max_capacity(GOOD).time_to_live(time).build();
            let bad = Cache::builder().max_capacity(BAD).time_to_live(BAD_FOR.min(time)).build();
            (good, bad)
        });
        Self { provider, clock, memory }
    }
}

#[async_trait]
impl Authenticator for Remembered {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError> {
        let Some((good, bad)) = &self.memory else { return self.provider.authenticate(token, with).await };
        let fingerprint: Fingerprint = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = good.get(&fingerprint).await
            && known.until.is_none_or(|until| self.clock.unix_seconds() < until)
        {
            return Ok(known);
        }
        if let Some(why) = bad.get(&fingerprint).await {
            return Err(AuthError::Rejected(why));
        }
        good.invalidate(&fingerprint).await;
        // Requests that come together with one token ask once.
        let asked = good.try_get_with(fingerprint, self.provider.authenticate(token, with)).await;
        let refused = match asked {
            Ok(verified) => return Ok(verified),
            Err(refused) => AuthError::clone(&refused),
        };
        if let AuthError::Rejected(why) = &refused {
            bad.insert(fingerprint, why.clone()).await;
        }
        Err(refused)
    }

    fn challenge(&self) -> String {
        self.provider.challenge()
    }

    fn decides_by_request(&self) -> bool {
        self.provider.decides_by_request()
    }
}
