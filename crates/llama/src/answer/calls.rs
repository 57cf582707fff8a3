//! Finds the tool call in an answer while it is being written.

use super::stops::open_tail;
use crate::prompt::CallSyntax;

#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Text(String),
    /// A call to the tool of this name begins.
    Call(String),
    /// The next piece of the arguments' JSON text.
    Arguments(String),
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Nothing but white space has come; only here can a bare call begin.
    Start,
    Text,
    Head,
    Arguments(Depth),
    /// A message holds one call; what follows it is left out.
    Done,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Depth {
    open: usize,
    in_string: bool,
    escaped: bool,
}

impl Depth {
    /// Bytes of `text` that belong to the object; whether it closed.
    fn take(&mut self, text: &str) -> (usize, bool) {
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.open += 1,
                b'}' | b']' if !self.in_string => {
                    self.open = self.open.saturating_sub(1);
                    if self.open == 0 {
                        return (at + 1, true);
                    }
                }
                _ => {}
            }
        }
        (text.len(), false)
    }
}

#[derive(Debug)]
pub struct CallScanner {
    syntax: CallSyntax,
    state: State,
    held: String,
}

impl CallScanner {
    pub fn new(syntax: CallSyntax) -> Self {
        Self { syntax, state: State::Start, held: String::new() }
    }

    pub fn push(&mut self, text: &str) -> Vec<Found> {
        self.held.push_str(text);
        let mut found = Vec::new();
        while self.step(&mut found) {}
        found
    }

    /// What was held back because it might have become a call.
    pub fn finish(&mut self) -> Vec<Found> {
        let held = std::mem::take(&mut self.held);
        let unread = match self.state {
            State::Head => format!("{}{held}", self.syntax.opener()),
            State::Start | State::Text => held,
            State::Arguments(_) | State::Done => String::new(),
        };
        if unread.is_empty() { Vec::new() } else { vec![Found::Text(unread)] }
    }

    /// Whether something was read, so that another step may read more.
    fn step(&mut self, found: &mut Vec<Found>) -> bool {
        match &mut self.state {
            State::Start => self.begin(),
            State::Text => self.text(found),
            State::Head => self.head(found),
            State::Arguments(depth) => {
                if self.held.is_empty() {
                    return false;
                }
                let (length, closed) = depth.take(&self.held);
                let rest = self.held.split_off(length);
                found.push(Found::Arguments(std::mem::replace(&mut self.held, rest)));
                if closed {
                    self.state = State::Done;
                }
                closed
            }
            State::Done => {
                self.held.clear();
                false
            }
        }
    }

    fn begin(&mut self) -> bool {
        let Some(first) = self.held.trim_start().chars().next() else { return false };
        let bare = self.syntax == CallSyntax::Bare && first == '{';
        self.state = if bare { State::Head } else { State::Text };
        true
    }

    fn text(&mut self, found: &mut Vec<Found>) -> bool {
        let opener = self.syntax.opener();
        let at = (!opener.is_empty()).then(|| self.held.find(opener)).flatten();
        let (length, called) = match at {
            Some(at) => (at, true),
            None => (self.held.len() - open_tail(&self.held, opener), false),
        };
        let rest = self.held.split_off(length);
        let text = std::mem::replace(&mut self.held, rest);
        if !text.is_empty() {
            found.push(Found::Text(text));
        }
        if called {
            self.held.drain(..opener.len());
            self.state = State::Head;
        }
        called
    }

    fn head(&mut self, found: &mut Vec<Found>) -> bool {
        let Some((name, used)) = head(&self.held, self.syntax.arguments_key()) else { return false };
        self.held.drain(..used);
        self.state = State::Arguments(Depth::default());
        found.push(Found::Call(name));
        true
    }
}

/// Reads `{"name": …, "arguments": ` and says how long it is; `None` while it is not all there.
fn head(text: &str, arguments_key: &str) -> Option<(String, usize)> {
    let after_key = |rest: &str, key: &str| -> Option<usize> {
        let spaced = rest.trim_start();
        let value = spaced.strip_prefix(&format!("\"{key}\""))?.trim_start().strip_prefix(':')?;
        Some(rest.len() - value.trim_start().len())
    };
    let mut at = text.len() - text.trim_start().strip_prefix('{')?.len();
    at += after_key(&text[at..], "name")?;
    let mut names = serde_json::Deserializer::from_str(&text[at..]).into_iter::<String>();
    let name = names.next()?.ok()?;
    at += names.byte_offset();
    at += text[at..].len() - text[at..].trim_start().strip_prefix(',')?.len();
    at += after_key(&text[at..], arguments_key)?;
    text[at..].starts_with('{').then_some((name, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_by_table() {
        let cases = [
            ("{\"name\": \"a\", \"arguments\": {", Some("a")),
            ("\n { \"name\":\"a\\u0062\",\"arguments\":{}", Some("ab")),
            ("{\"name\": \"a\", \"arguments\": ", None),
            ("{\"name\": \"a", None),
            ("{\"nom\": \"a\", \"arguments\": {", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = head(text, "arguments");
            assert_eq!(found.as_ref().map(|(name, _)| name.as_str()), expected, "{text}");
            if let Some((_, at)) = found {
                assert!(text[at..].starts_with('{'));
            }
        }
    }

    #[test]
    fn braces_in_strings_do_not_close_and_the_rest_is_left_out() {
        let mut scanner = CallScanner::new(CallSyntax::Tagged);
        let found =
            scanner.push("<tool_call>\n{\"name\": \"a\", \"arguments\": {\"x\": \"}\\\"}\"}}\n</tool_call>more");
        assert_eq!(found, [Found::Call("a".into()), Found::Arguments("{\"x\": \"}\\\"}\"}".into())]);
        assert_eq!(scanner.finish(), []);
    }
}
