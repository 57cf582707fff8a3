//! What people wrote into a PDF: values of form fields, ticked boxes, text notes laid on the page.
//!
//! They lie beside the content of the page and are drawn by viewers; only what a viewer shows is taken.

use hayro::hayro_interpret::util::{RectExt, TransformExt};
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Rect, String as PdfString};
use hayro::hayro_syntax::page::Page;

use super::asides::decode;
use crate::detail::Word;
use crate::layout::Piece;
use crate::page::{Area, CheckBox};

/// Annotations looked at on one page.
const MAX_NOTES: usize = 2000;
/// Fields above a field that its properties may come from.
const MAX_PARENTS: usize = 16;
/// Height of a line where the field does not tell, in points.
const LINE: f32 = 12.0;
/// Flags of annotations that a viewer does not show: hidden, and not for the screen.
const UNSEEN: i32 = 2 | 32;
const CERTAIN: f32 = 0.99;

/// Text and boxes that lie on the page, in points, y downwards.
#[derive(Debug, Default)]
pub struct Written {
    pub pieces: Vec<Piece>,
    pub boxes: Vec<CheckBox>,
}

/// Collects what is written on a page beside its content.
#[must_use]
pub fn written(page: &Page<'_>) -> Written {
    let mut written = Written::default();
    let Some(notes) = page.raw().get::<Array<'_>>("Annots") else { return written };
    let place = page.initial_transform(true).to_kurbo();
    for note in notes.iter::<Dict<'_>>().take(MAX_NOTES) {
        let Some(rect) = note.get::<Rect>("Rect") else { continue };
        if note.get::<i32>("F").unwrap_or(0) & UNSEEN != 0 {
            continue;
        }
        let bounds = place.transform_rect_bbox(rect.to_kurbo());
        let area = Area::new(bounds.x0 as f32, bounds.y0 as f32, bounds.x1 as f32, bounds.y1 as f32);
        match note.get::<Name<'_>>("Subtype").as_ref().map(Name::as_ref) {
            Some(b"Widget") => written.field(&note, area),
            Some(b"FreeText") => written.text(&string(&note, "Contents"), area),
            _ => {}
        }
    }
    written
}

fn string(dict: &Dict<'_>, key: &str) -> String {
    dict.get::<PdfString<'_>>(key).map(|text| decode(&text)).unwrap_or_default()
}

/// A property of a field, which it may have from a field above it.
fn inherited<'a, T>(field: &Dict<'a>, get: impl Fn(&Dict<'a>) -> Option<T>) -> Option<T> {
    let mut field = field.clone();
    for _ in 0..MAX_PARENTS {
        if let Some(found) = get(&field) {
            return Some(found);
        }
        field = field.get::<Dict<'_>>("Parent")?;
    }
    None
}

impl Written {
    fn field(&mut self, field: &Dict<'_>, area: Area) {
        let kind = inherited(field, |dict| dict.get::<Name<'_>>("FT"));
        if kind.as_ref().map(Name::as_ref) == Some(b"Btn") {
            let state = field.get::<Name<'_>>("AS");
            let crossed = state.is_some_and(|state| state.as_ref() != b"Off");
            // Push buttons have no state; check boxes are small and about as wide as high.
            let square = area.width() < 2.0 * area.height() && area.height() < 2.0 * area.width();
            if square && area.width() < 40.0 && field.contains_key("AS") {
                self.boxes.push(CheckBox { area, crossed });
            }
            return;
        }
        let value = inherited(field, |dict| dict.get::<Object<'_>>("V"));
        let text = match value {
            Some(Object::String(text)) => decode(&text),
            Some(Object::Array(list)) => {
                list.iter::<PdfString<'_>>().take(50).map(|text| decode(&text)).collect::<Vec<_>>().join(", ")
            }
            _ => return,
        };
        self.text(&text, area);
    }

    /// Lines from the top of the area; a single one in its middle.
    fn text(&mut self, text: &str, area: Area) {
        let lines: Vec<&str> =
            text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).take(200).collect();
        let height = (area.height() / lines.len().max(1) as f32).min(LINE);
        let single = lines.len() == 1 && area.height() < 2.5 * LINE;
        let top = if single { area.middle() - height / 2.0 } else { area.y0 };
        for (n, line) in lines.into_iter().enumerate() {
            let y = top + height * n as f32;
            let letter = (0.5 * height).min(area.width() / line.chars().count().max(1) as f32);
            self.pieces.push(piece(line, area.x0, y, letter, height));
        }
    }
}

fn piece(text: &str, x: f32, y: f32, letter: f32, height: f32) -> Piece {
    let mut words = Vec::new();
    let mut at = x;
    for word in text.split(' ') {
        let width = letter * word.chars().count() as f32;
        if !word.is_empty() {
            let area = Area::new(at, y, at + width, y + height);
            words.push(Word { text: word.to_owned(), area, confidence: CERTAIN });
        }
        at += width + letter;
    }
    let area = Area::new(x, y, at - letter, y + height);
    Piece { text: text.to_owned(), area, confidence: CERTAIN, least: CERTAIN, chance: CERTAIN, words }
}
