//! Finds the id of a JSON-RPC message too large to be kept.

use rmcp::model::RequestId;
use serde_json::Value;

/// Longest top-level member that is looked at.
const MAX_MEMBER_BYTES: usize = 2048;

/// Reads a JSON object piece by piece and keeps only the member being read at
/// the top level, so its memory does not grow with the message.
#[derive(Default)]
pub(crate) struct RequestIdScanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
    member: Vec<u8>,
    id: Option<RequestId>,
}

impl RequestIdScanner {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.id.is_some() {
                return;
            }
            self.step(*byte);
        }
    }

    /// The id, once the member that holds it has been read to its end.
    pub(crate) fn id(self) -> Option<RequestId> {
        self.id
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.keep(byte);
                self.in_string = true;
            }
            b'{' | b'[' => {
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.end_member();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => self.end_member(),
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.member.len() < MAX_MEMBER_BYTES {
            self.member.push(byte);
        }
    }

    fn end_member(&mut self) {
        let member = std::mem::take(&mut self.member);
        let object = [b"{", member.as_slice(), b"}"].concat();
        let Ok(Value::Object(mut object)) = serde_json::from_slice(&object) else {
            return;
        };
        self.id = object.remove("id").and_then(|id| serde_json::from_value(id).ok());
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first(r#"{"id":7,"params":{"id":9,"x":"}"}}"#, Some(r#"7"#))]
    #[case::last(r#"{"params":{"id":[1,{"id":2}],"q":"\"}"} , "id" : "a-1" }"#, Some(r#""a-1""#))]
    #[case::only_nested(r#"{"params":{"id":9}}"#, None)]
    #[case::not_a_legal_id(r#"{"id":{"x":1}}"#, None)]
    #[case::cut_off(r#"{"params":"xxxx"#, None)]
    fn finds_the_top_level_id(#[case] text: &str, #[case] id: Option<&str>) {
        for step in [1, 3, text.len()] {
            let mut scanner = RequestIdScanner::default();
            text.as_bytes().chunks(step).for_each(|chunk| scanner.feed(chunk));
            let found = scanner.id().map(|id| id.into_json_value().to_string());
            assert_eq!(found.as_deref(), id);
        }
    }
}
