//! What a tool answered, as the loop and the model read it.

use ports::tools::{ToolDef, ToolOutput};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents, Tool};
use serde_json::Value;

use super::failure::is_unprintable;

const MAX_NAME: usize = 128;
const MAX_DESCRIPTION: usize = 16 * 1024;

/// Text parts joined; parts that are not text are named, not dropped in silence.
pub(super) fn output(result: CallToolResult) -> ToolOutput {
    let parts: Vec<String> = result.content.iter().map(part).collect();
    let mut text = parts.join("\n");
    if let (true, Some(structured)) = (text.is_empty(), &result.structured_content) {
        text = structured.to_string();
    }
    ToolOutput { text, structured: result.structured_content, failed: result.is_error.unwrap_or(false) }
}

fn part(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[image, {}]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[audio, {}]", audio.mime_type),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            ResourceContents::BlobResourceContents { uri, .. } => format!("[binary resource {uri}]"),
            _ => "[resource]".to_owned(),
        },
        ContentBlock::ResourceLink(link) => format!("[resource {}: {}]", link.name, link.uri),
        _ => "[content of an unknown kind]".to_owned(),
    }
}

/// A tool as callers see it; `None` when its name could not be used as one.
pub(super) fn tool(label: &str, tool: Tool) -> Option<ToolDef> {
    if !is_name(&tool.name) {
        return None;
    }
    let description = tool.description.map(|text| {
        text.chars()
            .filter(|char| matches!(char, '\n' | '\t') || !is_unprintable(*char))
            .take(MAX_DESCRIPTION)
            .collect()
    });
    let object = |schema: std::sync::Arc<rmcp::model::JsonObject>| Value::Object((*schema).clone());
    Some(ToolDef {
        server_label: label.to_owned(),
        name: tool.name.into_owned(),
        description,
        input_schema: object(tool.input_schema),
        output_schema: tool.output_schema.map(object),
        annotations: tool.annotations.and_then(|annotations| serde_json::to_value(annotations).ok()),
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(value: Value) -> ToolOutput {
        output(serde_json::from_value(value).expect("a tool result"))
    }

    #[test]
    fn every_kind_of_content_becomes_text() {
        let answer = answer(json!({"content": [
            {"type": "text", "text": "one"},
            {"type": "image", "data": "aGk=", "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": "a:b", "text": "two"}},
            {"type": "resource_link", "uri": "a:c", "name": "three"}
        ]}));
        assert_eq!(answer.text, "one\n[image, image/png]\ntwo\n[resource three: a:c]");
        assert!(!answer.failed);
    }

    #[test]
    fn structured_content_stands_in_for_missing_text() {
        let answer = answer(json!({"content": [], "structuredContent": {"sum": 3}}));
        assert_eq!(answer.text, r#"{"sum":3}"#);
        assert_eq!(answer.structured, Some(json!({"sum": 3})));
    }

    #[test]
    fn a_failed_tool_is_an_answer_too() {
        let answer = answer(json!({"content": [{"type": "text", "text": "amount: required"}], "isError": true}));
        assert!(answer.failed);
        assert_eq!(answer.text, "amount: required");
    }

    #[test]
    fn odd_names_are_not_offered() {
        for name in ["", "a b", "a\r\nb", "\u{202e}x", &"x".repeat(1_000_000)] {
            assert!(!is_name(name));
        }
        assert!(is_name("ocr_document"));
    }
}
