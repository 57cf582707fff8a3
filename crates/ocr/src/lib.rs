//! Reads claim documents: PDF, JPEG, PNG and TIFF become lines with places, and lines become facts.
//!
//! [`service`] is the MCP server. It never parses a document itself: a [`worker`]
//! process does, which the executable becomes when it runs [`worker::run`].

mod config;
mod documents;
mod error;
mod facts;
mod fields;
pub mod free_text;
mod intake;
mod layout;
mod page;
mod pdf;
mod raster;
mod reader;
mod reading;
#[cfg(feature = "recognise")]
pub mod recognise;
mod recognizer;
mod server;
mod service;
mod tick;
pub mod worker;

pub use config::{OcrConfig, StartError};
pub use error::OcrError;
pub use facts::{Conflict, DocumentKind, Fact, FactSource, Facts, FieldName, InjectionEvidence, Item};
pub use fields::{facts, fold};
pub use intake::{FileType, Limits, Unreadable, sniff};
pub use page::{Area, Aside, CheckBox, Line, Origin, PageText, Source};
pub use reader::{Document, Opened, Reader};
pub use reading::{DocumentQuality, LineReport, PageReport, Reading, Statistics};
pub use recognizer::{ModelFiles, Page, PageLines, Recognizer};
pub use server::OcrTools;
pub use service::{service, tools};
pub use worker::{Pool, WorkerConfig};

/// Reads the bytes of one file in this process, for a command line.
///
/// # Errors
/// When recognition is needed and missing, or fails.
pub fn read_file(bytes: &[u8], reader: &mut Reader) -> Result<Reading, OcrError> {
    reader.pages(bytes).map(Reading::of)
}
