//! The chunks of one vector store in memory, and vectors that lie as embeddings do.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::access::Principal;
use ports::responses::{Lease, Listed, Page, StoreError};
use ports::vectors::{
    AttachStatus, Attached, AttachedFilter, Chunk, FileBatch, FileCounts, Kept, Place, Revision, VectorStore,
    VectorStores,
};
use wire::openai::vector_stores::ChunkingStrategy;

/// Numbers that look like chance and are the same every time.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// About normal, mean 0, deviation 1: the sum of the four 16-bit parts of a number.
    pub fn normal(&mut self) -> f32 {
        let number = self.number();
        let sum: u64 = (0..4).map(|part| number >> (16 * part) & 0xffff).sum();
        (sum as f32 / 65_536.0 - 2.0) * 1.732
    }
}

/// Unit vectors about centres, one for 200 vectors and 64 at least: two of one centre have a cosine of about 0.55, as
/// chunks on one matter have, and two of different centres one about 0.
pub fn clustered(count: usize, dimension: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut noise = Noise::new(seed);
    let centres: Vec<Vec<f32>> =
        (0..(count / 200).max(64)).map(|_| (0..dimension).map(|_| noise.normal()).collect()).collect();
    let vector = |_| {
        let centre = &centres[noise.number() as usize % centres.len()];
        let vector: Vec<f32> = centre.iter().map(|value| value + 0.9 * noise.normal()).collect();
        unit(vector)
    };
    (0..count).map(vector).collect()
}

/// A question near one of `vectors`, at a cosine of about 0.87.
pub fn near(vectors: &[Vec<f32>], noise: &mut Noise) -> Vec<f32> {
    let vector = &vectors[noise.number() as usize % vectors.len()];
    let spread = 0.55 / (vector.len() as f32).sqrt();
    unit(vector.iter().map(|value| value + spread * noise.normal()).collect())
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

/// Files and chunks, whatever store is asked for. What search does not ask for is not there.
#[derive(Default)]
pub struct MemoryChunks(Mutex<Held>);

#[derive(Default)]
struct Held {
    revision: Revision,
    files: HashMap<String, Attached>,
    chunks: BTreeMap<(i64, String, i64, String), Chunk>,
}

impl MemoryChunks {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn absent<T>() -> Result<T, StoreError> {
    Err(StoreError::Internal("not kept in memory".into()))
}

#[async_trait]
impl VectorStores for MemoryChunks {
    async fn put_vector_store(&self, _: &VectorStore) -> Result<(), StoreError> {
        Ok(())
    }
    async fn vector_store(&self, _: &str, _: Option<&Principal>) -> Result<Option<VectorStore>, StoreError> {
        absent()
    }
    async fn store_of_any(&self, _: &str) -> Result<Option<VectorStore>, StoreError> {
        absent()
    }
    async fn vector_stores(&self, _: &Page, _: Option<&Principal>) -> Result<Listed<VectorStore>, StoreError> {
        absent()
    }
    async fn remove_vector_store(&self, _: &str, _: Option<&Principal>) -> Result<bool, StoreError> {
        *self.held() = Held::default();
        Ok(true)
    }
    async fn put_attached(&self, file: &Attached) -> Result<(), StoreError> {
        self.held().files.insert(file.file_id.clone(), file.clone());
        Ok(())
    }
    async fn attached(&self, _: &str, file_id: &str) -> Result<Option<Attached>, StoreError> {
        Ok(self.held().files.get(file_id).cloned())
    }
    async fn all_attached(&self, _: &str, _: &Page, _: &AttachedFilter) -> Result<Listed<Attached>, StoreError> {
        absent()
    }
    async fn file_counts(&self, _: &str, _: Option<&str>) -> Result<FileCounts, StoreError> {
        absent()
    }
    async fn detach(&self, _: &str, file_id: &str) -> Result<bool, StoreError> {
        let mut held = self.held();
        held.revision.now += 1;
        held.revision.rewritten = held.revision.now;
        held.chunks.retain(|_, chunk| chunk.file_id != file_id);
        Ok(held.files.remove(file_id).is_some())
    }
    async fn remove_expired_stores(&self, _: i64, _: u32) -> Result<Vec<String>, StoreError> {
        absent()
    }
    async fn left_in_progress(&self, _: i64, _: u32) -> Result<Vec<Attached>, StoreError> {
        absent()
    }
    async fn begin_batch(&self, _: &FileBatch, _: &Lease) -> Result<(), StoreError> {
        absent()
    }
    async fn renew_file_batches(&self, _: &Lease) -> Result<(), StoreError> {
        absent()
    }
    async fn claim_file_batches(&self, _: &Lease, _: i64, _: u32) -> Result<Vec<FileBatch>, StoreError> {
        absent()
    }
    async fn put_batch(&self, _: &FileBatch) -> Result<(), StoreError> {
        absent()
    }
    async fn batch(&self, _: &str, _: &str) -> Result<Option<FileBatch>, StoreError> {
        absent()
    }
    async fn add_chunks(&self, _: &str, chunks: &[Chunk]) -> Result<(), StoreError> {
        let mut held = self.held();
        held.revision.now += 1;
        let (revision, ids): (i64, std::collections::HashSet<&str>) =
            (held.revision.now, chunks.iter().map(|chunk| chunk.id.as_str()).collect());
        held.chunks.retain(|_, chunk| !ids.contains(chunk.id.as_str()));
        for chunk in chunks {
            let place = (revision, chunk.file_id.clone(), chunk.ordinal, chunk.id.clone());
            held.chunks.insert(place, chunk.clone());
        }
        Ok(())
    }
    async fn rewritten(&self, _: &str, file_id: &str) -> Result<(), StoreError> {
        let mut held = self.held();
        held.revision.now += 1;
        let revision = held.revision.now;
        let again: Vec<_> = held.chunks.extract_if(.., |_, chunk| chunk.file_id == file_id).collect();
        held.chunks
            .extend(again.into_iter().map(|((_, file, ordinal, id), chunk)| ((revision, file, ordinal, id), chunk)));
        Ok(())
    }
    async fn revision(&self, _: &str) -> Result<Revision, StoreError> {
        Ok(self.held().revision)
    }
    async fn chunks_after(&self, _: &str, after: &Place, limit: u32) -> Result<Vec<Kept>, StoreError> {
        let place = (after.revision, after.file_id.clone(), after.ordinal, after.id.clone());
        let held = self.held();
        let behind = held.chunks.range((std::ops::Bound::Excluded(place), std::ops::Bound::Unbounded));
        let kept = behind.map(|((revision, ..), chunk)| Kept { revision: *revision, chunk: chunk.clone() });
        Ok(kept.take(limit as usize).collect())
    }
    async fn chunk_ids(&self, _: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.held().chunks.values().map(|chunk| chunk.id.clone()).collect())
    }
    async fn vectors_of(&self, _: &str, _: &[String]) -> Result<HashMap<String, Vec<f32>>, StoreError> {
        absent()
    }
    async fn chunks_of(&self, _: &str, _: &str) -> Result<Vec<Chunk>, StoreError> {
        absent()
    }
}

/// A file with attributes, attached.
pub fn attached(store_id: &str, file_id: &str, attributes: wire::JsonObject) -> Attached {
    Attached {
        store_id: store_id.into(),
        file_id: file_id.into(),
        filename: format!("{file_id}.txt"),
        attributes,
        chunking: ChunkingStrategy::Auto,
        created_at: 1,
        status: AttachStatus::Completed,
        last_error: None,
        usage_bytes: 0,
        batch_id: None,
    }
}
