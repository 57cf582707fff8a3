//! Text of a PDF that is on no page: document information, XMP, notes and form values.

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Dict, Name, Object, Stream, String as PdfString};

use crate::page::{Aside, Origin};

/// Objects looked at; a file with more is cut here.
const MAX_OBJECTS: usize = 20_000;
/// Bytes of text kept.
const MAX_TEXT: usize = 64 * 1024;

/// Collects document information, XMP metadata, annotation contents and form
/// values, at most 64 kB in all. Order is that of the file.
#[must_use]
pub fn asides(pdf: &Pdf) -> Vec<Aside> {
    let mut found = Found::default();
    let info = pdf.metadata();
    for value in
        [&info.title, &info.author, &info.subject, &info.keywords, &info.creator, &info.producer].into_iter().flatten()
    {
        found.push(Origin::Metadata, &decode(value));
    }
    for object in pdf.objects().into_iter().take(MAX_OBJECTS) {
        match object {
            Object::Dict(dict) => found.dict(&dict),
            Object::Stream(stream) => found.stream(&stream),
            Object::Array(array) => {
                for dict in array.iter::<Dict<'_>>().take(1000) {
                    found.dict(&dict);
                }
            }
            _ => {}
        }
        if found.bytes > MAX_TEXT {
            break;
        }
    }
    for page in pdf.pages().iter() {
        let Some(notes) = page.raw().get::<hayro::hayro_syntax::object::Array<'_>>("Annots") else {
            continue;
        };
        for note in notes.iter::<Dict<'_>>().take(1000) {
            found.dict(&note);
        }
    }
    found.list
}

#[derive(Default)]
struct Found {
    list: Vec<Aside>,
    bytes: usize,
}

impl Found {
    fn push(&mut self, origin: Origin, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.bytes > MAX_TEXT {
            return;
        }
        let aside = Aside { origin, text: text.chars().take(4000).collect() };
        if !self.list.contains(&aside) {
            self.bytes += aside.text.len();
            self.list.push(aside);
        }
    }

    fn dict(&mut self, dict: &Dict<'_>) {
        let is_field = dict.contains_key("FT") || dict.contains_key("T") && dict.contains_key("V");
        if is_field {
            for key in ["V", "DV", "TU"] {
                if let Some(value) = dict.get::<PdfString<'_>>(key) {
                    self.push(Origin::FormField, &decode(&value));
                }
            }
        }
        if dict.contains_key("Subtype") && dict.contains_key("Rect") {
            for key in ["Contents", "RC", "Subj"] {
                if let Some(value) = dict.get::<PdfString<'_>>(key) {
                    self.push(Origin::Annotation, &strip_tags(&decode(&value)));
                }
            }
        }
    }

    fn stream(&mut self, stream: &Stream<'_>) {
        let is_metadata = stream.dict().get::<Name<'_>>("Type").is_some_and(|name| name.as_ref() == b"Metadata");
        if is_metadata
            && stream.raw_data().len() < MAX_TEXT
            && let Ok(data) = stream.decoded()
        {
            let data = &data[..data.len().min(MAX_TEXT)];
            self.push(Origin::Metadata, &strip_tags(&String::from_utf8_lossy(data)));
        }
    }
}

/// A PDF text string: UTF-16 or UTF-8 with a mark, else Latin-1 (near enough to PDFDocEncoding for words).
pub fn decode(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| join([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}

fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_strings_are_decoded_by_their_mark() {
        assert_eq!(decode(b"\xfe\xff\0O\0K"), "OK");
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa9"), "é");
        assert_eq!(decode(b"\xe9t\xe9"), "été");
        assert_eq!(strip_tags("<p>Bonjour <b>toi</b></p>"), "Bonjour toi");
    }
}
