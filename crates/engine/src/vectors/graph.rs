//! The approximate index: a graph of neighbours (HNSW) over vectors of 16-bit floats, kept by usearch.
//!
//! Numbers were measured at 10,000 and 100,000 vectors of 768, see `docs/adr/0014-vector-index.md`.

use std::path::Path;

use ports::vectors::Metric;
use usearch::{Index, IndexOptions, MetricKind, ScalarKind};

/// Neighbours of a vector on each level.
const CONNECTIVITY: usize = 16;
/// Candidates looked at when a vector is put in, and when one is asked for.
const EXPANSION_ADD: usize = 128;
const EXPANSION_SEARCH: usize = 64;
/// Searches at one time; a further one is refused, and its caller scans.
const SEARCHES: usize = 64;

/// What a file must have been made with, to be read again.
pub const FORMAT: &str = "usearch-2.26 f16 m16 c128";

pub struct Graph(Index);

impl Graph {
    /// Room for so many vectors, put in by so many threads.
    pub fn new(dimension: usize, metric: Metric, room: usize, threads: usize) -> Result<Self, String> {
        let graph = Self::empty(dimension, metric)?;
        graph.reserve(room, threads)?;
        Ok(graph)
    }

    fn empty(dimension: usize, metric: Metric) -> Result<Self, String> {
        let options = IndexOptions {
            dimensions: dimension,
            // Directions have unit length, so the product is the cosine.
            metric: if metric == Metric::L2 { MetricKind::L2sq } else { MetricKind::IP },
            quantization: ScalarKind::F16,
            connectivity: CONNECTIVITY,
            expansion_add: EXPANSION_ADD,
            expansion_search: EXPANSION_SEARCH,
            ..IndexOptions::default()
        };
        Index::new(&options).map(Self).map_err(|error| error.to_string())
    }

    fn reserve(&self, room: usize, threads: usize) -> Result<(), String> {
        self.0.reserve_capacity_and_threads(room, threads.max(SEARCHES)).map_err(|error| error.to_string())
    }

    /// A file as it lies on the disk, read as far as it is needed. Nothing can be added.
    pub fn mapped(path: &Path, dimension: usize, metric: Metric) -> Result<Self, String> {
        let graph = Self::empty(dimension, metric)?;
        graph.reserve(0, SEARCHES)?;
        graph.0.view(&path.to_string_lossy()).map_err(|error| error.to_string())?;
        graph.checked(dimension)
    }

    /// A file read into memory, with room for `more` vectors.
    pub fn read(path: &Path, dimension: usize, metric: Metric, more: usize, threads: usize) -> Result<Self, String> {
        let graph = Self::empty(dimension, metric)?;
        graph.0.load(&path.to_string_lossy()).map_err(|error| error.to_string())?;
        let graph = graph.checked(dimension)?;
        graph.reserve(graph.len() + more, threads)?;
        Ok(graph)
    }

    fn checked(self, dimension: usize) -> Result<Self, String> {
        match self.0.dimensions() == dimension && self.0.scalar_kind() == ScalarKind::F16 {
            // The file does not keep these.
            true => {
                self.0.change_expansion_add(EXPANSION_ADD);
                self.0.change_expansion_search(EXPANSION_SEARCH);
            }
            false => return Err("the file holds other vectors".into()),
        }
        Ok(self)
    }

    pub fn len(&self) -> usize {
        self.0.size()
    }

    pub fn bytes(&self) -> usize {
        self.0.memory_usage()
    }

    /// May be called by several threads.
    pub fn add(&self, key: u32, vector: &[f32]) -> Result<(), String> {
        self.0.add(u64::from(key), vector).map_err(|error| error.to_string())
    }

    /// Keys of the nearest that are accepted, about: `accept` is asked on the way, not afterwards.
    pub fn nearest(&self, vector: &[f32], count: usize, accept: impl Fn(u32) -> bool) -> Result<Vec<u32>, String> {
        let accept = |key: u64| u32::try_from(key).is_ok_and(&accept);
        let found = self.0.filtered_search(vector, count, accept).map_err(|error| error.to_string())?;
        Ok(found.keys.into_iter().filter_map(|key| u32::try_from(key).ok()).collect())
    }

    pub fn save(&self, path: &Path) -> Result<(), String> {
        self.0.save(&path.to_string_lossy()).map_err(|error| error.to_string())
    }
}
