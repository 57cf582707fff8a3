//! The chat template that came with the model, or ChatML where it fails.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context};
use serde_json::{Value, json};

use super::turns::Turn;
use super::{CallSyntax, chatml, json};

const NAME: &str = "chat";

pub struct ChatTemplate {
    /// `None`: the model brings no template that compiles.
    environment: Option<Environment<'static>>,
    knows_tools: bool,
    syntax: CallSyntax,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    pub fn new(source: Option<String>, bos: String, eos: String) -> Self {
        let source = source.unwrap_or_default();
        let knows_tools = source.contains("tools");
        let bare = knows_tools && !source.contains("<tool_call>") && source.contains("\"parameters\": ");
        let syntax = if bare { CallSyntax::Bare } else { CallSyntax::Tagged };
        let environment = compile(source)
            .inspect_err(|error| tracing::warn!(%error, "the model's chat template is unusable; ChatML is used"))
            .ok();
        Self { environment, knows_tools, syntax, bos, eos }
    }

    /// How this model is shown, and asked to write, a tool call.
    pub fn syntax(&self) -> CallSyntax {
        self.syntax
    }

    /// The prompt up to where the assistant speaks. `tools` are OpenAI tool objects.
    pub fn render(&self, turns: &[Turn], tools: &[Value]) -> String {
        let Some(environment) = &self.environment else {
            return chatml::render(turns, tools);
        };
        let rendered = if self.knows_tools || !uses_tools(turns, tools) {
            self.apply(environment, turns.iter().map(message).collect(), tools)
        } else {
            let plain = chatml::with_tools(turns, tools);
            self.apply(environment, plain.iter().map(plain_message).collect(), &[])
        };
        rendered.unwrap_or_else(|error| {
            tracing::warn!(%error, "the model's chat template failed; ChatML is used");
            chatml::render(turns, tools)
        })
    }

    fn apply(&self, environment: &Environment<'_>, messages: Vec<Value>, tools: &[Value]) -> Result<String, Error> {
        let tools = (!tools.is_empty()).then_some(tools);
        environment.get_template(NAME)?.render(context! {
            messages => Serde(messages),
            tools => Serde(tools),
            add_generation_prompt => true,
            bos_token => &self.bos,
            eos_token => &self.eos,
        })
    }
}

fn uses_tools(turns: &[Turn], tools: &[Value]) -> bool {
    !tools.is_empty() || turns.iter().any(|turn| turn.call.is_some() || turn.role == "tool")
}

fn message(turn: &Turn) -> Value {
    match &turn.call {
        None => json!({"role": turn.role, "content": turn.content}),
        Some((name, arguments)) => json!({
            "role": turn.role,
            "content": turn.content,
            "tool_calls": [{"type": "function", "function": {"name": name, "arguments": arguments}}],
        }),
    }
}

fn plain_message(turn: &Turn) -> Value {
    let role = if turn.role == "tool" { "user" } else { turn.role };
    json!({"role": role, "content": chatml::body(turn)})
}

/// Templates are written for Python's Jinja: its string methods, its JSON, its way to refuse a conversation.
fn compile(source: String) -> Result<Environment<'static>, Error> {
    if source.trim().is_empty() {
        return Err(Error::new(ErrorKind::TemplateNotFound, "the model's file has none"));
    }
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_filter("tojson", tojson);
    environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_template_owned(NAME, source)?;
    Ok(environment)
}

fn tojson(value: minijinja::Value, options: minijinja::value::Kwargs) -> Result<minijinja::Value, Error> {
    let plain: Value = serde_json::to_value(&value)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, "not a JSON value").with_source(error))?;
    let indent: Option<usize> = options.get("indent")?;
    let text = indent.map_or_else(|| json::spaced(&plain), |indent| json::indented(&plain, indent));
    Ok(minijinja::Value::from_safe_string(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLED: &str = "{{ bos_token }}{% if tools %}[{% for t in tools %}{{ t | tojson }}{% endfor %}]{% endif %}
{%- for m in messages %}<{{ m.role }}>{{ m.content.strip() }}
    {%- for c in m.tool_calls %}<tool_call>{{ c.function.arguments | tojson }}{% endfor %}
{%- endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    fn turn(role: &'static str, content: &str) -> Turn {
        Turn { role, content: content.into(), call: None }
    }

    fn call() -> Turn {
        Turn { role: "assistant", content: String::new(), call: Some(("a".into(), json!({"x": "é<", "y": [1, 2]}))) }
    }

    #[test]
    fn the_models_own_template_is_used() {
        let template = ChatTemplate::new(Some(TOOLED.into()), "^".into(), "$".into());
        assert_eq!(template.syntax(), CallSyntax::Tagged);
        let tools = [json!({"type": "function"})];
        assert_eq!(
            template.render(&[turn("user", " hi "), call(), turn("tool", "r")], &tools),
            "^[{\"type\": \"function\"}]<user>hi<assistant><tool_call>{\"x\": \"é<\", \"y\": [1, 2]}<tool>r<assistant>"
        );
    }

    #[test]
    fn a_template_without_tools_gets_them_as_text() {
        let source = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}".to_string();
        let template = ChatTemplate::new(Some(source), String::new(), String::new());
        let prompt = template.render(&[turn("user", "hi"), call(), turn("tool", "r")], &[json!({"name": "a"})]);
        assert!(prompt.starts_with("<system>") && prompt.contains("<tools>\n{\"name\": \"a\"}"), "{prompt}");
        assert!(prompt.contains("<user><tool_response>\nr\n"), "{prompt}");
    }

    #[test]
    fn chatml_stands_in_for_templates_that_fail() {
        let sources = [None, Some("{% for %}"), Some("tools {{ raise_exception('no') }}"), Some("  ")];
        for source in sources {
            let template = ChatTemplate::new(source.map(String::from), String::new(), String::new());
            let prompt = template.render(&[turn("user", "hi")], &[]);
            assert_eq!(prompt, "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
        }
    }

    #[test]
    fn calls_written_bare_are_recognised() {
        let source = "{{ tools }} {\"name\": \"f\", \"parameters\": {}}";
        let template = ChatTemplate::new(Some(source.into()), String::new(), String::new());
        assert_eq!(template.syntax(), CallSyntax::Bare);
    }
}
