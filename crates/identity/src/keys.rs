//! The public keys of an issuer, fetched when the first token comes and kept while they are good.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::Refused;
use crate::discovery::discover;
use crate::door::{Door, Tls};

const MOST_KEYS: usize = 100;
/// A key that is not there, or an issuer that does not answer, is not asked about again before this has passed.
const COOLING: Duration = Duration::from_secs(10);
/// Keys that cannot be had anew are still believed for this long: an issuer that is away must not lock everyone out.
const STALE: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone)]
pub enum KeysAt {
    Uri(String),
    /// The issuer says where, each time the keys are asked for.
    Issuer(String),
}

#[derive(Debug, Clone)]
pub struct KeysConfig {
    pub at: KeysAt,
    /// Shown to the server of the keys, where it asks for a token itself.
    pub token: Option<SecretString>,
    /// Keys are asked for again after this time.
    pub recheck: Duration,
}

#[derive(Clone)]
pub struct Keys(Arc<Issuer>);

struct Issuer {
    config: KeysConfig,
    door: Door,
    held: RwLock<Held>,
    /// One asks at a time; who comes later finds what the first has brought.
    asking: Mutex<()>,
}

#[derive(Default)]
struct Held {
    keys: Vec<Jwk>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    /// Why the last attempt failed.
    failed: Option<Refused>,
}

fn younger(at: Option<Instant>, than: Duration) -> bool {
    at.is_some_and(|at| at.elapsed() < than)
}

impl Keys {
    pub fn new(config: KeysConfig, tls: Tls) -> Self {
        let (held, asking) = (RwLock::default(), Mutex::default());
        Self(Arc::new(Issuer { config, door: Door::new(tls), held, asking }))
    }

    /// The key that a token's header names, if it may be used with that algorithm. A new name is asked about before
    /// the answer; old keys are renewed behind it.
    pub async fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Refused> {
        let issuer = &self.0;
        if let Some((key, fresh)) = issuer.known(kid, algorithm) {
            if !fresh {
                let issuer = issuer.clone();
                tokio::spawn(async move { issuer.renew().await });
            }
            return Ok(key);
        }
        issuer.renew().await;
        if let Some((key, _)) = issuer.known(kid, algorithm) {
            return Ok(key);
        }
        let unknown = || Refused::Rejected("the token is signed with a key that its issuer does not have".into());
        Err(issuer.read().failed.clone().unwrap_or_else(unknown))
    }
}

impl Issuer {
    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key that is still believed, and whether it need not be renewed yet.
    fn known(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<(DecodingKey, bool)> {
        let held = self.read();
        let believed = younger(held.fetched, self.config.recheck.max(STALE));
        let key = pick(&held.keys, kid, algorithm).filter(|_| believed)?;
        Some((key, younger(held.fetched, self.config.recheck)))
    }

    async fn renew(&self) {
        let _asking = self.asking.lock().await;
        if younger(self.read().tried, COOLING) {
            return;
        }
        let fetched = self.fetch().await;
        let mut held = self.write();
        held.tried = Some(Instant::now());
        match fetched {
            Ok(keys) => (held.keys, held.fetched, held.failed) = (keys, Some(Instant::now()), None),
            Err(error) => held.failed = Some(error),
        }
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, Refused> {
        let uri = match &self.config.at {
            KeysAt::Uri(uri) => uri.clone(),
            KeysAt::Issuer(issuer) => discover(&self.door, issuer).await?,
        };
        let mut request = self.door.client()?.get(uri);
        if let Some(token) = &self.config.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let (status, body) = self.door.ask(request).await?;
        let keys = body.get("keys").and_then(Value::as_array).filter(|_| status.is_success());
        let Some(keys) = keys else {
            return Err(Refused::Unavailable(format!("it answered {} and no keys", status.as_u16())));
        };
        // Keys of kinds we do not know stand beside those that we do.
        let known = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let for_signatures = known.filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption));
        Ok(for_signatures.take(MOST_KEYS).collect())
    }
}

/// By name; a token that names no key is checked with the only one that fits.
fn pick(keys: &[Jwk], kid: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let fits = |key: &&Jwk| {
        let told = key.common.key_algorithm.map(|told| told.to_string());
        told.is_none_or(|told| told == format!("{algorithm:?}"))
    };
    let family = |key: &Jwk| {
        let key = DecodingKey::from_jwk(key).ok()?;
        key.family().algorithms().contains(&algorithm).then_some(key)
    };
    match kid {
        Some(kid) => keys.iter().filter(fits).filter(|key| key.common.key_id.as_deref() == Some(kid)).find_map(family),
        None => {
            let mut all = keys.iter().filter(fits).filter_map(family);
            let only = all.next()?;
            all.next().is_none().then_some(only)
        }
    }
}
