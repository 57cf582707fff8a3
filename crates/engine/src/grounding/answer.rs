//! The last sentence: the model's own if every fact in it holds, else the last result put into words.

use serde_json::Value;

use super::conversation::{Called, Conversation, Turn};
use super::numerals::{numerals, same};
use crate::toolbox::Toolbox;

/// What to say at the end: `written` when it survives the check, else a rendering of the last result.
///
/// With no successful tool result there is nothing to check against, and the model's words stand.
pub fn settle(written: &str, conversation: &Conversation) -> String {
    let Some(last) = conversation.recent_calls().filter(|called| called.ok).last() else {
        return written.to_owned();
    };
    if holds(written, last, conversation) {
        written.to_owned()
    } else {
        rendered(&last.result, &language(conversation))
    }
}

/// What the last call says of itself, when it changed something, worked, and brings an explanation.
///
/// Such a run has nothing left to ask the model: an answer that differs from the explanation would not survive
/// [`settle`], and one that repeats it costs the time of reading and writing it all again.
pub fn own_words(toolbox: &Toolbox, conversation: &Conversation) -> Option<String> {
    let last = conversation.recent_calls().last().filter(|called| called.ok)?;
    let acted = toolbox.get(&last.tool).is_some_and(|tool| !tool.read_only());
    if acted { explanation(&last.result, &language(conversation)) } else { None }
}

/// Every number stands in the conversation, and the verdict and amounts of the last result are in the sentence.
fn holds(written: &str, last: &Called, conversation: &Conversation) -> bool {
    if written.trim().is_empty() {
        return false;
    }
    let mut seen: Vec<f64> = vec![0.0, 1.0, 2.0, 3.0, 4.0];
    for turn in &conversation.turns {
        match turn {
            Turn::User(text) | Turn::Assistant(text) => seen.extend(numerals(text).into_iter().map(|it| it.1)),
            Turn::Call(called) => {
                seen.extend(numerals(&called.arguments.to_string()).into_iter().map(|it| it.1));
                seen.extend(numerals(&called.result.to_string()).into_iter().map(|it| it.1));
            }
        }
    }
    let said: Vec<f64> = numerals(written).into_iter().map(|it| it.1).collect();
    let invented = said.iter().any(|number| !seen.iter().any(|known| same(*known, *number)));
    !invented && carries_verdict(written, &said, &last.result)
}

fn carries_verdict(written: &str, said: &[f64], result: &Value) -> bool {
    let Some(object) = result.as_object() else { return true };
    let spoken = written.to_lowercase().replace('_', " ");
    object.iter().all(|(key, value)| match value {
        Value::String(text) if is_verdict(key) => spoken.contains(&text.to_lowercase().replace('_', " ")),
        Value::String(text) if is_amount(key) => {
            numerals(text).iter().all(|(_, number)| *number == 0.0 || said.iter().any(|it| same(*it, *number)))
        }
        Value::Number(number) if is_amount(key) => {
            let number = number.as_f64().unwrap_or_default();
            number == 0.0 || said.iter().any(|it| same(*it, number))
        }
        _ => true,
    })
}

fn is_verdict(key: &str) -> bool {
    matches!(key, "decision" | "outcome" | "verdict" | "status" | "recommendation")
}

fn is_amount(key: &str) -> bool {
    let words = super::values::words(key);
    words.last().is_some_and(|word| matches!(word.as_str(), "amount" | "total" | "balance")) && words[0] != "proposed"
}

/// What the user says the language is (`language: fr`), else the one the user writes, else that of the instructions.
fn language(conversation: &Conversation) -> String {
    let known = super::values::known(conversation);
    let said = known.iter().find(|it| it.key.as_deref() == Some("language")).and_then(|it| it.value.as_str());
    if let Some(said) = said {
        return said.to_lowercase();
    }
    let user: Vec<&str> = conversation.user_texts().collect();
    match french_words(&user.join(" ")) {
        0 => {
            if french_words(&conversation.instructions) > 0 {
                "fr".into()
            } else {
                "en".into()
            }
        }
        more if more > 0 => "fr".into(),
        _ => "en".into(),
    }
}

/// French function words of a text less the English ones.
fn french_words(text: &str) -> i64 {
    let text = text.to_lowercase();
    let count =
        |list: &[&str]| text.split(|c: char| !c.is_alphabetic()).filter(|word| list.contains(word)).count() as i64;
    let french = count(&["le", "la", "les", "du", "des", "une", "est", "pour", "dossier", "sinistre", "vous"]);
    french - count(&["the", "of", "and", "is", "for", "to", "you", "this", "claim", "with"])
}

fn explanation(result: &Value, language: &str) -> Option<String> {
    let keys = [format!("explanation_{language}"), "explanation".into(), "explanation_en".into(), "summary".into()];
    keys.iter()
        .filter_map(|key| result.get(key).and_then(Value::as_str))
        .map(str::trim)
        .find(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The result's own explanation when it brings one (`explanation_fr`, `explanation`, `summary`), else its scalars.
fn rendered(result: &Value, language: &str) -> String {
    if let Some(own) = explanation(result, language) {
        return own;
    }
    match result {
        Value::Object(object) => {
            let lines: Vec<String> = object
                .iter()
                .filter_map(|(key, value)| Some(format!("{}: {}", key.replace('_', " "), scalar(value)?)))
                .collect();
            lines.join(". ") + "."
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolbox::{Origin, Tool};

    fn decided() -> Conversation {
        let mut conversation = Conversation::default();
        conversation.turns.push(Turn::User("Please process claim CLM-7 of 12 March.".into()));
        let result =
            r#"{"decision": "approve", "payable_amount": "1430.50", "explanation_en": "Covered: 1,430.50 EUR."}"#;
        conversation.called("decide", "{}", result, None, true);
        conversation
    }

    #[test]
    fn a_true_sentence_is_kept() {
        let written = "The claim CLM-7 is approved (approve): we pay 1,430.50 EUR.";
        assert_eq!(settle(written, &decided()), written);
    }

    #[test]
    fn an_invented_or_missing_fact_is_replaced() {
        for written in ["Approve: 1,430.50 EUR after a deductible of 4950.", "We deny the claim.", "approve", ""] {
            assert_eq!(settle(written, &decided()), "Covered: 1,430.50 EUR.", "{written}");
        }
    }

    #[test]
    fn an_act_that_explains_itself_needs_no_model() {
        let tool = |read_only| Tool {
            name: "decide".into(),
            description: None,
            parameters: serde_json::json!({"type": "object"}),
            output_schema: None,
            origin: Origin::Server { label: "s".into(), tool: "decide".into(), read_only, needs_approval: false },
        };
        let (mut acts, mut reads) = (Toolbox::default(), Toolbox::default());
        acts.add(tool(false));
        reads.add(tool(true));
        assert_eq!(own_words(&acts, &decided()).as_deref(), Some("Covered: 1,430.50 EUR."));
        assert_eq!(own_words(&reads, &decided()), None, "a reading is for the model to put into words");
        let mut failed = decided();
        failed.called("decide", "{}", r#"{"explanation": "no"}"#, None, false);
        assert_eq!(own_words(&acts, &failed), None);
        let mut asked_again = decided();
        asked_again.turns.push(Turn::User("Why?".into()));
        assert_eq!(own_words(&acts, &asked_again), None, "a new question is the model's");
    }

    #[test]
    fn without_a_tool_result_the_words_stand() {
        let conversation = Conversation { turns: vec![Turn::User("hi".into())], ..Conversation::default() };
        assert_eq!(settle("Hello 42", &conversation), "Hello 42");
    }
}
