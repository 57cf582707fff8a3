//! From a chat request to the text the model reads.

mod chatml;
mod guard;
mod json;
mod template;
mod turns;

pub use guard::{Guard, pieces};
pub use template::ChatTemplate;
pub use turns::turns;

/// How the model's template writes a tool call, which is also how we make it write one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallSyntax {
    /// `<tool_call>\n{"name": …, "arguments": …}\n</tool_call>`
    Tagged,
    /// `{"name": …, "parameters": …}` alone, from the first character on.
    Bare,
}

impl CallSyntax {
    /// Empty when a call has no opening mark.
    pub fn opener(self) -> &'static str {
        match self {
            Self::Tagged => "<tool_call>",
            Self::Bare => "",
        }
    }

    pub fn before_body(self) -> &'static str {
        match self {
            Self::Tagged => "\n",
            Self::Bare => "",
        }
    }

    pub fn after_body(self) -> &'static str {
        match self {
            Self::Tagged => "\n</tool_call>",
            Self::Bare => "",
        }
    }

    pub fn arguments_key(self) -> &'static str {
        match self {
            Self::Tagged => "arguments",
            Self::Bare => "parameters",
        }
    }
}
