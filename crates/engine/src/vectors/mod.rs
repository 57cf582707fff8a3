//! Vector stores: text out of files, chunks out of text, and the exact search over chunks.

pub mod chunking;
mod exact;
pub mod filter;
mod index;
mod keywords;
pub mod lookup;
pub mod text;

pub use exact::ExactSearch;
pub use lookup::Lookup;
