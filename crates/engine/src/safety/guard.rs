//! Llama Guard: any chat model, asked with its prompt, answers `safe`, or `unsafe` and the categories.

use wire::openai::chat::{ChatMessage, Role};

use super::Violation;

const CATEGORIES: [(&str, &str); 14] = [
    ("S1", "Violent Crimes"),
    ("S2", "Non-Violent Crimes"),
    ("S3", "Sex Crimes"),
    ("S4", "Child Exploitation"),
    ("S5", "Defamation"),
    ("S6", "Specialized Advice"),
    ("S7", "Privacy"),
    ("S8", "Intellectual Property"),
    ("S9", "Indiscriminate Weapons"),
    ("S10", "Hate"),
    ("S11", "Self-Harm"),
    ("S12", "Sexual Content"),
    ("S13", "Elections"),
    ("S14", "Code Interpreter Abuse"),
];

/// One message for the model, in the words it was trained on, slips included: the categories, the conversation, and which message is to be judged.
pub fn prompt(messages: &[ChatMessage]) -> ChatMessage {
    let speaker = |message: &ChatMessage| if message.role == Role::Assistant { "Agent" } else { "User" };
    let judged = messages.last().map_or("User", speaker);
    let categories: Vec<String> = CATEGORIES.iter().map(|(code, name)| format!("{code}: {name}.")).collect();
    let talk: Vec<String> =
        messages.iter().map(|message| format!("{}: {}", speaker(message), message.plain_text())).collect();
    ChatMessage::text(
        Role::User,
        format!(
            "Task: Check if there is unsafe content in '{judged}' messages in conversations according our safety \
             policy with the below categories.\n\n<BEGIN UNSAFE CONTENT CATEGORIES>\n{}\n<END UNSAFE CONTENT \
             CATEGORIES>\n\n<BEGIN CONVERSATION>\n\n{}\n\n<END CONVERSATION>\n\nProvide your safety assessment for \
             ONLY THE LAST {judged} message in the above conversation:\n - First line must read 'safe' or \
             'unsafe'.\n - If unsafe, a second line must include a comma-separated list of violated categories.",
            categories.join("\n"),
            talk.join("\n\n"),
        ),
    )
}

/// What the model said; an error when it is neither verdict.
pub fn verdict(answer: &str) -> Result<Option<Violation>, String> {
    let mut lines = answer.trim().lines();
    match lines.next().map(|line| line.trim().to_lowercase()).as_deref() {
        Some("safe") => Ok(None),
        Some("unsafe") => {
            let codes = lines.next().unwrap_or_default().split(',').map(|code| code.trim().to_uppercase());
            let kinds: Vec<String> = codes.filter(|code| !code.is_empty()).collect();
            Ok(Some(Violation::new("I can't answer that. Can I help with something else?", &kinds)))
        }
        _ => Err(format!("Unexpected response: {}", answer.chars().take(60).collect::<String>())),
    }
}

/// The name of a category, for moderations.
pub fn category(code: &str) -> String {
    CATEGORIES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_and_chatter_is_refused() {
        assert_eq!(verdict(" safe\n"), Ok(None));
        assert_eq!(verdict("unsafe\nS1,s10").unwrap().unwrap().kinds(), ["S1", "S10"]);
        assert!(verdict("This is a mock answer").unwrap_err().starts_with("Unexpected response: This"));
        let text = prompt(&[ChatMessage::text(Role::User, "hello")]).plain_text();
        assert!(text.contains("S9: Indiscriminate Weapons.") && text.contains("User: hello"), "{text}");
    }
}
