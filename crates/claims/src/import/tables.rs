//! Lines and fields of a table file, with errors that say where.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{ImportError, read_text};

/// One record and where it stands.
pub(super) struct Record {
    file: PathBuf,
    line: usize,
    fields: Map<String, Value>,
}

impl Record {
    pub fn invalid(&self, field: &str, rule: impl Into<String>) -> ImportError {
        ImportError::Invalid { file: self.file.clone(), line: self.line, field: field.to_owned(), rule: rule.into() }
    }

    pub fn line(&self) -> usize {
        self.line
    }

    pub fn body(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// Text that is there and not blank.
    pub fn text(&self, field: &str) -> Result<String, ImportError> {
        match self.fields.get(field) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            Some(Value::String(_)) => Err(self.invalid(field, "must not be empty")),
            Some(_) => Err(self.invalid(field, "must be text")),
            None => Err(self.invalid(field, "is missing")),
        }
    }

    /// Text, or nothing where it is absent or null.
    pub fn optional_text(&self, field: &str) -> Result<Option<String>, ImportError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.invalid(field, "must be text or null")),
        }
    }

    /// An ISO date, as text.
    pub fn date(&self, field: &str) -> Result<String, ImportError> {
        let text = self.text(field)?;
        match text.parse::<Date>() {
            Ok(date) if date.to_string() == text => Ok(text),
            _ => Err(self.invalid(field, "must be a date written YYYY-MM-DD")),
        }
    }

    pub fn flag_or(&self, field: &str, otherwise: bool) -> Result<bool, ImportError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.invalid(field, "must be true or false")),
        }
    }

    pub fn list(&self, field: &str) -> Result<&[Value], ImportError> {
        match self.fields.get(field) {
            Some(Value::Array(values)) => Ok(values),
            Some(_) => Err(self.invalid(field, "must be a list")),
            None => Err(self.invalid(field, "is missing")),
        }
    }

    /// A finite number, zero or more.
    pub fn amount(&self, field: &str) -> Result<(), ImportError> {
        match self.fields.get(field).and_then(Value::as_f64) {
            Some(amount) if amount.is_finite() && amount >= 0.0 => Ok(()),
            _ => Err(self.invalid(field, "must be a number, zero or more")),
        }
    }

    pub fn optional_amount(&self, field: &str) -> Result<(), ImportError> {
        if self.fields.get(field).is_none_or(Value::is_null) { Ok(()) } else { self.amount(field) }
    }

    pub fn currency(&self, field: &str) -> Result<(), ImportError> {
        let text = self.text(field)?;
        let three_capitals = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if three_capitals { Ok(()) } else { Err(self.invalid(field, "must be three capital letters")) }
    }
}

/// One JSON object a line; blank lines are skipped. `None` when the file is not there.
pub(super) fn json_lines(file: &Path) -> Result<Option<Vec<Record>>, ImportError> {
    let Some(text) = read_text(file)? else { return Ok(None) };
    let mut records = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = |field: &str, rule: String| ImportError::Invalid {
            file: file.to_owned(),
            line: index + 1,
            field: field.to_owned(),
            rule,
        };
        match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => records.push(Record { file: file.to_owned(), line: index + 1, fields }),
            Ok(_) => return Err(at("(whole line)", "must be a JSON object".into())),
            // The error's own text may quote the line, which holds personal data: only its place is told.
            Err(error) => return Err(at("(whole line)", format!("is not JSON at column {}", error.column()))),
        }
    }
    Ok(Some(records))
}

/// A CSV file with a header line; quoted fields may hold commas, quotes (doubled) and line breaks.
pub(super) fn csv(file: &Path) -> Result<Option<Vec<Record>>, ImportError> {
    let Some(text) = read_text(file)? else { return Ok(None) };
    let rows = csv_rows(text.trim_start_matches('\u{feff}')).map_err(|line| ImportError::Invalid {
        file: file.to_owned(),
        line,
        field: "(whole line)".into(),
        rule: "a quoted field is not closed".into(),
    })?;
    let mut rows = rows.into_iter();
    let Some((_, header)) = rows.next() else { return Ok(Some(Vec::new())) };
    let mut records = Vec::new();
    for (line, cells) in rows {
        if cells.len() != header.len() {
            let rule = format!("has {} fields where the header has {}", cells.len(), header.len());
            return Err(ImportError::Invalid { file: file.to_owned(), line, field: "(whole line)".into(), rule });
        }
        let fields = header.iter().cloned().zip(cells.into_iter().map(Value::String)).collect();
        records.push(Record { file: file.to_owned(), line, fields });
    }
    Ok(Some(records))
}

/// Rows with the line each starts on; `Err` holds the line of a quote that never closes.
fn csv_rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, usize> {
    let mut rows = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut line, mut row_line, mut quote_line) = (1, 1, 0);
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\n' {
            line += 1;
        }
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => {
                quoted = true;
                quote_line = line;
            }
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                let row = std::mem::take(&mut cells);
                if row.len() > 1 || !row[0].trim().is_empty() {
                    rows.push((row_line, row));
                }
                row_line = line;
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err(quote_line);
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        rows.push((row_line, cells));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_fields_hold_commas_quotes_and_line_breaks() {
        let rows = csv_rows("a,b\r\n\"x, \"\"y\"\"\nz\",2\n\n3,").expect("rows");
        let cells: Vec<(usize, Vec<&str>)> =
            rows.iter().map(|(line, row)| (*line, row.iter().map(String::as_str).collect())).collect();
        assert_eq!(cells, [(1, vec!["a", "b"]), (2, vec!["x, \"y\"\nz", "2"]), (5, vec!["3", ""])]);
        assert_eq!(csv_rows("a\nb,\"c\n\n"), Err(2));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a,\"\r\n]{0,40}") {
            let _ = csv_rows(&text);
        }
    }
}
