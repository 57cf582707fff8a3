//! The pages of documents, kept on disk by content.

use std::path::PathBuf;
use std::time::Instant;

use ocr::{Aside, PageText, Reader};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Failure;

/// Pages with what stands beside them; `None` for a document that cannot be read.
type Read = Option<(Vec<PageText>, Vec<Aside>)>;

/// Reads documents, each content once.
pub struct Pages {
    models: PathBuf,
    cache: Option<PathBuf>,
    /// Opened for the first document that is not kept.
    reader: Option<Reader>,
    seconds: f64,
    recognised: usize,
}

impl Pages {
    /// Creates the folder that keeps pages.
    pub fn new(models: PathBuf, cache: Option<PathBuf>) -> Result<Self, Failure> {
        if let Some(folder) = &cache {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { models, cache, reader: None, seconds: 0.0, recognised: 0 })
    }

    /// The pages of one file.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Read, Failure> {
        let kept =
            self.cache.as_ref().map(|folder| folder.join(format!("{}.json", hex::encode(Sha256::digest(bytes)))));
        if let Some(text) = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
            let mut value: Value = serde_json::from_str(&text)?;
            if value.get("unreadable").is_some() {
                return Ok(None);
            }
            let pages = serde_json::from_value(value["pages"].take())?;
            return Ok(Some((pages, serde_json::from_value(value["asides"].take())?)));
        }
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(open(&self.models)?),
        };
        let start = Instant::now();
        let (json, read) = match reader.pages(bytes)? {
            Err(reason) => (json!({"unreadable": reason}), None),
            Ok(document) => {
                let recognised = document.pages.iter().filter(|page| page.source == ocr::Source::Recognised).count();
                if recognised > 0 {
                    self.seconds += start.elapsed().as_secs_f64();
                    self.recognised += recognised;
                }
                let json = json!({"pages": document.pages, "asides": document.asides});
                (json, Some((document.pages, document.asides)))
            }
        };
        if let Some(path) = kept {
            std::fs::write(path, json.to_string())?;
        }
        Ok(read)
    }

    /// Mean time over the pages that were recognised now.
    pub fn seconds_a_page(&self) -> Option<f64> {
        (self.recognised > 0).then(|| self.seconds / self.recognised as f64)
    }
}

#[cfg(feature = "recognise")]
fn open(models: &std::path::Path) -> Result<Reader, Failure> {
    let files = ocr::ModelFiles {
        detector: models.join("PP-OCRv6_det_small.onnx"),
        recogniser: models.join("PP-OCRv6_rec_small.onnx"),
        dictionary: None,
    };
    let recogniser = ocr::recognise::PpOcr::load(&files, 2)?;
    Ok(Reader::new(ocr::Limits::default(), Some(Box::new(recogniser))))
}

#[cfg(not(feature = "recognise"))]
fn open(_: &std::path::Path) -> Result<Reader, Failure> {
    Ok(Reader::new(ocr::Limits::default(), None))
}
