//! Holds a call to what was offered, for models whose decoding cannot be constrained.

use ports::inference::Narrowed;
use serde_json::Value;
use wire::JsonObject;

/// Known values told to the model about one argument, at most.
const TOLD: usize = 6;

/// Whether this call may be made at this step: the tool is callable now, and each value of an argument that is closed is
/// one the conversation holds. The error is for the model, which is asked again. Arguments that are left to the model,
/// and optional ones it was not offered, are not judged.
pub fn held(offered: &Narrowed, name: &str, arguments: &JsonObject) -> Result<(), String> {
    let Some(tool) = offered.tools.iter().find(|tool| tool.name == name) else {
        let names: Vec<&str> = offered.tools.iter().map(|tool| tool.name.as_str()).collect();
        return Err(match names.is_empty() {
            true => "no tool is to be called any more: answer now with what is known".into(),
            false => format!("it cannot be called now, with what is known; these can: {}", names.join(", ")),
        });
    };
    let properties = tool.arguments.get("properties").and_then(Value::as_object);
    for (argument, schema) in properties.into_iter().flatten() {
        let Some(choices) = schema.get("enum").and_then(Value::as_array) else { continue };
        let Some(value) = arguments.get(argument) else { continue };
        if !choices.iter().any(|choice| same(choice, value)) {
            let known: Vec<String> = choices.iter().take(TOLD).map(Value::to_string).collect();
            return Err(format!("{argument}: {value} is not known from the conversation; known: {}", known.join(", ")));
        }
    }
    Ok(())
}

/// `12` and `12.0` are one number.
fn same(choice: &Value, value: &Value) -> bool {
    choice == value || choice.as_f64().zip(value.as_f64()).is_some_and(|(choice, value)| choice == value)
}

#[cfg(test)]
mod tests {
    use ports::inference::NarrowedTool;
    use serde_json::json;

    use super::*;

    fn offered() -> Narrowed {
        let arguments = json!({"type": "object", "properties": {"member_id": {"enum": ["LIB-1", "LIB-2"]},
            "fine": {"enum": [12.0]}, "note": {"type": "string"}}});
        let tool = NarrowedTool { name: "find_member".into(), arguments, excerpts: Default::default() };
        Narrowed { tools: vec![tool], text_allowed: false }
    }

    fn told(name: &str, arguments: Value) -> Option<String> {
        held(&offered(), name, arguments.as_object().expect("an object")).err()
    }

    #[test]
    fn known_values_pass_and_invented_ones_are_told_with_what_is_known() {
        assert_eq!(
            told("find_member", json!({"member_id": "LIB-2", "fine": 12, "note": "anything", "limit": 3})),
            None
        );
        let error = told("find_member", json!({"member_id": "LIB-3"})).expect("an invented id");
        assert!(error.contains("LIB-3") && error.contains("\"LIB-1\", \"LIB-2\""), "{error}");
    }

    #[test]
    fn a_tool_that_cannot_be_called_now_is_refused_with_those_that_can() {
        assert!(told("place_hold", json!({})).expect("not yet").contains("these can: find_member"));
        let none = Narrowed { tools: Vec::new(), text_allowed: true };
        assert!(held(&none, "find_member", &JsonObject::new()).expect_err("over").contains("answer now"));
    }
}
