//! The plain prompt for models whose file brings no usable template: ChatML, tools listed in the system text.

use serde_json::Value;

use super::json::spaced;
use super::turns::Turn;

pub fn render(turns: &[Turn], tools: &[Value]) -> String {
    let mut prompt = String::new();
    for turn in with_tools(turns, tools) {
        let role = if turn.role == "tool" { "user" } else { turn.role };
        prompt.push_str(&format!("<|im_start|>{role}\n{}<|im_end|>\n", body(&turn)));
    }
    prompt.push_str("<|im_start|>assistant\n");
    prompt
}

/// The same turns with the tools written into the system text, for templates that know nothing of tools.
pub fn with_tools(turns: &[Turn], tools: &[Value]) -> Vec<Turn> {
    let mut turns = turns.to_vec();
    if tools.is_empty() {
        return turns;
    }
    if turns.first().is_none_or(|turn| turn.role != "system") {
        turns.insert(0, Turn { role: "system", content: "You are a helpful assistant.".into(), call: None });
    }
    turns[0].content.push_str(&tool_block(tools));
    turns
}

/// Calls and results as text inside an ordinary turn.
pub fn body(turn: &Turn) -> String {
    match (&turn.call, turn.role) {
        (Some((name, arguments)), _) => {
            let lead = if turn.content.is_empty() { String::new() } else { format!("{}\n", turn.content) };
            let name = Value::String(name.clone());
            format!("{lead}<tool_call>\n{{\"name\": {name}, \"arguments\": {}}}\n</tool_call>", spaced(arguments))
        }
        (None, "tool") => format!("<tool_response>\n{}\n</tool_response>", turn.content),
        (None, _) => turn.content.clone(),
    }
}

fn tool_block(tools: &[Value]) -> String {
    let list: Vec<String> = tools.iter().map(spaced).collect();
    format!(
        "\n\nThese tools can be called:\n<tools>\n{}\n</tools>\n\nTo call one, answer with nothing but its name and \
         arguments as JSON between tags:\n<tool_call>\n{{\"name\": \"…\", \"arguments\": {{…}}}}\n</tool_call>",
        list.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turn(role: &'static str, content: &str) -> Turn {
        Turn { role, content: content.into(), call: None }
    }

    #[test]
    fn turns_calls_and_results_are_marked() {
        let call = Turn { role: "assistant", content: String::new(), call: Some(("a".into(), json!({"x": 1}))) };
        let prompt = render(&[turn("user", "hi"), call, turn("tool", "one")], &[]);
        let expected = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"a\", \
                        \"arguments\": {\"x\": 1}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\none\n\
                        </tool_response><|im_end|>\n<|im_start|>assistant\n";
        assert_eq!(prompt, expected);
    }

    #[test]
    fn tools_go_into_the_system_text() {
        let tools = [json!({"type": "function", "function": {"name": "a"}})];
        for turns in [vec![turn("user", "hi")], vec![turn("system", "s"), turn("user", "hi")]] {
            let prompt = render(&turns, &tools);
            assert_eq!(prompt.matches("<|im_start|>system").count(), 1);
            assert!(prompt.contains("{\"type\": \"function\", \"function\": {\"name\": \"a\"}}"), "{prompt}");
        }
    }
}
