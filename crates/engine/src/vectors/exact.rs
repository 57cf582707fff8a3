//! Exact search in memory. A store's chunks are read when it is first searched; later searches read what is new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use ports::responses::StoreError;
use ports::vectors::{Revision, VectorHit, VectorQuery, VectorSearch, VectorStore, VectorStores};
use tokio::sync::RwLock;

use super::index::{Index, Set};

/// Above this a scan would hold up the other tasks of its thread.
const SCANNED_IN_PLACE: usize = 20_000;

pub struct ExactSearch {
    rows: Arc<dyn VectorStores>,
    loaded: Mutex<HashMap<String, Entry>>,
    /// Bytes of all stores in memory; those unused longest go first.
    budget: usize,
}

struct Entry {
    loaded: Arc<RwLock<Loaded>>,
    used: Instant,
    size: usize,
}

#[derive(Default)]
struct Loaded {
    revision: Revision,
    index: Index,
    /// Attributes by file, as far as they were needed.
    sets: HashMap<String, Arc<Set>>,
}

impl ExactSearch {
    pub fn new(rows: Arc<dyn VectorStores>, budget: usize) -> Self {
        Self { rows, loaded: Mutex::default(), budget }
    }

    fn entry(&self, id: &str) -> Arc<RwLock<Loaded>> {
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Entry { loaded: Arc::default(), used: Instant::now(), size: 0 };
        let entry = all.entry(id.to_owned()).or_insert_with(fresh);
        entry.used = Instant::now();
        entry.loaded.clone()
    }

    fn note_size(&self, id: &str, size: usize) {
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = all.get_mut(id) {
            entry.size = size;
        }
        while all.len() > 1 && all.values().map(|entry| entry.size).sum::<usize>() > self.budget {
            let others = all.iter().filter(|(other, _)| other.as_str() != id);
            let Some(oldest) = others.min_by_key(|(_, entry)| entry.used).map(|(id, _)| id.clone()) else { return };
            all.remove(&oldest);
        }
    }

    async fn bring_up(&self, store: &VectorStore, loaded: &mut Loaded, now: Revision) -> Result<(), StoreError> {
        if now.rewritten > loaded.revision.now {
            *loaded = Loaded::default();
        }
        for chunk in self.rows.chunks_since(&store.id, loaded.revision.now).await? {
            let set = match loaded.sets.get(&chunk.file_id) {
                Some(set) if chunk.metadata.is_empty() => set.clone(),
                _ => {
                    let set = Arc::new(self.set(store, &chunk.file_id, chunk.metadata).await?);
                    if !chunk.file_id.is_empty() {
                        loaded.sets.insert(chunk.file_id, set.clone());
                    }
                    set
                }
            };
            loaded.index.push(chunk.id, chunk.text, &chunk.vector, &set);
        }
        loaded.revision = now;
        Ok(())
    }

    async fn set(&self, store: &VectorStore, file_id: &str, own: wire::JsonObject) -> Result<Set, StoreError> {
        let file = match file_id.is_empty() {
            true => None,
            false => self.rows.attached(&store.id, file_id).await?,
        };
        let (filename, mut attributes) = file.map(|file| (file.filename, file.attributes)).unwrap_or_default();
        attributes.extend(own);
        Ok(Set { file_id: file_id.to_owned(), filename, attributes })
    }
}

#[async_trait]
impl VectorSearch for ExactSearch {
    async fn search(&self, store: &VectorStore, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let now = self.rows.revision(&store.id).await?;
        let entry = self.entry(&store.id);
        if entry.read().await.revision != now {
            let mut loaded = entry.write().await;
            // Somebody else may have read it while we waited.
            if loaded.revision != now {
                self.bring_up(store, &mut loaded, now).await?;
                self.note_size(&store.id, loaded.index.size());
            }
        }
        let loaded = entry.read_owned().await;
        if loaded.index.len() <= SCANNED_IN_PLACE {
            return Ok(loaded.index.search(query));
        }
        let query = query.clone();
        let scan = tokio::task::spawn_blocking(move || loaded.index.search(&query));
        scan.await.map_err(|error| StoreError::Internal(error.to_string()))
    }
}
