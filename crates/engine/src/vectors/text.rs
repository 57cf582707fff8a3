//! Text out of files: plain text, markdown, JSON, CSV and HTML here; PDF files and scans by a reader where there is one.

use std::sync::Arc;

use ports::documents::{DocumentText, Unread};

/// Why there is no text, with OpenAI's code for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub code: &'static str,
    pub message: String,
}

/// Reads any file that this server can read.
#[derive(Clone, Default)]
pub struct Texts {
    pub documents: Option<Arc<dyn DocumentText>>,
}

impl Texts {
    /// The text of a file, by its content first and its name second.
    pub async fn of(&self, filename: &str, bytes: &[u8]) -> Result<String, Unreadable> {
        let Some(reader) = self.documents.as_ref().filter(|reader| reader.reads(bytes)) else {
            return of(filename, bytes);
        };
        reader.text(bytes).await.map_err(|why| match why {
            Unread::Document(message) => Unreadable { code: "invalid_file", message },
            Unread::Reader(message) => Unreadable { code: "server_error", message },
        })
    }
}

fn of(filename: &str, bytes: &[u8]) -> Result<String, Unreadable> {
    let refuse = |code, message: &str| Err(Unreadable { code, message: message.to_owned() });
    if bytes.starts_with(b"%PDF") {
        return refuse("unsupported_file", "this server reads no PDF files; upload their text");
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return refuse("unsupported_file", "archives and office documents are not read; upload their text");
    }
    if bytes.contains(&0) {
        return refuse("unsupported_file", "the file is not text");
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What is not UTF-8 is taken for Latin-1, where every byte is a letter.
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let extension = filename.rsplit('.').next().unwrap_or_default().to_lowercase();
    let start = text.trim_start().get(..15).unwrap_or_default().to_lowercase();
    let html = matches!(extension.as_str(), "html" | "htm" | "xhtml") || start.starts_with("<!doctype html");
    let text = if html { without_tags(&text) } else { text };
    match text.trim().is_empty() {
        true => refuse("invalid_file", "the file holds no text"),
        false => Ok(text),
    }
}

/// The words of a page: no tags, scripts or styles; blocks on lines of their own.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let name: String = rest[1..].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_lowercase();
        let end = match name.as_str() {
            "script" | "style" | "template" if !rest.starts_with("</") => closing(rest, &name),
            _ if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
            _ => rest.find('>').map(|at| at + 1),
        };
        let block = ["p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "section"];
        text.push(if block.contains(&name.as_str()) { '\n' } else { ' ' });
        rest = end.map_or("", |end| &rest[end..]);
    }
    text.push_str(rest);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    unescaped(&lines.join("\n"))
}

/// Behind the closing tag of `name`.
fn closing(rest: &str, name: &str) -> Option<usize> {
    // ASCII only, so that places in the lowered text are places in the text.
    let at = rest.to_ascii_lowercase().find(&format!("</{name}"))?;
    rest[at..].find('>').map(|end| at + end + 1)
}

fn unescaped(text: &str) -> String {
    let named = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&eacute;", "é"),
        ("&egrave;", "è"),
        ("&agrave;", "à"),
        ("&euro;", "€"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lose_their_tags_and_others_nothing() {
        let page = "<!DOCTYPE html><html><head><style>p {x: 1}</style><script>if (a < b) {}</script></head>\
            <body><h1>Bris&nbsp;de glace</h1><p>Couvert &amp; pay&eacute;.<br>Oui</p><!-- <p>no</p> --></body>";
        assert_eq!(of("a.html", page.as_bytes()).unwrap(), "Bris de glace\nCouvert & payé.\nOui");
        assert_eq!(of("a.md", b"\xef\xbb\xbf# Titre <b>").unwrap(), "# Titre <b>");
        assert_eq!(of("a.txt", b"d\xe9j\xe0").unwrap(), "déjà");
        assert_eq!(of("a.json", b"{\"a\": 1}").unwrap(), "{\"a\": 1}");
    }

    #[test]
    fn what_is_no_text_says_so() {
        for (bytes, code) in
            [(&b"%PDF-1.7"[..], "unsupported_file"), (b"a\0b", "unsupported_file"), (b" \n", "invalid_file")]
        {
            assert_eq!(of("x", bytes).unwrap_err().code, code);
        }
    }
}
