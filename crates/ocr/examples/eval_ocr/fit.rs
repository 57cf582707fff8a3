//! What the confidence of lines is fitted to: how certain the network was, and whether it was right.

use std::fmt::Write as _;
use std::path::Path;

use ocr::recognise::PpOcr;
use ocr::{Limits, ModelFiles, Reader};

use crate::Failure;
use crate::cases::Case;
use crate::score::Truth;

/// Writes a line of tab separated values for each line of text read from a picture:
/// case, mean and least certainty of its characters, their number, 1 if all are right.
pub fn write(cases: &[Case], models: &ModelFiles, path: &Path) -> Result<(), Failure> {
    let mut reader = Reader::new(Limits::default(), Some(Box::new(PpOcr::load(models, 2)?)));
    let mut out = String::new();
    for case in cases.iter().filter(|case| !case.text.is_empty() && case.degradation != "textlayer") {
        let truth = Truth::of(&case.text);
        let Ok(document) = reader.pages(&case.bytes)? else { continue };
        for (page, detail) in document.pages.iter().zip(&document.details) {
            for (line, detail) in page.lines.iter().zip(&detail.lines) {
                let Some(right) = truth.holds(&line.text) else { continue };
                let letters = line.text.chars().count();
                let right = u8::from(right);
                writeln!(out, "{}\t{}\t{}\t{letters}\t{right}", case.id, line.confidence, detail.least)?;
            }
        }
    }
    Ok(std::fs::write(path, out)?)
}
