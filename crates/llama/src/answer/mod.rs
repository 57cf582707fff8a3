//! From the bytes a model writes to the deltas a caller reads.

mod calls;
mod stops;
mod utf8;

use ports::context::{Ids, UuidIds};
use ports::inference::ChatDelta;

use crate::prompt::CallSyntax;
use calls::{CallScanner, Found};
use stops::Stops;
use utf8::Utf8;

/// Reads an answer as it grows: whole characters only, nothing after a stop string, tool calls apart from text.
pub struct AnswerReader {
    utf8: Utf8,
    stops: Stops,
    /// `None` when no tool can be called: then everything is text.
    calls: Option<CallScanner>,
    called: bool,
}

impl AnswerReader {
    pub fn new(stops: Vec<String>, calls: Option<CallSyntax>) -> Self {
        Self { utf8: Utf8::default(), stops: Stops::new(stops), calls: calls.map(CallScanner::new), called: false }
    }

    /// Whether a tool call has begun.
    pub fn called(&self) -> bool {
        self.called
    }

    pub fn stopped(&self) -> bool {
        self.stops.reached()
    }

    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<ChatDelta>) {
        let text = self.utf8.push(bytes);
        self.read(&text, out);
    }

    /// Gives out what was held back in case more came.
    pub fn finish(&mut self, out: &mut Vec<ChatDelta>) {
        let tail = self.utf8.finish();
        self.read(&tail, out);
        if let Some(calls) = &mut self.calls {
            let held = calls.finish();
            self.take(held, out);
        }
        push_text(self.stops.finish(), out);
    }

    fn read(&mut self, text: &str, out: &mut Vec<ChatDelta>) {
        match &mut self.calls {
            None => push_text(self.stops.push(text), out),
            Some(calls) => {
                let found = calls.push(text);
                self.take(found, out);
            }
        }
    }

    fn take(&mut self, found: Vec<Found>, out: &mut Vec<ChatDelta>) {
        for part in found {
            match part {
                Found::Text(text) => push_text(self.stops.push(&text), out),
                Found::Call(name) => {
                    push_text(self.stops.finish(), out);
                    self.called = true;
                    out.push(ChatDelta::ToolCall { index: 0, id: UuidIds.fresh("call"), name });
                }
                Found::Arguments(fragment) => out.push(ChatDelta::Arguments { index: 0, fragment }),
            }
        }
    }
}

fn push_text(text: String, out: &mut Vec<ChatDelta>) {
    if !text.is_empty() {
        out.push(ChatDelta::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "<tool_call>\n{\"name\": \"a\", \"arguments\": {\"x\": \"é}\"}}\n</tool_call>";

    /// Feeds `answer` in steps of `step` bytes and folds what comes out.
    fn read(
        answer: &str,
        step: usize,
        stops: &[&str],
        calls: Option<CallSyntax>,
    ) -> (String, Option<(String, String)>) {
        let mut reader = AnswerReader::new(stops.iter().map(|stop| stop.to_string()).collect(), calls);
        let mut out = Vec::new();
        for bytes in answer.as_bytes().chunks(step) {
            if !reader.stopped() {
                reader.push(bytes, &mut out);
            }
        }
        reader.finish(&mut out);
        let (mut text, mut call) = (String::new(), None);
        for delta in out {
            match delta {
                ChatDelta::Text(part) => text.push_str(&part),
                ChatDelta::ToolCall { name, .. } => call = Some((name, String::new())),
                ChatDelta::Arguments { fragment, .. } => {
                    call.as_mut().expect("a call").1.push_str(&fragment);
                }
                other => panic!("{other:?}"),
            }
        }
        (text, call)
    }

    #[test]
    fn the_answer_does_not_depend_on_how_it_was_cut() {
        let call = Some(("a".to_string(), "{\"x\": \"é}\"}".to_string()));
        let talk = format!("Voilà :\n{CALL}");
        for step in 1..=CALL.len() {
            assert_eq!(read(CALL, step, &[], Some(CallSyntax::Tagged)), (String::new(), call.clone()));
            assert_eq!(read(&talk, step, &[], Some(CallSyntax::Tagged)), ("Voilà :\n".into(), call.clone()));
            assert_eq!(read(CALL, step, &[], None), (CALL.to_string(), None));
            assert_eq!(read("a <tool> b €", step, &[], Some(CallSyntax::Tagged)), ("a <tool> b €".into(), None));
            assert_eq!(read("one END two", step, &["END", "EX"], None), ("one ".into(), None));
        }
    }

    #[test]
    fn bare_calls_begin_with_a_brace() {
        let bare = "{\"name\": \"a\", \"parameters\": {\"x\": {}}}";
        for step in [1, 3, 100] {
            let expected = (String::new(), Some(("a".to_string(), "{\"x\": {}}".to_string())));
            assert_eq!(read(bare, step, &[], Some(CallSyntax::Bare)), expected);
            assert_eq!(read("a {b}", step, &[], Some(CallSyntax::Bare)), ("a {b}".into(), None));
        }
    }

    #[test]
    fn a_stop_string_inside_arguments_is_no_stop() {
        let (_, call) = read(CALL, 4, &["}"], Some(CallSyntax::Tagged));
        assert_eq!(call.map(|(_, arguments)| arguments).as_deref(), Some("{\"x\": \"é}\"}"));
    }

    #[test]
    fn an_unfinished_character_or_mark_is_given_out_at_the_end() {
        let mut reader = AnswerReader::new(vec!["END".into()], Some(CallSyntax::Tagged));
        let mut out = Vec::new();
        reader.push(b"x<tool_EN\xE2\x82", &mut out);
        reader.finish(&mut out);
        let text: String = out.iter().map(|d| if let ChatDelta::Text(t) = d { t.as_str() } else { "" }).collect();
        assert_eq!(text, "x<tool_EN\u{FFFD}");
    }
}
