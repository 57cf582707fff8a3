//! Objects that keep the fields they do not name.
//!
//! `#[serde(flatten)]` alone would buffer every field of the object as a tree before the first is read, and lose where in
//! the body an error was found. Reading costs half as much when each field goes straight to its place.

use std::borrow::Cow;

use serde::Deserialize;

/// The name of a field; borrowed from the text where no escape stands in it.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Name<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// `Deserialize` for a struct with `Default` and a field `extra`. `required` fields must be there; the others keep
/// their default where they are missing, and `lists` also where they are `null`. Where JSON spells a field in another
/// way, its spelling comes first: `"type" => kind`. The last of two fields of one name counts.
macro_rules! open_object {
    ($object:ident {
        required: [$($required:ident $(as $required_name:literal)?),*],
        optional: [$($optional:ident $(as $optional_name:literal)?),*],
        lists: [$($list:ident),*] $(,)?
    }) => {
        impl<'de> serde::Deserialize<'de> for $object {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $object;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($object)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$object, A::Error> {
                        let mut object = <$object>::default();
                        $(let mut $required = false;)*
                        while let Some(crate::open::Name(name)) = map.next_key()? {
                            $(if name == crate::open::spelled!($required $(as $required_name)?) {
                                object.$required = map.next_value()?;
                                $required = true;
                                continue;
                            })*
                            $(if name == crate::open::spelled!($optional $(as $optional_name)?) {
                                object.$optional = map.next_value()?;
                                continue;
                            })*
                            $(if name == stringify!($list) {
                                object.$list = map.next_value::<Option<_>>()?.unwrap_or_default();
                                continue;
                            })*
                            object.extra.insert(name.into_owned(), map.next_value()?);
                        }
                        $(if !$required {
                            let name = crate::open::spelled!($required $(as $required_name)?);
                            return Err(serde::de::Error::missing_field(name));
                        })*
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}

macro_rules! spelled {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident as $name:literal) => {
        $name
    };
}

pub(crate) use {open_object, spelled};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::openai::chat::{ChatMessage, ChatRequest, Content, Usage};

    #[test]
    fn known_fields_find_their_place_and_others_are_kept_in_order() {
        let text = r#"{"zeta": 1, "mod\u0065l": "m", "messages": [{"role": "user", "content": "hi", "name": "Ada"}],
            "tools": null, "temperature": null, "alpha": {"b": [null]}}"#;
        let request: ChatRequest = serde_json::from_str(text).expect("a request");
        assert_eq!((request.model.as_str(), request.tools.len(), request.temperature), ("m", 0, None));
        assert_eq!(request.extra.keys().collect::<Vec<_>>(), ["zeta", "alpha"]);
        assert_eq!(request.messages[0].extra, *json!({"name": "Ada"}).as_object().expect("an object"));
        let value: serde_json::Value = serde_json::from_str(text).expect("json");
        assert_eq!(serde_json::from_value::<ChatRequest>(value).expect("a request"), request);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = serde_json::from_str::<ChatRequest>(r#"{"model": "m"}"#).expect_err("no messages");
        assert!(error.to_string().starts_with("missing field `messages`"), "{error}");
        let error = serde_json::from_str::<Usage>(r#"{"prompt_tokens": 1}"#).expect_err("no total");
        assert!(error.to_string().starts_with("missing field `total_tokens`"), "{error}");
    }

    #[test]
    fn content_is_a_text_or_parts() {
        let read = |text: &str| serde_json::from_str::<ChatMessage>(text).map(|message| message.content);
        assert_eq!(read(r#"{"role": "user", "content": null}"#).expect("none"), None);
        assert_eq!(read(r#"{"role": "user", "content": "a"}"#).expect("a text"), Some(Content::Text("a".into())));
        let parts =
            read(r#"{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "x": 1}]}"#);
        assert!(matches!(parts.expect("parts"), Some(Content::Parts(parts)) if parts[1].extra["x"] == 1));
        let error = read(r#"{"role": "user", "content": 3}"#).expect_err("a number").to_string();
        assert!(error.contains("a text or a list of content parts"), "{error}");
    }
}
