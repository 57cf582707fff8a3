//! Marks such as `<|file-id|>` in what the model says become citations of the files that a search found.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::openai::items::Item;

const OPEN: &str = "<|";
const CLOSE: &str = "|>";
/// Longest mark that is waited for.
const LONGEST: usize = 128;

/// Takes the marks out of a message as it comes. Without known files everything passes at once.
#[derive(Default)]
pub struct Citations {
    /// File id to name.
    files: BTreeMap<String, String>,
    /// Text that may be the beginning of a mark, with the blanks before it.
    held: String,
    /// Characters given out since the message began.
    written: usize,
}

impl Citations {
    pub fn know(&mut self, files: impl IntoIterator<Item = (String, String)>) {
        self.files.extend(files.into_iter().filter(|(id, _)| !id.is_empty()));
    }

    /// The text to show now, and the citations found; `index` counts characters of the message.
    pub fn push(&mut self, delta: &str) -> (String, Vec<Value>) {
        if self.files.is_empty() {
            return (delta.to_owned(), Vec::new());
        }
        self.held.push_str(delta);
        let mut shown = String::new();
        let mut found = Vec::new();
        loop {
            let Some(at) = self.held.find(OPEN) else {
                let safe = self.held.trim_end_matches(['<', ' ']).len();
                self.give(safe, &mut shown);
                return (shown, found);
            };
            let inside = at + OPEN.len();
            match self.held[inside..].find(CLOSE) {
                Some(length) => {
                    let end = inside + length + CLOSE.len();
                    let Some((id, filename)) = self.files.get_key_value(&self.held[inside..inside + length]) else {
                        self.give(end, &mut shown);
                        continue;
                    };
                    let (id, filename) = (id.clone(), filename.clone());
                    let words = self.held[..at].trim_end_matches(' ').len();
                    self.give(words, &mut shown);
                    self.held.drain(..end - words);
                    found.push(json!({
                        "type": "file_citation", "file_id": id, "filename": filename, "index": self.written,
                    }));
                }
                None if self.held.len() - at <= LONGEST => {
                    let words = self.held[..at].trim_end_matches(' ').len();
                    self.give(words, &mut shown);
                    return (shown, found);
                }
                None => self.give(inside, &mut shown),
            }
        }
    }

    /// The end of the message: what was held back.
    pub fn rest(&mut self) -> String {
        self.written = 0;
        std::mem::take(&mut self.held)
    }

    fn give(&mut self, bytes: usize, shown: &mut String) {
        self.written += self.held[..bytes].chars().count();
        shown.extend(self.held.drain(..bytes));
    }
}

/// Files that earlier searches found, which the model may go on citing.
pub fn cited_files(items: &[Item]) -> impl Iterator<Item = (String, String)> {
    let results = items.iter().filter_map(|item| match item {
        Item::FileSearchCall(call) => call.results.as_ref(),
        _ => None,
    });
    results.flatten().map(|result| (result.file_id.clone(), result.filename.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str]) -> (String, Vec<(String, u64)>) {
        let mut citations = Citations::default();
        citations.know([("file-1".into(), "a.txt".into()), ("file-2".into(), "b.txt".into())]);
        let (mut text, mut found) = (String::new(), Vec::new());
        for piece in pieces {
            let (shown, cited) = citations.push(piece);
            text.push_str(&shown);
            found.extend(cited);
        }
        text.push_str(&citations.rest());
        let at = |it: &Value| (it["file_id"].as_str().unwrap().to_owned(), it["index"].as_u64().unwrap());
        (text, found.iter().map(at).collect())
    }

    #[test]
    fn marks_become_citations_however_the_text_is_cut() {
        let whole = "Théft is covered <|file-1|>. Fire too <|file-2|><|file-1|>, see <|file-9|> and a < b | c <|";
        let plain = "Théft is covered. Fire too, see <|file-9|> and a < b | c <|";
        let expected =
            (plain.to_owned(), vec![("file-1".to_owned(), 16), ("file-2".to_owned(), 26), ("file-1".to_owned(), 26)]);
        assert_eq!(said(&[whole]), expected);
        let letters: Vec<String> = whole.chars().map(String::from).collect();
        assert_eq!(said(&letters.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_mark_that_never_closes_is_text() {
        let long = format!("x <|{}", "y".repeat(LONGEST + 40));
        assert_eq!(said(&[&long, " z"]), (format!("{long} z"), vec![]));
    }
}
