//! Text from pixels: PP-OCRv6 detector and recogniser on rten.

mod crop;
mod decode;
mod detect;
mod head;
mod net;
mod onnx;
mod slope;
mod trust;
mod weights;
mod words;

use std::path::Path;
use std::time::Instant;

use image::{RgbImage, imageops};

use crate::detail::{PageDetail, Timings};
use crate::error::OcrError;
use crate::layout::{Laid, Piece, rows};
use crate::page::{Area, CheckBox};
use crate::quality;
use crate::recognizer::{ModelFiles, Page, PageLines, Recognizer};
use crate::tick;
use decode::{Alphabet, Decoded};
use detect::Quad;
use net::Net;

/// Lines read with less certainty are noise.
const MIN_CONFIDENCE: f32 = 0.5;
/// Lines less certain than this are read a second time, cut differently.
const DOUBTFUL: f32 = 0.85;

/// PP-OCR: a segmentation network finds lines, a CTC network reads them.
pub struct PpOcr {
    detector: Net,
    recogniser: Net,
    alphabet: Alphabet,
}

impl PpOcr {
    /// Loads both networks; `threads` is how many cores they may use together.
    ///
    /// # Errors
    /// [`OcrError::Model`] naming the file that is missing or not a model.
    pub fn load(files: &ModelFiles, threads: usize) -> Result<Self, OcrError> {
        let cores = net::cores(threads);
        let detector = Net::load(&files.detector, settled(&files.detector)?, &cores)?;
        let file = settled(&files.recogniser)?;
        let recogniser = Net::load(&files.recogniser, file.clone(), &cores)?;
        let characters = match &files.dictionary {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| OcrError::Model { path: path.clone(), reason: error.to_string() })?,
            None => recogniser.metadata("character").ok_or_else(|| OcrError::Model {
                path: files.recogniser.clone(),
                reason: "no character list inside; configure `dictionary`".to_owned(),
            })?,
        };
        let (recogniser, alphabet) = cut(recogniser, Alphabet::new(&characters), &file);
        Ok(Self { detector, recogniser, alphabet })
    }

    fn upright(&self, pixels: &RgbImage) -> Result<Upright, OcrError> {
        let mut pixels = pixels.clone();
        let mut turned = 0;
        let mut quads = detect::lines(&self.detector, &pixels)?;
        if quads.len() < 3 {
            return Ok(Upright { pixels, quads, turned, read: Vec::new() });
        }
        let tall = quads.iter().filter(|quad| quad.height() > 1.5 * quad.width()).count();
        if tall * 2 > quads.len() {
            pixels = imageops::rotate90(&pixels);
            turned = 90;
            quads = detect::lines(&self.detector, &pixels)?;
        }
        let Some(read) = self.unless_upside_down(&pixels, &quads)? else {
            pixels = imageops::rotate180(&pixels);
            quads = detect::lines(&self.detector, &pixels)?;
            return Ok(Upright { pixels, quads, turned: turned + 180, read: Vec::new() });
        };
        Ok(Upright { pixels, quads, turned, read })
    }

    /// Reads a few wide lines both ways; the wrong way round is far less certain. Gives what it read on an upright page.
    fn unless_upside_down(&self, pixels: &RgbImage, quads: &[Quad]) -> Result<Option<Vec<(usize, Decoded)>>, OcrError> {
        let mut wide: Vec<usize> = (0..quads.len()).filter(|&n| quads[n].width() > 2.0 * quads[n].height()).collect();
        wide.sort_by(|&a, &b| quads[b].width().total_cmp(&quads[a].width()));
        // The widest may be a rule or a shadow, and long lines cost most: a few of middling width say enough.
        let skip = (wide.len() / 4).min(8);
        let sample: Vec<usize> = wide.into_iter().skip(skip).take(5).collect();
        let read = |flip: bool| -> Result<Vec<Decoded>, OcrError> {
            let crops: Vec<RgbImage> = sample.iter().map(|&n| crop::line(pixels, &quads[n], flip)).collect();
            decode::read(&self.recogniser, &self.alphabet, &crops)
        };
        let up = read(false)?;
        // A well-read page needs no second opinion.
        if certainty(&up) < 0.9 && !sample.is_empty() && certainty(&read(true)?) > certainty(&up) + 0.05 {
            return Ok(None);
        }
        Ok(Some(sample.into_iter().zip(up).collect()))
    }

    fn read_quads(&self, Upright { pixels, quads, read: known, .. }: &Upright) -> Result<Vec<Decoded>, OcrError> {
        let rest: Vec<usize> = (0..quads.len()).filter(|n| known.iter().all(|(at, _)| at != n)).collect();
        let crops: Vec<RgbImage> = rest.iter().map(|&n| crop::line(pixels, &quads[n], false)).collect();
        let mut read = vec![Decoded::default(); quads.len()];
        let fresh = decode::read(&self.recogniser, &self.alphabet, &crops)?;
        for (n, line) in rest.into_iter().zip(fresh).chain(known.iter().cloned()) {
            read[n] = line;
        }
        let doubtful: Vec<usize> =
            (0..quads.len()).filter(|&n| (0.3..DOUBTFUL).contains(&read[n].confidence())).take(24).collect();
        let again: Vec<RgbImage> = doubtful.iter().map(|&n| crop::line(pixels, &quads[n].grown(0.12), false)).collect();
        let second = decode::read(&self.recogniser, &self.alphabet, &again)?;
        for (n, better) in doubtful.into_iter().zip(second) {
            let whole = better.letters.len() * 10 >= read[n].letters.len() * 8;
            if whole && better.confidence() > read[n].confidence() {
                read[n] = better;
            }
        }
        Ok(read)
    }
}

/// A page set upright, and its lines.
struct Upright {
    pixels: RgbImage,
    quads: Vec<Quad>,
    /// Degrees it was turned clockwise.
    turned: u16,
    /// Lines that were read to find out, by their places in `quads`.
    read: Vec<(usize, Decoded)>,
}

/// Mean over all characters.
fn certainty(lines: &[Decoded]) -> f32 {
    let letters = || lines.iter().flat_map(|line| &line.letters);
    letters().map(|letter| letter.certainty).sum::<f32>() / (letters().count() as f32).max(1.0)
}

/// A model's file with weights that processors like.
fn settled(path: &Path) -> Result<Vec<u8>, OcrError> {
    let mut file =
        std::fs::read(path).map_err(|error| OcrError::Model { path: path.to_owned(), reason: error.to_string() })?;
    weights::settle(&mut file);
    Ok(file)
}

/// The recogniser without the classes that are never read, where its file can be cut.
fn cut(recogniser: Net, alphabet: Alphabet, file: &[u8]) -> (Net, Alphabet) {
    let (classes, keep) = alphabet.kept();
    match head::pruned(file, classes, &keep).and_then(|file| recogniser.replaced(file)) {
        Some(small) => (small, alphabet.compact()),
        None => (recogniser, alphabet),
    }
}

impl Recognizer for PpOcr {
    fn read(&mut self, page: &Page) -> Result<PageLines, OcrError> {
        let start = Instant::now();
        let upright = self.upright(&page.pixels)?;
        let detect = start.elapsed().as_secs_f32();
        let read = self.read_quads(&upright)?;
        let Upright { pixels, quads, turned, .. } = upright;
        let timings = Timings { open: 0.0, detect, read: start.elapsed().as_secs_f32() - detect };
        let slant = slope::slant(&quads);
        let gray = imageops::grayscale(&pixels);
        let mut pieces = Vec::new();
        let mut bands = Vec::new();
        for (quad, line) in quads.iter().zip(read) {
            let (text, confidence, least) = (line.text(), line.confidence(), line.least());
            if confidence < MIN_CONFIDENCE || text.is_empty() {
                continue;
            }
            bands.push(tick::Band { area: bounds(&quad.0), height: quad.height() });
            let area = slope::straighten(&slant, quad);
            let chance = trust::chance(confidence, least, line.letters.len());
            pieces.push(Piece { text, area, confidence, least, chance, words: words::of(&line.letters, &area) });
        }
        let level = |mark: CheckBox| CheckBox { area: slant.level(&mark.area), ..mark };
        let boxes = tick::boxes(&gray, &bands).into_iter().map(level).collect();
        let places: Vec<Area> = bands.iter().map(|band| band.area).collect();
        let findings = quality::findings(&gray, &places);
        let Laid { lines, details, blocks } = rows(pieces);
        Ok(PageLines {
            lines,
            boxes,
            detail: PageDetail { lines: details, blocks, findings, timings, slant },
            width: pixels.width() as f32,
            height: pixels.height() as f32,
            turned,
        })
    }
}

/// The axis-parallel area around four corners.
fn bounds(corners: &[(f32, f32); 4]) -> Area {
    let xs = corners.map(|corner| corner.0);
    let ys = corners.map(|corner| corner.1);
    let low = |values: [f32; 4]| values.into_iter().fold(f32::MAX, f32::min);
    let high = |values: [f32; 4]| values.into_iter().fold(f32::MIN, f32::max);
    Area::new(low(xs), low(ys), high(xs), high(ys))
}
