//! Files in a message: an uploaded or inlined image becomes a data URL, any other file its text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use ports::access::Principal;
use serde_json::Value;
use wire::openai::items::{Item, LooseItem, MessageContent, MessageItem, MessagePart};

use super::Own;
use crate::request::{RequestError, invalid};

/// All files of one request together.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What was read for a request.
#[derive(Default)]
pub struct Attachments {
    /// File id to its name and bytes.
    files: BTreeMap<String, (String, Vec<u8>)>,
    /// Name and text of each `input_file`, by its [`key`].
    texts: BTreeMap<String, (String, String)>,
}

impl Own {
    /// Reads every file that `items` name. Unknown ids and files without text are refused by their place.
    pub async fn attachments(&self, items: &[Item], owner: Option<&Principal>) -> Result<Attachments, RequestError> {
        let (mut read, mut bytes) = (Attachments::default(), 0);
        for (at, part) in parts(items) {
            if part.extra.get("file_url").is_some_and(|url| !url.is_null()) {
                let rule = "is not fetched by this server; upload the file and give its file_id";
                return Err(invalid(&format!("{at}.file_url"), format!("{at}.file_url {rule}")));
            }
            if let Some(id) = file_id(part)
                && !read.files.contains_key(id)
            {
                let field = format!("{at}.file_id");
                let content = self.file(id, owner, MOST_BYTES - bytes).await?;
                let content = content.ok_or_else(|| invalid(&field, format!("File '{id}' not found")))?;
                bytes += content.1.len();
                read.files.insert(id.to_owned(), content);
            }
            if part.kind == "input_file" {
                self.read_into(&mut read, part).await.map_err(|rule| invalid(&at, format!("{at}: {rule}")))?;
            }
        }
        Ok(read)
    }

    async fn read_into(&self, read: &mut Attachments, part: &MessagePart) -> Result<(), String> {
        let key = key(part).ok_or("an input_file needs file_id or file_data")?;
        if read.texts.contains_key(key.as_ref()) {
            return Ok(());
        }
        let given = part.extra.get("filename").and_then(Value::as_str);
        let (name, text) = match (read.files.get(key.as_ref()), data(part)) {
            (Some((name, bytes)), _) => (given.unwrap_or(name), self.texts.of(name, bytes).await),
            (None, data) => {
                let (name, bytes) = (given.unwrap_or("file"), decoded(data.unwrap_or_default())?);
                (name, self.texts.of(name, &bytes).await)
            }
        };
        let text = (name.to_owned(), text.map_err(|why| why.message)?);
        read.texts.insert(key.into_owned(), text);
        Ok(())
    }

    async fn file(
        &self,
        id: &str,
        owner: Option<&Principal>,
        most: usize,
    ) -> Result<Option<(String, Vec<u8>)>, RequestError> {
        let Some(file) = self.files.file(id, owner).await? else { return Ok(None) };
        let Some(mut stream) = self.blobs.read(id).await? else { return Ok(None) };
        let mut content = Vec::new();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes.map_err(|error| invalid("input", format!("File '{id}' cannot be read: {error}")))?;
            if content.len() + bytes.len() > most {
                return Err(invalid("input", format!("the files of a request may have {MOST_BYTES} bytes together")));
            }
            content.extend_from_slice(&bytes);
        }
        Ok(Some((file.filename, content)))
    }
}

impl Attachments {
    pub fn and(&mut self, more: Self) {
        self.files.extend(more.files);
        self.texts.extend(more.texts);
    }

    /// Puts contents in the place of names.
    pub fn put_into(&self, items: &mut [Item]) {
        for item in items {
            let (Item::Message(message) | Item::Loose(LooseItem::Message(message))) = item else { continue };
            let MessageContent::Parts(parts) = &mut message.content else { continue };
            for part in parts {
                if let Some(replaced) = self.replaced(part) {
                    *part = replaced;
                }
            }
        }
    }

    /// The part as a model reads it; `None` when it is that already.
    fn replaced(&self, part: &MessagePart) -> Option<MessagePart> {
        match part.kind.as_str() {
            "input_image" => {
                let (name, bytes) = self.files.get(file_id(part)?)?;
                let url = format!("data:{};base64,{}", image_type(name, bytes), STANDARD.encode(bytes));
                let mut image = part.clone();
                image.extra.remove("file_id");
                image.extra.insert("image_url".into(), url.into());
                Some(image)
            }
            "input_file" => {
                let (name, words) = self.texts.get(key(part)?.as_ref())?;
                let text = Some(format!("File {name}:\n{words}"));
                Some(MessagePart { kind: "input_text".into(), text, ..MessagePart::default() })
            }
            _ => None,
        }
    }
}

/// What tells an attached file from another: its id, else its content.
fn key(part: &MessagePart) -> Option<Cow<'_, str>> {
    file_id(part).map(Cow::Borrowed).or_else(|| {
        let mut hasher = DefaultHasher::new();
        (data(part)?, part.extra.get("filename").and_then(Value::as_str)).hash(&mut hasher);
        Some(Cow::Owned(format!("data {:x}", hasher.finish())))
    })
}

fn data(part: &MessagePart) -> Option<&str> {
    part.extra.get("file_data").and_then(Value::as_str)
}

/// A data URL, or bare base64.
fn decoded(data: &str) -> Result<Vec<u8>, String> {
    let encoded = match data.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,").ok_or("file_data must be base64")?.1,
        None => data,
    };
    if encoded.len() / 4 * 3 > MOST_BYTES {
        return Err(format!("file_data may have {MOST_BYTES} bytes"));
    }
    STANDARD.decode(encoded.trim()).map_err(|_| "file_data must be base64".into())
}

fn file_id(part: &MessagePart) -> Option<&str> {
    part.extra.get("file_id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// By the first bytes, which a name cannot belie.
fn image_type(name: &str, bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'G', b'I', b'F', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ if name.ends_with(".svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Files and images in messages, each with its place in the request.
fn parts(items: &[Item]) -> impl Iterator<Item = (String, &MessagePart)> {
    let messages = items.iter().enumerate().filter_map(|(index, item)| match item {
        Item::Message(MessageItem { content: MessageContent::Parts(parts), .. })
        | Item::Loose(LooseItem::Message(MessageItem { content: MessageContent::Parts(parts), .. })) => {
            Some((index, parts))
        }
        _ => None,
    });
    messages.flat_map(|(index, parts)| {
        let attached =
            parts.iter().enumerate().filter(|(_, part)| matches!(part.kind.as_str(), "input_image" | "input_file"));
        attached.map(move |(number, part)| (format!("input[{index}].content[{number}]"), part))
    })
}
