//! The values of a conversation, with the keys they travelled under.

use std::collections::BTreeSet;

use serde_json::Value;

use super::conversation::{Conversation, Turn};
use super::numerals::numerals;

/// One value that was said, sent or returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The key it stood under, when it stood under one.
    pub key: Option<String>,
    pub value: Value,
    pub from: From,
    /// Inside a list of several records: reference material rather than the case at hand.
    pub listed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    User,
    Argument,
    Result,
}

/// Everything known, oldest first.
pub fn known(conversation: &Conversation) -> Vec<Known> {
    let mut found = Vec::new();
    for turn in &conversation.turns {
        match turn {
            Turn::User(text) => said(text, From::User, &mut found),
            Turn::Assistant(_) => {}
            Turn::Call(called) => {
                leaves(&called.arguments, None, From::Argument, false, &mut found);
                leaves(&called.result, None, From::Result, false, &mut found);
            }
        }
    }
    found
}

fn leaves(value: &Value, key: Option<&str>, from: From, listed: bool, found: &mut Vec<Known>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                leaves(value, Some(key), from, listed, found);
            }
        }
        Value::Array(list) => {
            for value in list {
                leaves(value, key, from, listed || list.len() > 1, found);
            }
        }
        Value::Null | Value::Bool(_) => {}
        Value::String(text) if key.is_none() => said(text, from, found),
        other => {
            found.push(Known { key: key.map(str::to_owned), value: other.clone(), from, listed });
        }
    }
}

/// Words of free text: `key: value` lines first, then every token and number.
fn said(text: &str, from: From, found: &mut Vec<Known>) {
    for line in text.lines() {
        if let Some((key, value)) = labelled(line) {
            found.push(Known { key: Some(key), value: Value::String(value), from, listed: false });
        }
    }
    for token in tokens(text) {
        found.push(Known { key: None, value: Value::String(token.to_owned()), from, listed: false });
    }
    for (_, number) in numerals(text) {
        if let Some(number) = serde_json::Number::from_f64(number) {
            found.push(Known { key: None, value: Value::Number(number), from, listed: false });
        }
    }
}

/// `- Claim id: CLM-1` is (`claim_id`, `CLM-1`); the value must be one token.
fn labelled(line: &str) -> Option<(String, String)> {
    let line = line.trim().trim_start_matches(['-', '*', '•']).trim();
    let (label, value) = line.split_once(": ").or_else(|| line.split_once('='))?;
    let value = value.trim().trim_end_matches([',', ';', '.']).trim_matches(['"', '`', '\'']);
    let short = label.split_whitespace().count() <= 4 && !label.is_empty();
    let one_token = !value.is_empty() && !value.contains(char::is_whitespace);
    (short && one_token).then(|| (words(label).join("_"), value.to_owned()))
}

/// Tokens of a text, without the punctuation around them.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'<>{}[]()|".contains(c))
        .map(|token| token.trim_matches(['.', ',', ';', ':', '!', '?', '*', '`', '«', '»']))
        .filter(|token| !token.is_empty())
}

/// The words a key is made of: `policyNumber`, `policy-number` and `Policy number` are all `policy`, `number`.
pub fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous_lower = false;
    for c in key.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && previous_lower);
        if boundary && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        previous_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether `key` says no more than `name` does: `number` for `claim_number`, not `policy_number`.
pub fn part_of(key: &str, name: &str) -> bool {
    let name: BTreeSet<String> = words(name).into_iter().collect();
    words(key).into_iter().all(|word| name.contains(&word))
}

pub fn same_key(left: &str, right: &str) -> bool {
    words(left) == words(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_in_the_users_words_are_keys() {
        let mut found = Vec::new();
        said(
            "Please process this claim.\n- Claim id: CLM-2026-1\nuser_id: USR-9.\nwhen: not today",
            From::User,
            &mut found,
        );
        let keyed: Vec<(String, Value)> =
            found.into_iter().filter_map(|known| known.key.map(|key| (key, known.value))).collect();
        assert_eq!(keyed, [("claim_id".into(), json!("CLM-2026-1")), ("user_id".into(), json!("USR-9"))]);
    }

    #[test]
    fn keys_compare_by_their_words() {
        assert!(same_key("claimId", "claim_id") && same_key("Claim ID", "claim_id"));
        assert!(part_of("number", "claim_number") && !part_of("policy_number", "claim_number"));
    }

    #[test]
    fn records_of_a_list_are_reference_material() {
        let mut found = Vec::new();
        leaves(&json!({"id": "A-1", "similar": [{"id": "B-1"}, {"id": "B-2"}]}), None, From::Result, false, &mut found);
        let listed: Vec<bool> = found.iter().map(|known| known.listed).collect();
        assert_eq!(listed, [false, true, true]);
    }
}
