//! The control plane's HTTP edge: bodies in, bodies out. Decides nothing; asks `engine` and the ports.

mod app;
mod chat;
mod completions;
mod conversations;
mod embeddings;
mod errors;
mod extract;
mod follow;
mod inspect;
mod messages;
mod models;
pub mod openapi;
mod paging;
mod prompts;
mod responses;
mod router;
mod sse;
mod text_completions;
mod turns;

pub use app::{App, Edge, Stores};
pub use router::service;
