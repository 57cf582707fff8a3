//! The control plane's HTTP edge: bodies in, bodies out. Decides nothing; asks `engine` and the ports.

mod agents;
mod app;
mod chat;
mod embeddings;
mod errors;
mod extract;
mod files;
mod inspect;
mod locks;
mod models;
pub mod openapi;
mod responses;
mod router;
mod safety;
mod sse;
mod tools;
mod toolset;
mod turns;
mod vectors;

pub use app::{App, Edge, Stores};
pub use router::service;
