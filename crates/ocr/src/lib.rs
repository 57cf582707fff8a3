//! Reads claim documents: PDF, JPEG, PNG and TIFF become lines with places, and lines become facts.

mod error;
mod facts;
mod fields;
mod intake;
mod layout;
mod page;
mod pdf;
mod raster;
mod reader;
#[cfg(feature = "recognise")]
pub mod recognise;
mod recognizer;
mod tick;

pub use error::OcrError;
pub use facts::{
    Conflict, DocumentKind, Fact, FactSource, Facts, FieldName, InjectionEvidence, Item,
};
pub use fields::{facts, fold};
pub use intake::{FileType, Limits, Unreadable};
pub use page::{Area, Aside, Line, Origin, PageText, Source};
pub use reader::{Document, Opened, Reader};
pub use recognizer::{ModelFiles, Page, PageLines, Recognizer};
