//! Search in this process. A store's chunks are read when it is first searched; later searches read what is new. Small
//! stores are scanned; a large one gets a graph in the background, and is scanned until it is there.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use ports::responses::StoreError;
use ports::vectors::{
    Kept, Place as ChunkPlace, Revision, SearchPlan, VectorHit, VectorQuery, VectorSearch, VectorStore, VectorStores,
};
use tokio::sync::RwLock;

use super::building;
use super::graph_file::{Place, Sheet};
use super::index::{Index, Set};

/// Above this a scan would hold up the other tasks of its thread.
const SCANNED_IN_PLACE: usize = 20_000;
/// Chunks read from the database at a time.
const PAGE: u32 = 512;

#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes of all stores in memory; those unused longest go first.
    pub budget: usize,
    /// From so many chunks on, a store is searched by an approximate index.
    pub approximate_from: usize,
    /// Where such indexes are kept from one start to the next.
    pub folder: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { budget: 512 << 20, approximate_from: 20_000, folder: None }
    }
}

pub struct EmbeddedSearch {
    rows: Arc<dyn VectorStores>,
    settings: Settings,
    shelves: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    shelf: Arc<Shelf>,
    used: Instant,
    size: usize,
}

/// One store in memory.
struct Shelf {
    loaded: Arc<RwLock<Loaded>>,
    /// One reader of the database at a time; searches go on meanwhile.
    reading: tokio::sync::Mutex<()>,
    building: AtomicBool,
    /// After a failure the next start tries again, not the next search.
    given_up: AtomicBool,
    /// The store was removed.
    gone: AtomicBool,
    /// Read for `plan`, which does not wait.
    chunks: AtomicUsize,
    approximate: AtomicBool,
}

pub struct Loaded {
    pub revision: Revision,
    pub index: Index,
    /// Of the file that the graph lies in.
    pub sheet: Option<Sheet>,
}

impl EmbeddedSearch {
    pub fn new(rows: Arc<dyn VectorStores>, settings: Settings) -> Self {
        Self { rows, settings, shelves: Mutex::default() }
    }

    fn shelf(&self, store: &VectorStore) -> Arc<Shelf> {
        let mut all = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.entry(store.id.clone()).or_insert_with(|| {
            let index = Index::new(store.metric, self.settings.approximate_from);
            let shelf = Shelf {
                loaded: Arc::new(RwLock::new(Loaded { revision: Revision::default(), index, sheet: None })),
                reading: tokio::sync::Mutex::new(()),
                building: AtomicBool::new(false),
                given_up: AtomicBool::new(false),
                gone: AtomicBool::new(false),
                chunks: AtomicUsize::new(0),
                approximate: AtomicBool::new(false),
            };
            Entry { shelf: Arc::new(shelf), used: Instant::now(), size: 0 }
        });
        entry.used = Instant::now();
        entry.shelf.clone()
    }

    fn note_size(&self, id: &str, size: usize) {
        let mut all = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = all.get_mut(id) {
            entry.size = size;
        }
        while all.len() > 1 && all.values().map(|entry| entry.size).sum::<usize>() > self.settings.budget {
            let others = all.iter().filter(|(other, _)| other.as_str() != id);
            let Some(oldest) = others.min_by_key(|(_, entry)| entry.used).map(|(id, _)| id.clone()) else { return };
            all.remove(&oldest);
        }
    }

    fn place(&self, store_id: &str) -> Option<Place> {
        self.settings.folder.as_deref().map(|folder| Place::of(folder, store_id))
    }

    async fn bring_up(&self, store: &VectorStore, shelf: &Arc<Shelf>) -> Result<(), StoreError> {
        let now = self.rows.revision(&store.id).await?;
        if shelf.loaded.read().await.revision == now {
            return Ok(());
        }
        let _alone = shelf.reading.lock().await;
        // Somebody else may have read it while we waited.
        let seen = shelf.loaded.read().await.revision;
        if seen == now {
            return Ok(());
        }
        if now.rewritten > seen.now && seen != Revision::default() {
            let left = self.rows.chunk_ids(&store.id).await?.into_iter().collect();
            shelf.loaded.write().await.index.keep(&left);
        }
        let mut place = ChunkPlace::behind(seen.now);
        loop {
            let page = self.rows.chunks_after(&store.id, &place, PAGE).await?;
            let Some(last) = page.last() else { break };
            place = ChunkPlace::from(last);
            let page = self.with_sets(store, page).await?;
            shelf.loaded.write().await.index.put(page);
        }
        let large = {
            let mut loaded = shelf.loaded.write().await;
            loaded.revision = now;
            loaded.index.len() >= self.settings.approximate_from
        };
        if large && seen == Revision::default() {
            self.take_up(store, shelf).await?;
        }
        self.note(store, shelf).await;
        Ok(())
    }

    /// The file of an earlier process.
    async fn take_up(&self, store: &VectorStore, shelf: &Arc<Shelf>) -> Result<(), StoreError> {
        let Some(place) = self.place(&store.id) else { return Ok(()) };
        let (store, loaded) = (store.clone(), shelf.loaded.clone());
        let taken = tokio::task::spawn_blocking(move || building::take_up(&store, &loaded, &place));
        taken.await.map_err(|error| StoreError::Internal(error.to_string()))
    }

    async fn note(&self, store: &VectorStore, shelf: &Arc<Shelf>) {
        let loaded = shelf.loaded.read().await;
        shelf.chunks.store(loaded.index.len(), Ordering::Relaxed);
        shelf.approximate.store(loaded.index.base().is_some(), Ordering::Relaxed);
        self.note_size(&store.id, loaded.index.size());
        if !building::is_due(&loaded.index, self.settings.approximate_from) {
            return;
        }
        drop(loaded);
        if shelf.given_up.load(Ordering::Relaxed) || shelf.building.swap(true, Ordering::AcqRel) {
            return;
        }
        let (store, shelf, place) = (store.clone(), shelf.clone(), self.place(&store.id));
        tokio::task::spawn_blocking(move || {
            let built = building::build(&store, &shelf.loaded, place.as_ref());
            if let Err(error) = &built {
                tracing::warn!(vector_store = %store.id, %error, "no approximate index; every search compares all vectors");
            }
            shelf.approximate.store(shelf.loaded.blocking_read().index.base().is_some(), Ordering::Relaxed);
            shelf.given_up.store(built.is_err(), Ordering::Relaxed);
            shelf.building.store(false, Ordering::Release);
            if let Some(place) = place.filter(|_| shelf.gone.load(Ordering::Acquire)) {
                place.remove();
            }
        });
    }

    async fn with_sets(&self, store: &VectorStore, page: Vec<Kept>) -> Result<Vec<(Kept, Arc<Set>)>, StoreError> {
        let mut of_files: HashMap<String, Arc<Set>> = HashMap::new();
        let mut paired = Vec::with_capacity(page.len());
        for mut kept in page {
            let own = std::mem::take(&mut kept.chunk.metadata);
            let file = match of_files.get(&kept.chunk.file_id) {
                Some(set) => set.clone(),
                None => {
                    let set = Arc::new(self.set(store, &kept.chunk.file_id).await?);
                    of_files.insert(kept.chunk.file_id.clone(), set.clone());
                    set
                }
            };
            let set = match own.is_empty() {
                true => file,
                false => {
                    let mut set = Set::clone(&file);
                    set.attributes.extend(own);
                    Arc::new(set)
                }
            };
            paired.push((kept, set));
        }
        Ok(paired)
    }

    async fn set(&self, store: &VectorStore, file_id: &str) -> Result<Set, StoreError> {
        let file = match file_id.is_empty() {
            true => None,
            false => self.rows.attached(&store.id, file_id).await?,
        };
        let (filename, attributes) = file.map(|file| (file.filename, file.attributes)).unwrap_or_default();
        Ok(Set { file_id: file_id.to_owned(), filename, attributes })
    }
}

#[async_trait]
impl VectorSearch for EmbeddedSearch {
    async fn search(&self, store: &VectorStore, query: &VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let shelf = self.shelf(store);
        self.bring_up(store, &shelf).await?;
        let loaded = shelf.loaded.clone().read_owned().await;
        if loaded.index.scanned() <= SCANNED_IN_PLACE {
            return Ok(loaded.index.search(query));
        }
        let query = query.clone();
        let scan = tokio::task::spawn_blocking(move || loaded.index.search(&query));
        scan.await.map_err(|error| StoreError::Internal(error.to_string()))
    }

    fn plan(&self, store_id: &str) -> Option<SearchPlan> {
        let all = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = &all.get(store_id)?.shelf;
        let approximate = shelf.approximate.load(Ordering::Relaxed);
        Some(SearchPlan {
            kind: if approximate { "approximate" } else { "exact" },
            chunks: Some(shelf.chunks.load(Ordering::Relaxed)),
            building: shelf.building.load(Ordering::Relaxed),
        })
    }

    async fn forget(&self, store_id: &str) {
        let removed = self.shelves.lock().unwrap_or_else(PoisonError::into_inner).remove(store_id);
        if let Some(entry) = removed {
            entry.shelf.gone.store(true, Ordering::Release);
        }
        if let Some(place) = self.place(store_id) {
            let _ = tokio::task::spawn_blocking(move || place.remove()).await;
        }
    }
}
