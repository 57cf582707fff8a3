//! The approximate index: a graph of neighbours (HNSW) kept by usearch. Directions are bytes in it, each vector spread
//! over the whole of their range; where lengths count they are 16-bit floats.
//!
//! Numbers were measured at 10,000 and 100,000 vectors of 768, see `docs/adr/0014-vector-index.md`.

use std::path::Path;

use ports::vectors::Metric;
use usearch::{Index, IndexOptions, MetricKind, ScalarKind, VectorType};

/// Neighbours of a vector on each level.
const CONNECTIVITY: usize = 16;
/// Candidates looked at when a vector is put in, and when one is asked for.
const EXPANSION_ADD: usize = 128;
const EXPANSION_SEARCH: usize = 64;
/// Searches at one time; a further one is refused, and its caller scans.
const SEARCHES: usize = 64;

/// What a file must have been made with, to be read again.
pub const FORMAT: &str = "usearch-2.26 i8/f16 m16 c128";

pub struct Graph {
    index: Index,
    metric: Metric,
}

fn scalars(metric: Metric) -> ScalarKind {
    if metric == Metric::Cosine { ScalarKind::I8 } else { ScalarKind::F16 }
}

/// The same direction, its largest number made the largest byte.
fn spread(vector: &[f32]) -> Vec<i8> {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    vector.iter().map(|value| (value * scale).round() as i8).collect()
}

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
            metric: match metric {
                Metric::Cosine => MetricKind::Cos,
                Metric::Dot => MetricKind::IP,
                Metric::L2 => MetricKind::L2sq,
            },
            quantization: scalars(metric),
            connectivity: CONNECTIVITY,
            expansion_add: EXPANSION_ADD,
            expansion_search: EXPANSION_SEARCH,
            ..IndexOptions::default()
        };
        Index::new(&options).map(|index| Self { index, metric }).map_err(|error| error.to_string())
    }

    fn reserve(&self, room: usize, threads: usize) -> Result<(), String> {
        self.index.reserve_capacity_and_threads(room, threads.max(SEARCHES)).map_err(|error| error.to_string())
    }

    /// A file as it lies on the disk, read as far as it is needed. Nothing can be added.
    pub fn mapped(path: &Path, dimension: usize, metric: Metric) -> Result<Self, String> {
        let graph = Self::empty(dimension, metric)?;
        graph.reserve(0, SEARCHES)?;
        graph.index.view(&path.to_string_lossy()).map_err(|error| error.to_string())?;
        graph.checked(dimension)
    }

    /// A file read into memory, with room for `more` vectors.
    pub fn read(path: &Path, dimension: usize, metric: Metric, more: usize, threads: usize) -> Result<Self, String> {
        let graph = Self::empty(dimension, metric)?;
        graph.index.load(&path.to_string_lossy()).map_err(|error| error.to_string())?;
        let graph = graph.checked(dimension)?;
        graph.reserve(graph.len() + more, threads)?;
        Ok(graph)
    }

    fn checked(self, dimension: usize) -> Result<Self, String> {
        match self.index.dimensions() == dimension && self.index.scalar_kind() == scalars(self.metric) {
            // The file does not keep these.
            true => {
                self.index.change_expansion_add(EXPANSION_ADD);
                self.index.change_expansion_search(EXPANSION_SEARCH);
            }
            false => return Err("the file holds other vectors".into()),
        }
        Ok(self)
    }

    pub fn len(&self) -> usize {
        self.index.size()
    }

    pub fn bytes(&self) -> usize {
        self.index.memory_usage()
    }

    /// May be called by several threads.
    pub fn add(&self, key: u32, vector: &[f32]) -> Result<(), String> {
        let added = match self.metric {
            Metric::Cosine => self.index.add(u64::from(key), &spread(vector)),
            Metric::Dot | Metric::L2 => self.index.add(u64::from(key), vector),
        };
        added.map_err(|error| error.to_string())
    }

    /// Keys of the nearest, about; of those that `accept` takes, which is asked on the way and not afterwards.
    pub fn nearest<F>(&self, vector: &[f32], count: usize, accept: Option<F>) -> Result<Vec<u32>, String>
    where
        F: Fn(u32) -> bool,
    {
        let found = match self.metric {
            Metric::Cosine => self.found(&spread(vector), count, accept),
            Metric::Dot | Metric::L2 => self.found(vector, count, accept),
        };
        Ok(found?.into_iter().filter_map(|key| u32::try_from(key).ok()).collect())
    }

    fn found<T, F>(&self, vector: &[T], count: usize, accept: Option<F>) -> Result<Vec<u64>, String>
    where
        T: VectorType,
        F: Fn(u32) -> bool,
    {
        let found = match accept {
            None => self.index.search(vector, count),
            Some(accept) => self.index.filtered_search(vector, count, |key| u32::try_from(key).is_ok_and(&accept)),
        };
        found.map(|found| found.keys).map_err(|error| error.to_string())
    }

    pub fn save(&self, path: &Path) -> Result<(), String> {
        self.index.save(&path.to_string_lossy()).map_err(|error| error.to_string())
    }
}
