//! One at a time by key: the turns of a session follow each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Map = HashMap<String, Arc<tokio::sync::Mutex<()>>>;

#[derive(Clone, Default)]
pub struct Locks {
    map: Arc<Mutex<Map>>,
}

/// The key is ours until this is dropped.
pub struct Held {
    locks: Locks,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Locks {
    /// Waits for its turn.
    pub async fn hold(&self, key: &str) -> Held {
        let lock = self.map().entry(key.to_owned()).or_default().clone();
        let guard = Some(lock.lock_owned().await);
        Held { locks: self.clone(), key: key.to_owned(), guard }
    }

    fn map(&self) -> std::sync::MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    /// Forgets the key when nobody else waits for it, so that the map does not grow with every session.
    fn drop(&mut self) {
        let mut map = self.locks.map();
        self.guard.take();
        if map.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            map.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_has_one_holder_and_is_forgotten_after_the_last() {
        let locks = Locks::default();
        let first = locks.hold("s").await;
        let other = locks.hold("t").await;
        let waiting = tokio::spawn({
            let locks = locks.clone();
            async move { drop(locks.hold("s").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop((first, other));
        waiting.await.unwrap();
        assert!(locks.map().is_empty());
    }
}
