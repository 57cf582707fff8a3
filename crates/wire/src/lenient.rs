//! Spellings that other programs write for a value which is not the one we would.

use serde::{Deserialize, Deserializer};

/// A list, or `null` for none: what a program writes that has every field of its own type in its JSON.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number, or its digits in a string.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u32),
        Digits(String),
    }
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Written::Number(number)) => Ok(Some(number)),
        Some(Written::Digits(digits)) => {
            digits.parse().map(Some).map_err(|_| serde::de::Error::custom("expected a whole number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::openai::chat::{ChatChunk, ChatMessage};
    use crate::openai::vector_stores::CreateVectorStore;

    #[test]
    fn lists_may_be_null() {
        let message: ChatMessage =
            serde_json::from_str(r#"{"role": "assistant", "content": "x", "tool_calls": null}"#).expect("a message");
        assert!(message.tool_calls.is_empty());
        let chunk: ChatChunk = serde_json::from_str(
            r#"{"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "usage": null,
                "choices": [{"index": 0, "delta": {"content": "x", "role": null, "tool_calls": null}, "finish_reason": null}]}"#,
        )
        .expect("a chunk");
        assert!(chunk.choices[0].delta.tool_calls.is_empty());
    }

    #[test]
    fn numbers_may_be_digits() {
        let read = |text: &str| serde_json::from_str::<CreateVectorStore>(text).map(|it| it.embedding_dimension);
        assert_eq!(read(r#"{"embedding_dimension": "768"}"#).expect("digits"), Some(768));
        assert_eq!(read(r#"{"embedding_dimension": 768}"#).expect("a number"), Some(768));
        assert_eq!(read(r#"{"embedding_dimension": null}"#).expect("null"), None);
        assert!(read(r#"{"embedding_dimension": "wide"}"#).is_err());
    }
}
