//! How found passages are put before the model. Operators may word it for their model.

use ports::vectors::VectorHit;

/// Templates. `{count}`, `{query}` in all; `{index}`, `{file_id}`, `{score}`, `{attributes}`, `{text}` in `passage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchWords {
    pub before: String,
    pub passage: String,
    pub after: String,
    /// How to use what was found; left out where nothing was.
    pub instruction: String,
}

impl Default for SearchWords {
    fn default() -> Self {
        Self {
            before: "file_search found {count} passages.\n".into(),
            passage:
                "[{index}] file {file_id}, score {score}, attributes {attributes}; cite as <|{file_id}|>\n{text}\n"
                    .into(),
            after: "End of the passages.\n".into(),
            instruction: "Answer \"{query}\" from these passages only. After each sentence that rests on a passage, \
                          before its full stop, put that passage's mark, such as <|file-id|>. Use no other marks.\n"
                .into(),
        }
    }
}

impl SearchWords {
    pub fn of(&self, query: &str, hits: &[VectorHit]) -> String {
        let count = hits.len().to_string();
        let frame = |template: &str| filled(template, &[("count", &count), ("query", query)]);
        let mut text = frame(&self.before);
        for (index, hit) in hits.iter().enumerate() {
            let attributes = serde_json::to_string(&hit.attributes).unwrap_or_default();
            let values = [
                ("index", (index + 1).to_string()),
                ("file_id", hit.file_id.clone()),
                ("score", hit.score.to_string()),
                ("attributes", attributes),
                ("text", hit.text.clone()),
                ("count", count.clone()),
                ("query", query.to_owned()),
            ];
            text.push_str(&filled(&self.passage, &values.each_ref().map(|(name, value)| (*name, value.as_str()))));
        }
        text.push_str(&frame(&self.after));
        if !hits.is_empty() {
            text.push_str(&frame(&self.instruction));
        }
        text
    }
}

/// Each `{name}` of `template` once: what a document says is never read as a template.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let named =
            values.iter().find(|(name, _)| rest[1..].starts_with(name) && rest[1 + name.len()..].starts_with('}'));
        match named {
            Some((name, value)) => {
                text.push_str(value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_never_read_as_a_template() {
        let hit = VectorHit {
            chunk_id: "c".into(),
            file_id: "file-1".into(),
            filename: "a.txt".into(),
            text: "pays {count} {query}".into(),
            attributes: wire::JsonObject::new(),
            score: 0.5,
        };
        let text = SearchWords::default().of("who {text}?", &[hit]);
        assert!(
            text.starts_with("file_search found 1 passages.\n[1] file file-1, score 0.5, attributes {};"),
            "{text}"
        );
        assert!(text.contains("\npays {count} {query}\n") && text.contains("Answer \"who {text}?\""), "{text}");
        assert!(!SearchWords::default().of("q", &[]).contains("Answer"));
    }
}
