//! Vector stores: text out of files, chunks out of text, and the search over chunks.

mod base;
mod building;
pub mod chunking;
mod embedded;
pub mod filter;
mod fixed;
#[cfg_attr(not(feature = "approximate"), path = "no_graph.rs")]
mod graph;
mod graph_file;
mod index;
mod keywords;
pub mod lookup;
mod ranking;
mod rerank;
pub mod text;

pub use embedded::{EmbeddedSearch, Settings};
pub use lookup::Lookup;
