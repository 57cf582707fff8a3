//! Llama Stack's `${env.NAME}`: what stands for a variable, and what type the text has afterwards.

use std::collections::HashMap;

use serde_json::Value;

/// What replacing found on its way.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// No value and no default.
    Unset(String),
    /// `${env.NAME:default}`, as it was written before 0.2; read, but worth a word.
    Old(String),
}

/// Replaces every variable of `value`, at any depth; `path` tells where a problem is.
pub fn expand(
    value: Value,
    path: &str,
    environment: &HashMap<String, String>,
    report: &mut dyn FnMut(&str, Problem),
) -> Value {
    match value {
        Value::String(text) => expand_text(&text, environment, &mut |problem| report(path, problem)),
        Value::Array(items) => {
            let numbered = items.into_iter().enumerate();
            numbered.map(|(at, item)| expand(item, &format!("{path}[{at}]"), environment, report)).collect()
        }
        Value::Object(entries) => {
            let mut expanded = serde_json::Map::new();
            for (key, item) in entries {
                let place = format!("{path}.{key}");
                expanded.insert(key, expand(item, &place, environment, report));
            }
            Value::Object(expanded)
        }
        other => other,
    }
}

/// A text without a variable stays as it is. Else it is typed anew: empty is null, `true`, a number.
pub fn expand_text(text: &str, environment: &HashMap<String, String>, report: &mut dyn FnMut(Problem)) -> Value {
    let mut filled = String::new();
    let mut rest = text;
    let mut replaced = false;
    while let Some(start) = rest.find("${env.") {
        let body = &rest[start + "${env.".len()..];
        let name_ends =
            body.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(body.len());
        let close = body.find('}');
        let (Some(close), true) = (close, name_ends > 0) else {
            filled.push_str(&rest[..start + "${env.".len()]);
            rest = body;
            continue;
        };
        let (name, then) = (&body[..name_ends], body.get(name_ends..close).unwrap_or(""));
        filled.push_str(&rest[..start]);
        rest = &body[close + 1..];
        replaced = true;
        // An empty variable counts as one that is not set.
        let set = environment.get(name).filter(|value| !value.is_empty());
        let piece = if let Some(default) = then.strip_prefix(":=") {
            set.map_or(default, String::as_str)
        } else if let Some(instead) = then.strip_prefix(":+") {
            set.map_or("", |_| instead)
        } else if let Some(default) = then.strip_prefix(':') {
            report(Problem::Old(name.to_owned()));
            set.map_or(default, String::as_str)
        } else {
            if set.is_none() {
                report(Problem::Unset(name.to_owned()));
            }
            set.map_or("", String::as_str)
        };
        filled.push_str(piece);
    }
    if !replaced {
        return Value::String(text.to_owned());
    }
    filled.push_str(rest);
    typed(filled, environment)
}

fn typed(text: String, environment: &HashMap<String, String>) -> Value {
    match text.as_str() {
        "" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if let Some(number) = numeric.then(|| text.parse().ok().and_then(serde_json::Number::from_f64)).flatten() {
        return Value::Number(number);
    }
    match (text.strip_prefix('~'), environment.get("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => Value::String(format!("{home}{rest}")),
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str) -> (Value, Vec<Problem>) {
        let environment = [("PORT", "8321"), ("HOST", "db"), ("NONE", ""), ("HOME", "/home/ann"), ("ON", "true")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut problems = Vec::new();
        let value = expand_text(text, &environment.into(), &mut |problem| problems.push(problem));
        (value, problems)
    }

    #[test]
    fn a_variable_its_default_and_its_alternative() {
        assert_eq!(filled("${env.HOST}").0, json!("db"));
        assert_eq!(filled("${env.MISSING:=here}").0, json!("here"));
        assert_eq!(filled("${env.NONE:=here}").0, json!("here"), "empty counts as unset");
        assert_eq!(filled("${env.HOST:+vllm}").0, json!("vllm"));
        assert_eq!(filled("${env.NONE:+vllm}").0, Value::Null);
        assert_eq!(filled("${env.HOST}:${env.PORT:=1}/x").0, json!("db:8321/x"), "several in one text");
    }

    #[test]
    fn only_a_replaced_text_is_typed_anew() {
        assert_eq!(filled("${env.PORT}").0, json!(8321));
        assert_eq!(filled("${env.ON}").0, json!(true));
        assert_eq!(filled("${env.MISSING:=0.5}").0, json!(0.5));
        assert_eq!(filled("${env.MISSING:=}").0, Value::Null);
        assert_eq!(filled("${env.MISSING:=~/models}").0, json!("/home/ann/models"));
        assert_eq!(filled("${env.MISSING:=inf}").0, json!("inf"));
        assert_eq!(filled("8321").0, json!("8321"));
        assert_eq!(filled("").0, json!(""));
        assert_eq!(filled("${env.lower}").0, json!("${env.lower}"));
        assert_eq!(filled("${env.OPEN").0, json!("${env.OPEN"));
    }

    #[test]
    fn what_is_missing_or_old_is_told() {
        assert_eq!(filled("${env.MISSING}").1, [Problem::Unset("MISSING".into())]);
        let (value, problems) = filled("${env.MISSING:http://x}");
        assert_eq!((value, problems), (json!("http://x"), vec![Problem::Old("MISSING".into())]));
    }
}
