//! Time of an exact search over 10,000 chunks of 768: `cargo run --release -p engine --example vector-search`.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use engine::vectors::ExactSearch;
use ports::access::Principal;
use ports::responses::{Lease, Listed, Page, StoreError};
use ports::vectors::*;
use wire::openai::vector_stores::SearchMode;

const ROWS: usize = 10_000;
const DIMENSION: usize = 768;

struct Rows;

fn vector(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..DIMENSION).map(|_| next()).collect()
}

#[async_trait]
impl VectorStores for Rows {
    async fn put_vector_store(&self, _: &VectorStore) -> Result<(), StoreError> {
        Ok(())
    }
    async fn vector_store(&self, _: &str, _: Option<&Principal>) -> Result<Option<VectorStore>, StoreError> {
        Ok(None)
    }
    async fn store_of_any(&self, _: &str) -> Result<Option<VectorStore>, StoreError> {
        Ok(None)
    }
    async fn remove_expired_stores(&self, _: i64, _: u32) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    async fn left_in_progress(&self, _: i64, _: u32) -> Result<Vec<Attached>, StoreError> {
        Ok(Vec::new())
    }
    async fn begin_batch(&self, _: &FileBatch, _: &Lease) -> Result<(), StoreError> {
        Ok(())
    }
    async fn renew_file_batches(&self, _: &Lease) -> Result<(), StoreError> {
        Ok(())
    }
    async fn claim_file_batches(&self, _: &Lease, _: i64, _: u32) -> Result<Vec<FileBatch>, StoreError> {
        Ok(Vec::new())
    }
    async fn vector_stores(&self, _: &Page, _: Option<&Principal>) -> Result<Listed<VectorStore>, StoreError> {
        Ok(Listed { rows: Vec::new(), has_more: false })
    }
    async fn remove_vector_store(&self, _: &str, _: Option<&Principal>) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn put_attached(&self, _: &Attached) -> Result<(), StoreError> {
        Ok(())
    }
    async fn attached(&self, _: &str, _: &str) -> Result<Option<Attached>, StoreError> {
        Ok(None)
    }
    async fn all_attached(&self, _: &str, _: &Page, _: &AttachedFilter) -> Result<Listed<Attached>, StoreError> {
        Ok(Listed { rows: Vec::new(), has_more: false })
    }
    async fn file_counts(&self, _: &str, _: Option<&str>) -> Result<FileCounts, StoreError> {
        Ok(FileCounts::default())
    }
    async fn detach(&self, _: &str, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn put_batch(&self, _: &FileBatch) -> Result<(), StoreError> {
        Ok(())
    }
    async fn batch(&self, _: &str, _: &str) -> Result<Option<FileBatch>, StoreError> {
        Ok(None)
    }
    async fn add_chunks(&self, _: &str, _: &[Chunk]) -> Result<(), StoreError> {
        Ok(())
    }
    async fn rewritten(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
    async fn revision(&self, _: &str) -> Result<Revision, StoreError> {
        Ok(Revision { now: 1, rewritten: 0 })
    }
    async fn chunks_since(&self, _: &str, _: i64) -> Result<Vec<Chunk>, StoreError> {
        let chunk = |row: usize| Chunk {
            id: row.to_string(),
            file_id: format!("file-{}", row / 100),
            ordinal: row as i64,
            text: format!("words of chunk {row} about claim {}", row % 97),
            metadata: wire::JsonObject::new(),
            vector: vector(row as u64 + 1),
        };
        Ok((0..ROWS).map(chunk).collect())
    }
    async fn vectors_of(&self, _: &str, _: &[String]) -> Result<HashMap<String, Vec<f32>>, StoreError> {
        Ok(HashMap::new())
    }

    async fn chunks_of(&self, _: &str, _: &str) -> Result<Vec<Chunk>, StoreError> {
        Ok(Vec::new())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let search = ExactSearch::new(Arc::new(Rows), 1 << 30);
    let store = VectorStore {
        id: "vs".into(),
        name: None,
        created_at: 0,
        last_active_at: 0,
        expires_after_days: None,
        metadata: wire::JsonObject::new(),
        embedding_model: "m".into(),
        dimension: DIMENSION as u32,
        owner: None,
    };
    for mode in [SearchMode::Vector, SearchMode::Keyword, SearchMode::Hybrid] {
        let mut times: Vec<u128> = Vec::new();
        for seed in 0..200_u64 {
            let query = VectorQuery {
                vector: vector(seed * 31 + 7),
                words: format!("claim {}", seed % 97),
                mode,
                filter: None,
                limit: 10,
                threshold: f32::MIN,
                fusion: Fusion::ReciprocalRank { impact: 60.0 },
            };
            let start = Instant::now();
            let hits = search.search(&store, &query).await;
            times.push(start.elapsed().as_micros());
            assert!(hits.is_ok_and(|hits| hits.len() == 10));
        }
        times.sort_unstable();
        println!("{mode:?}: p50 {} us, p99 {} us", times[100], times[197]);
    }
}
