//! Which tools to offer at this step, and whether plain text is an answer yet.

use ports::inference::Narrowed;

use super::arguments::closed;
use super::conversation::Conversation;
use super::values::known;
use crate::toolbox::{Tool, Toolbox};

/// A tool that keeps failing is offered this often.
const ATTEMPTS: usize = 2;

/// The step's tools with closed arguments.
///
/// A tool is offered when it has not succeeded yet for this request and every required value is known. A tool that
/// changes something is offered only when the instructions or the user name it, and last: after the read-only tools
/// that the instructions name before it have had their turn. Text is an answer once no named tool is left.
pub fn narrow(toolbox: &Toolbox, conversation: &Conversation) -> Narrowed {
    let known = known(conversation);
    let mut offered = Vec::new();
    for tool in toolbox.iter() {
        if open(tool, conversation)
            && !waits_for_others(tool, toolbox, conversation)
            && let Some(closed) = closed(tool, conversation, &known)
        {
            offered.push(closed);
        }
    }
    let text_allowed = !offered.iter().any(|tool| named(&tool.name, conversation));
    Narrowed { tools: offered, text_allowed }
}

fn open(tool: &Tool, conversation: &Conversation) -> bool {
    let calls: Vec<bool> =
        conversation.recent_calls().filter(|called| called.tool == tool.name).map(|called| called.ok).collect();
    !calls.contains(&true) && calls.len() < ATTEMPTS
}

fn waits_for_others(tool: &Tool, toolbox: &Toolbox, conversation: &Conversation) -> bool {
    if tool.read_only() {
        return false;
    }
    if !named(&tool.name, conversation) {
        return true;
    }
    let place = conversation.instructions.find(&tool.name);
    toolbox.iter().any(|other| {
        let earlier = match (conversation.instructions.find(&other.name), place) {
            (Some(other), Some(this)) => other < this,
            (Some(_), None) => true,
            _ => false,
        };
        let callable = || closed(other, conversation, &known(conversation)).is_some();
        other.read_only() && earlier && open(other, conversation) && callable()
    })
}

fn named(name: &str, conversation: &Conversation) -> bool {
    conversation.instructions.contains(name) || conversation.user_texts().any(|text| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::conversation::Turn;
    use super::*;
    use crate::toolbox::Origin;
    use serde_json::json;

    fn toolbox() -> Toolbox {
        let mut toolbox = Toolbox::default();
        for (name, read_only, argument) in
            [("decide", false, "claim_id"), ("read", true, "document_path"), ("fetch", true, "user_id")]
        {
            toolbox.add(Tool {
                name: name.into(),
                description: None,
                parameters: json!({"properties": {argument: {"type": "string"}}, "required": [argument]}),
                output_schema: None,
                origin: Origin::Server { label: "s".into(), tool: name.into(), read_only, needs_approval: false },
            });
        }
        toolbox
    }

    fn offered(conversation: &Conversation) -> (Vec<String>, bool) {
        let narrowed = narrow(&toolbox(), conversation);
        (narrowed.tools.into_iter().map(|tool| tool.name).collect(), narrowed.text_allowed)
    }

    #[test]
    fn readers_first_then_the_tool_that_changes_something_then_text() {
        let mut conversation = Conversation {
            instructions: "Call read, then fetch, then decide.".into(),
            turns: vec![Turn::User("claim_id: CLM-77\nuser_id: USR-12\ndocument_path: a.pdf".into())],
        };
        assert_eq!(offered(&conversation), (vec!["read".into(), "fetch".into()], false));
        conversation.called("read", "{}", "ok", None, true);
        conversation.called("fetch", "{}", "no answer", None, false);
        assert_eq!(offered(&conversation), (vec!["fetch".into()], false), "one more try");
        conversation.called("fetch", "{}", "no answer", None, false);
        assert_eq!(offered(&conversation), (vec!["decide".into()], false));
        conversation.called("decide", "{}", "ok", None, true);
        assert_eq!(offered(&conversation), (vec![], true));
    }

    #[test]
    fn small_talk_calls_nothing() {
        let conversation = Conversation {
            instructions: "Call read, then fetch, then decide.".into(),
            turns: vec![Turn::User("Hello, who are you?".into())],
        };
        assert_eq!(offered(&conversation), (vec![], true));
    }

    #[test]
    fn what_nobody_named_and_changes_something_is_never_offered() {
        let conversation = Conversation {
            instructions: String::new(),
            turns: vec![Turn::User("user_id: USR-12, claim_id: CLM-77".into())],
        };
        assert!(!offered(&conversation).0.contains(&"decide".to_owned()));
    }
}
