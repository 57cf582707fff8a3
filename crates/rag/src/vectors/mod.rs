//! Vectors of texts: one contiguous matrix in memory, and a file that survives restarts.

mod file;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use sha2::{Digest, Sha256};

use file::VectorFile;

/// How many models may have vectors side by side.
pub(crate) const MAX_GENERATIONS: usize = 4;

/// Names a text, whatever model embeds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// All vectors of one model, of unit length. Rows are only ever added.
pub(crate) struct Vectors {
    /// Below [`MAX_GENERATIONS`]; no other store that is open has it.
    slot: usize,
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    dimension: usize,
    rows: Vec<f32>,
    places: HashMap<Key, u32>,
    file: Option<VectorFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model gives vectors of {given} numbers where it gave {known} before; remove its file from data_dir")]
pub(crate) struct DimensionChanged {
    given: usize,
    known: usize,
}

impl Vectors {
    /// Opens the file of `model` under `folder`, creating both; without a folder, or when the file cannot be had,
    /// vectors live in memory only.
    pub(crate) fn open(model: &str, folder: Option<&Path>, slot: usize) -> Self {
        let mut inner = Inner::default();
        if let Some(folder) = folder {
            match VectorFile::open(folder, model) {
                Ok((file, stored)) => {
                    inner.file = Some(file);
                    for (key, vector) in stored {
                        inner.add(Key(key), &vector);
                    }
                    tracing::info!(vectors = inner.places.len(), "vector file opened");
                }
                Err(error) => tracing::warn!(%error, "vectors are kept in memory only"),
            }
        }
        Self { slot, inner: RwLock::new(inner) }
    }

    /// Removes the file of a model that is no longer used. It may be open: what is in memory stays.
    pub(crate) fn remove(model: &str, folder: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(file::path(folder, model)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Whether vectors survive this process.
    pub(crate) fn is_kept(&self) -> bool {
        self.read().file.is_some()
    }

    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    pub(crate) fn row(&self, key: &Key) -> Option<u32> {
        self.read().places.get(key).copied()
    }

    /// The rows of all these texts, or nothing when one is missing.
    pub(crate) fn rows(&self, keys: &[Key]) -> Option<Vec<u32>> {
        let inner = self.read();
        keys.iter().map(|key| inner.places.get(key).copied()).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.read().places.len()
    }

    /// Adds vectors and writes them to the file. A write that fails costs an embedding after the next start.
    pub(crate) fn insert(&self, vectors: Vec<(Key, Vec<f32>)>) -> Result<(), DimensionChanged> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let mut added = Vec::with_capacity(vectors.len());
        for (key, mut vector) in vectors {
            if inner.dimension != 0 && vector.len() != inner.dimension {
                return Err(DimensionChanged { given: vector.len(), known: inner.dimension });
            }
            normalise(&mut vector);
            if inner.add(key, &vector) {
                added.push((key.0, vector));
            }
        }
        if let Some(file) = inner.file.as_mut()
            && let Err(error) = file.append(&added)
        {
            tracing::warn!(%error, "vectors not written");
        }
        Ok(())
    }

    /// Cosine similarity of `query` with each row that is asked for, in their order; nothing when the query has
    /// another dimension.
    pub(crate) fn cosines(&self, query: &[f32], rows: impl Iterator<Item = u32>) -> Vec<f32> {
        let inner = self.read();
        if inner.dimension == 0 || query.len() != inner.dimension {
            return Vec::new();
        }
        let row = |row: u32| &inner.rows[row as usize * inner.dimension..][..inner.dimension];
        rows.map(|at| dot(query, row(at))).collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// False when the text is known already.
    fn add(&mut self, key: Key, vector: &[f32]) -> bool {
        if self.places.contains_key(&key) || vector.is_empty() {
            return false;
        }
        self.dimension = vector.len();
        self.places.insert(key, (self.rows.len() / self.dimension) as u32);
        self.rows.extend_from_slice(vector);
        true
    }
}

pub(crate) fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// Sixteen sums side by side, so that the compiler can use wide registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_survive_a_restart_and_a_torn_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Vectors::open("m/x", Some(folder.path()), 0);
        let keys: Vec<Key> = ["a", "b", "c"].iter().map(|text| Key::of(text)).collect();
        store.insert(vec![(keys[0], vec![3.0, 4.0]), (keys[1], vec![0.0, 2.0])]).expect("of one size");
        store.insert(vec![(keys[2], vec![1.0, 0.0])]).expect("of one size");
        drop(store);

        let path = std::fs::read_dir(folder.path()).expect("a folder").next().expect("a file").expect("a file").path();
        let whole = std::fs::read(&path).expect("a file");
        std::fs::write(&path, &whole[..whole.len() - 3]).expect("torn");
        let store = Vectors::open("m/x", Some(folder.path()), 0);
        assert_eq!(store.len(), 2, "the torn record is dropped");
        store.insert(vec![(keys[2], vec![1.0, 0.0])]).expect("of one size");
        drop(store);

        let store = Vectors::open("m/x", Some(folder.path()), 0);
        assert_eq!(store.len(), 3);
        let rows: Vec<u32> = keys.iter().filter_map(|key| store.row(key)).collect();
        let cosines = store.cosines(&[1.0, 0.0], rows.into_iter());
        assert!((cosines[0] - 0.6).abs() < 1e-6 && cosines[1] == 0.0 && cosines[2] == 1.0, "{cosines:?}");
    }

    #[test]
    fn models_do_not_share_vectors_and_a_damaged_file_is_started_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = Vectors::open("m/one", Some(folder.path()), 0);
        one.insert(vec![(Key::of("a"), vec![1.0, 0.0])]).expect("of one size");
        let other = Vectors::open("m/two", Some(folder.path()), 0);
        assert!(other.row(&Key::of("a")).is_none());
        drop((one, other));
        for entry in std::fs::read_dir(folder.path()).expect("a folder") {
            std::fs::write(entry.expect("a file").path(), b"not vectors").expect("written");
        }
        assert_eq!(Vectors::open("m/one", Some(folder.path()), 0).len(), 0);
    }

    #[test]
    fn a_second_process_does_not_write_into_the_same_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Vectors::open("m", Some(folder.path()), 0);
        let second = Vectors::open("m", Some(folder.path()), 0);
        second.insert(vec![(Key::of("b"), vec![1.0])]).expect("kept in memory");
        first.insert(vec![(Key::of("a"), vec![1.0])]).expect("written");
        drop((first, second));
        assert_eq!(Vectors::open("m", Some(folder.path()), 0).len(), 1);
    }

    #[test]
    fn another_dimension_is_refused() {
        let store = Vectors::open("m", None, 0);
        store.insert(vec![(Key::of("a"), vec![1.0, 0.0])]).expect("the first");
        assert!(store.insert(vec![(Key::of("b"), vec![1.0])]).is_err());
        assert!(store.cosines(&[1.0], [0].into_iter()).is_empty());
    }
}
