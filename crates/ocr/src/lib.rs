//! Reads claim documents: PDF, JPEG, PNG and TIFF become lines with places, and lines become facts.
//!
//! [`service`] is the MCP server. It never parses a document itself: a [`worker`]
//! process does, which the executable becomes when it runs [`worker::run`].

mod cache;
mod config;
mod detail;
mod documents;
mod error;
mod facts;
mod failure;
mod fields;
pub mod free_text;
mod intake;
mod language;
mod layout;
mod overlay;
mod page;
mod pdf;
mod pictures;
#[cfg(feature = "recognise")]
mod quality;
mod raster;
mod reader;
mod reading;
#[cfg(feature = "recognise")]
pub mod recognise;
mod recognizer;
mod report;
mod result;
mod server;
mod service;
mod slant;
mod tick;
pub mod worker;

pub use config::{OcrConfig, StartError};
pub use detail::{Block, BlockKind, Finding, LineDetail, PageDetail, Timings, Word};
pub use error::OcrError;
pub use facts::{Conflict, DocumentKind, Fact, FactSource, Facts, FieldName, InjectionEvidence, Item};
pub use fields::{facts, fold};
pub use intake::{FileType, Limits, Unreadable, sniff};
pub use overlay::overlay;
pub use page::{Area, Aside, CheckBox, Line, Origin, PageText, Source};
pub use pictures::{Picture, pictures};
pub use reader::{Document, Opened, Reader};
pub use reading::{DocumentQuality, Reading, Statistics};
pub use recognizer::{ModelFiles, Page, PageLines, Recognizer};
pub use report::{BlockReport, LineReport, PageReport, WordReport};
pub use result::{FileInfo, ReadResult};
pub use server::OcrTools;
pub use service::{service, tools};
pub use slant::Slant;
pub use worker::{Pool, Tell, WorkerConfig};

/// Reads one file in a worker and gives what the tool `ocr_document` gives with every page.
///
/// # Errors
/// As [`Pool::read`].
pub async fn read_document(pool: &Pool, name: Option<&str>, bytes: &[u8]) -> Result<ReadResult, OcrError> {
    let start = std::time::Instant::now();
    let reading = pool.read(bytes).await?;
    Ok(ReadResult::of(reading, FileInfo::of(name, bytes), start.elapsed().as_secs_f64()))
}
