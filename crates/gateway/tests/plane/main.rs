//! The control plane's API on a real socket. One executable for all of it: linking is most of what a test costs.
#![allow(clippy::unwrap_used)]

mod admission;
mod agents;
mod approval;
mod background;
mod batches;
mod compaction;
mod completions;
mod conversations;
mod files;
mod harness;
mod messages;
mod models;
mod prompts;
mod replicas;
mod responses;
mod safety;
mod searches;
mod socket;
mod telemetry;
mod tenants;
mod tool_groups;
mod traffic;
mod vector_stores;
