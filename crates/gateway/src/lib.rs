//! The control plane's HTTP edge: bodies in, bodies out. Decides nothing; asks `engine` and the ports.

mod admission;
mod agents;
mod app;
mod batches;
mod chat;
mod choices;
mod completions;
mod conversations;
mod embeddings;
mod errors;
mod extract;
mod files;
mod follow;
mod inspect;
mod locks;
mod messages;
mod models;
pub mod openapi;
mod paging;
mod prompts;
mod rerank;
mod responses;
mod router;
mod safety;
mod socket;
mod sse;
mod text_completions;
mod tools;
mod toolset;
mod turns;
mod vectors;

pub use admission::{Admission, Quota};
pub use app::{App, Edge, Stores};
pub use router::service;
