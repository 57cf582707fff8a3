//! Which answers are possible, as a Lark grammar for `llguidance`.

mod arguments;

use ports::inference::{ChatCall, InferenceError, NarrowedTool};
use serde_json::{Value, json};
use wire::openai::chat::{ChatRequest, ResponseFormat, ToolChoice, ToolMode};

use crate::error::invalid;
use crate::prompt::CallSyntax;
use arguments::Rules;

/// Text is everything, or JSON of a schema.
#[derive(Debug, Clone, PartialEq)]
enum TextShape {
    Free,
    Json(Value),
}

/// What an answer may be.
#[derive(Debug, Clone, PartialEq)]
struct Choices {
    text: Option<TextShape>,
    tools: Vec<NarrowedTool>,
    /// Text may come before a call in the same answer.
    preamble: bool,
    /// Tools are in the prompt, so free text must not imitate a call.
    tools_shown: bool,
}

/// The grammar of an answer to `call`; `None` when anything goes.
///
/// With tools in the prompt there is always a grammar: text that cannot contain a call's opening mark, or a call
/// whose arguments fit the tool's schema.
pub fn answer_grammar(call: &ChatCall, syntax: CallSyntax) -> Result<Option<String>, InferenceError> {
    let choices = choices(call)?;
    if choices.tools.is_empty() && !choices.tools_shown && choices.text == Some(TextShape::Free) {
        return Ok(None);
    }
    written(&choices, syntax).map(Some)
}

fn choices(call: &ChatCall) -> Result<Choices, InferenceError> {
    let request = &call.request;
    let text = text_shape(request)?;
    let tools_shown = !request.tools.is_empty();
    if let Some(narrowed) =
        call.narrowed.as_ref().filter(|narrowed| narrowed.text_allowed || !narrowed.tools.is_empty())
    {
        let text = narrowed.text_allowed.then_some(text);
        return Ok(Choices { text, tools: narrowed.tools.clone(), preamble: false, tools_shown });
    }
    let all = || request.tools.iter().map(open_tool).collect::<Vec<_>>();
    let choices = |text, tools, preamble| Ok(Choices { text, tools, preamble, tools_shown });
    match &request.tool_choice {
        Some(ToolChoice::Mode(ToolMode::None)) => choices(Some(text), Vec::new(), false),
        None | Some(ToolChoice::Mode(ToolMode::Auto)) => {
            let preamble = text == TextShape::Free;
            choices(Some(text), all(), preamble)
        }
        Some(ToolChoice::Mode(ToolMode::Required)) if !tools_shown => {
            Err(invalid("tool_choice", "tool_choice: 'required' needs at least one tool"))
        }
        Some(ToolChoice::Mode(ToolMode::Required)) => choices(None, all(), false),
        Some(ToolChoice::Named { function, .. }) => {
            let named: Vec<_> = all().into_iter().filter(|tool| tool.name == function.name).collect();
            if named.is_empty() {
                return Err(invalid("tool_choice", format!("tool_choice: no tool is named '{}'", function.name)));
            }
            choices(None, named, false)
        }
        Some(ToolChoice::Other(_)) => {
            Err(invalid("tool_choice", "tool_choice: must be 'none', 'auto', 'required' or a named function"))
        }
    }
}

fn open_tool(tool: &wire::openai::chat::ChatTool) -> NarrowedTool {
    NarrowedTool {
        name: tool.function.name.clone(),
        arguments: tool.function.parameters.clone().unwrap_or_else(|| json!({"type": "object"})),
        excerpts: Default::default(),
    }
}

fn text_shape(request: &ChatRequest) -> Result<TextShape, InferenceError> {
    match &request.response_format {
        None | Some(ResponseFormat::Text) => Ok(TextShape::Free),
        Some(ResponseFormat::JsonObject) => Ok(TextShape::Json(json!({"type": "object"}))),
        Some(ResponseFormat::JsonSchema { json_schema }) => match &json_schema.schema {
            Some(schema @ Value::Object(_)) => Ok(TextShape::Json(schema.clone())),
            _ => Err(invalid("response_format", "response_format.json_schema.schema: must be an object")),
        },
    }
}

fn written(choices: &Choices, syntax: CallSyntax) -> Result<String, InferenceError> {
    let mut rules = Rules::default();
    let mut starts = Vec::new();
    if let Some(text) = &choices.text {
        starts.push("text");
        match text {
            TextShape::Json(schema) => rules.add("text", &arguments::json_rule(schema, arguments::Strictness::Exact)),
            TextShape::Free => {
                rules.add("text", "TEXT");
                rules.add("TEXT", &free_text(syntax, choices.tools_shown || !choices.tools.is_empty()));
            }
        }
    }
    if !choices.tools.is_empty() {
        starts.push("call");
        let mut bodies = Vec::new();
        for (index, tool) in choices.tools.iter().enumerate() {
            bodies.push(rules.call(index, tool, syntax)?);
        }
        let opener = syntax.opener();
        let opening = match (opener.is_empty(), choices.preamble) {
            (true, _) => String::new(),
            (false, false) => arguments::literal(opener),
            (false, true) => {
                rules.add("opening[lazy]", &format!("/(.|\\n)*{}/", pattern(opener)));
                "opening".into()
            }
        };
        let (before, after) = (arguments::literal(syntax.before_body()), arguments::literal(syntax.after_body()));
        rules.add("call", &format!("{opening} {before} body {after}"));
        rules.add("body", &bodies.join(" | "));
    }
    Ok(format!("start: {}\n{}", starts.join(" | "), rules.text()))
}

/// At least one character, and nothing a reader would take for a call.
fn free_text(syntax: CallSyntax, beside_calls: bool) -> String {
    match (beside_calls, syntax) {
        (false, _) => "/(.|\\n)+/".into(),
        (true, CallSyntax::Bare) => "/[^{\\s](.|\\n)*/".into(),
        (true, CallSyntax::Tagged) => {
            let opener = pattern(syntax.opener());
            format!("/(.|\\n)+/ & ~/(.|\\n)*{opener}(.|\\n)*/")
        }
    }
}

/// The openers hold nothing but letters, `_`, `<` and `>`, none of which means anything in a pattern.
fn pattern(opener: &str) -> &str {
    opener
}

#[cfg(test)]
mod tests;
