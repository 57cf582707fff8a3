//! Images that come inside a request.

use wire::openai::items::{Item, LooseItem, MessageContent, MessagePart};

/// The place of an image whose `data:` URL is not base64, which no model server can read.
pub fn unreadable(items: &[Item]) -> Option<String> {
    items.iter().enumerate().find_map(|(index, item)| {
        let (Item::Message(message) | Item::Loose(LooseItem::Message(message))) = item else { return None };
        let MessageContent::Parts(parts) = &message.content else { return None };
        let at = parts.iter().position(broken)?;
        Some(format!("input[{index}].content[{at}].image_url"))
    })
}

fn broken(part: &MessagePart) -> bool {
    let url = part.extra.get("image_url").and_then(|url| url.as_str().or_else(|| url.get("url")?.as_str()));
    let inlined = url.filter(|_| part.kind == "input_image").and_then(|url| url.strip_prefix("data:"));
    let Some((_, data)) = inlined.and_then(|url| url.split_once(";base64,")) else { return false };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n');
    data.is_empty() || !data.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inlined_images_are_looked_at() {
        let place = |url: &str| {
            let part = serde_json::json!({"type": "input_image", "image_url": url});
            let text = serde_json::json!({"type": "input_text", "text": "data:image/png;base64,!"});
            let item = serde_json::json!({"type": "message", "role": "user", "content": [text, part]});
            unreadable(&[serde_json::from_value(item).unwrap()])
        };
        for fine in ["https://x.test/a.png", "data:image/png;base64,aGk=", "data:image/svg+xml,<svg/>"] {
            assert_eq!(place(fine), None, "{fine}");
        }
        for wrong in ["data:image/png;base64,", "data:image/png;base64,no_base64!"] {
            assert_eq!(place(wrong).as_deref(), Some("input[0].content[1].image_url"), "{wrong}");
        }
    }
}
