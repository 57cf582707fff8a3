//! JSON as chat templates expect it: `", "` and `": "` between parts, nothing escaped for HTML.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

pub fn spaced(value: &Value) -> String {
    written(value, Spaced)
}

pub fn indented(value: &Value, indent: usize) -> String {
    written(value, PrettyFormatter::with_indent(" ".repeat(indent.min(16)).as_bytes()))
}

fn written(value: &Value, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let result = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    // Writing a JSON value to memory has nothing that could fail; its plain form is as good an answer as any.
    result.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_and_characters_are_kept() {
        let value = serde_json::json!({"b": [1, "l'été <b>"], "a": {}, "n": null});
        assert_eq!(spaced(&value), r#"{"b": [1, "l'été <b>"], "a": {}, "n": null}"#);
        assert_eq!(indented(&serde_json::json!([1]), 2), "[\n  1\n]");
    }
}
