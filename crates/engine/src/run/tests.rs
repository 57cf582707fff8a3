use super::*;
use crate::toolbox::Origin;
use crate::toolbox::Tool;
use proptest::prelude::*;
use serde_json::json;
use wire::openai::chat::{FunctionCall, ToolCall};

fn toolbox() -> Toolbox {
    let mut toolbox = Toolbox::default();
    let tool = |name: &str, origin| Tool {
        name: name.into(),
        description: None,
        parameters: json!({"type": "object"}),
        output_schema: None,
        origin,
    };
    let server = |name: &str, needs_approval| Origin::Server {
        label: "s".into(),
        tool: name.into(),
        read_only: true,
        needs_approval,
    };
    toolbox.add(tool("read", server("read", false)));
    toolbox.add(tool("pay", server("pay", true)));
    toolbox.add(tool("mine", Origin::Caller));
    toolbox
}

fn rules() -> Rules {
    Rules { iterations: 6, tool_calls: 8, output_budget: 1_000, grounded: false, parallel: true, last_word: false }
}

fn run() -> Run {
    Run::new(vec![ChatMessage::text(Role::User, "go")], Conversation::default(), toolbox(), rules(), vec![])
}

fn calls(list: &[(&str, &str)]) -> Folded {
    let call = |(index, (name, arguments)): (usize, &(&str, &str))| ToolCall {
        id: format!("c{index}"),
        kind: "function".into(),
        function: FunctionCall { name: name.to_string(), arguments: arguments.to_string() },
    };
    Folded {
        tool_calls: list.iter().enumerate().map(call).collect(),
        finish: FinishReason::ToolCalls,
        ..Folded::default()
    }
}

fn says(text: &str) -> Folded {
    Folded { text: text.into(), ..Folded::default() }
}

fn output(text: &str) -> Result<ToolOutput, String> {
    Ok(ToolOutput { text: text.into(), structured: None, failed: false })
}

fn asked(step: Step) -> Ask {
    match step {
        Step::AskModel(ask) => ask,
        other => panic!("expected a question to the model, got {other:?}"),
    }
}

#[test]
fn a_call_is_run_and_its_result_goes_back_to_the_model() {
    let mut run = run();
    asked(run.step());
    assert_eq!(run.on_model(calls(&[("read", "{\"a\":1}")])), None);
    let Step::CallTools(made) = run.step() else { panic!("no call") };
    assert_eq!((made[0].label.as_str(), made[0].tool.as_str()), ("s", "read"));
    run.on_tools(vec![(made[0].clone(), output("the text"))]);
    let ask = asked(run.step());
    assert_eq!(ask.messages.last().expect("a message").plain_text(), "the text");
    assert_eq!(run.on_model(says("done")).as_deref(), Some("done"));
    assert!(matches!(run.step(), Step::Done(Done { outcome: Outcome::Completed, .. })));
}

#[test]
fn an_unknown_tool_and_bad_arguments_are_told_to_the_model() {
    let mut run = run();
    asked(run.step());
    run.on_model(calls(&[("raed", "{}"), ("read", "{")]));
    let ask = asked(run.step());
    let told: Vec<String> = ask.messages.iter().rev().take(2).map(ChatMessage::plain_text).collect();
    assert!(told[1].contains("'raed'") && told[1].contains("read, pay, mine"), "{told:?}");
    assert!(told[0].contains("not a JSON object"), "{told:?}");
}

#[test]
fn the_callers_tools_and_approvals_end_the_response() {
    let mut run = run();
    asked(run.step());
    run.on_model(calls(&[("mine", "{}"), ("pay", "{}")]));
    let Step::Done(done) = run.step() else { panic!("not done") };
    assert_eq!((done.for_caller.len(), done.for_approval.len()), (1, 1));
}

#[test]
fn going_round_in_circles_ends_with_an_answer_without_tools() {
    let mut run = run();
    let mut tools_offered = Vec::new();
    loop {
        match run.step() {
            Step::AskModel(ask) => {
                tools_offered.push(ask.tools_allowed);
                let answer = if ask.tools_allowed { calls(&[("read", "{}")]) } else { says("enough") };
                run.on_model(answer);
            }
            Step::CallTools(made) => {
                run.on_tools(made.into_iter().map(|call| (call, output("same"))).collect());
            }
            Step::Done(done) => {
                assert_eq!(done.outcome, Outcome::Completed);
                break;
            }
            Step::Say(_) | Step::Waiting => panic!("stuck"),
        }
    }
    assert_eq!(tools_offered, [true, true, true, false]);
}

#[test]
fn a_limit_of_calls_runs_as_many_as_it_allows_and_then_asks_for_the_answer() {
    let rules = Rules { tool_calls: 1, ..rules() };
    let mut run =
        Run::new(vec![ChatMessage::text(Role::User, "go")], Conversation::default(), toolbox(), rules, vec![]);
    asked(run.step());
    run.on_model(calls(&[("read", "{\"a\":1}"), ("read", "{\"a\":2}")]));
    let Step::CallTools(made) = run.step() else { panic!("no call") };
    assert_eq!(made.iter().map(|call| call.arguments.as_str()).collect::<Vec<_>>(), ["{\"a\":1}"]);
    run.on_tools(vec![(made[0].clone(), output("one"))]);
    let ask = asked(run.step());
    assert!(!ask.tools_allowed);
    let results = ask.messages.iter().filter(|message| message.role == Role::Tool).count();
    assert_eq!(results, 2, "each call of the model has its result");
    run.on_model(says("done"));
    assert!(matches!(run.step(), Step::Done(Done { outcome: Outcome::Completed, .. })));
}

#[test]
fn the_iteration_limit_ends_the_run_as_incomplete() {
    let mut run = run();
    for round in 0.. {
        match run.step() {
            Step::AskModel(_) => {
                run.on_model(calls(&[("read", &format!("{{\"round\":{round}}}"))]));
            }
            Step::CallTools(made) => {
                run.on_tools(made.into_iter().map(|call| (call, output("x"))).collect());
            }
            Step::Done(done) => {
                assert_eq!(done.outcome, Outcome::Incomplete { reason: "max_iterations_exceeded".into() });
                return;
            }
            Step::Say(_) | Step::Waiting => panic!("stuck"),
        }
    }
}

#[test]
fn the_last_iteration_is_kept_for_an_answer() {
    let messages = vec![ChatMessage::text(Role::User, "go")];
    let mut run = Run::new(messages, Conversation::default(), toolbox(), Rules { last_word: true, ..rules() }, vec![]);
    for round in 0.. {
        match run.step() {
            Step::AskModel(ask) if ask.tools_allowed => {
                run.on_model(calls(&[("read", &format!("{{\"round\":{round}}}"))]));
            }
            Step::AskModel(_) => {
                assert_eq!(run.on_model(says("as far as I came")).as_deref(), Some("as far as I came"));
            }
            Step::CallTools(made) => {
                run.on_tools(made.into_iter().map(|call| (call, output("x"))).collect());
            }
            Step::Done(done) => {
                assert_eq!(done.outcome, Outcome::Incomplete { reason: "max_iterations_exceeded".into() });
                return;
            }
            Step::Say(_) | Step::Waiting => panic!("stuck"),
        }
    }
}

#[test]
fn arguments_are_mended_or_sent_back_with_the_rule() {
    let mut toolbox = Toolbox::default();
    toolbox.add(Tool {
        name: "read".into(),
        description: None,
        parameters: json!({"type": "object", "properties": {"page": {"type": "integer"}}, "required": ["page"]}),
        output_schema: None,
        origin: Origin::Server { label: "s".into(), tool: "read".into(), read_only: true, needs_approval: false },
    });
    let messages = vec![ChatMessage::text(Role::User, "go")];
    let mut run = Run::new(messages, Conversation::default(), toolbox, rules(), vec![]);
    asked(run.step());
    run.on_model(calls(&[("read", "{\"page\": \"first\"}")]));
    let told = asked(run.step()).messages.last().expect("a message").plain_text();
    assert!(told.contains("'read'") && told.contains("page"), "{told}");
    run.on_model(calls(&[("read", "{\"page\": \"3\"}")]));
    let Step::CallTools(made) = run.step() else { panic!("no call") };
    assert_eq!(made[0].arguments, "{\"page\":3}");
}

#[test]
fn an_approved_call_runs_before_the_model_is_asked() {
    let approved = CallRef {
        ours: None,
        id: "c".into(),
        label: "s".into(),
        tool: "pay".into(),
        arguments: "{}".into(),
        approved_by: Some("a".into()),
    };
    let messages = vec![ChatMessage::text(Role::User, "go")];
    let mut run = Run::new(messages, Conversation::default(), toolbox(), rules(), vec![approved]);
    let Step::CallTools(made) = run.step() else { panic!("no call") };
    run.on_tools(vec![(made[0].clone(), output("paid"))]);
    let ask = asked(run.step());
    assert_eq!(ask.messages.len(), 3, "question, call, result");
}

fn any_answer() -> impl Strategy<Value = Folded> {
    let call = (prop_oneof!["read", "pay", "mine", "nope"], prop_oneof!["\\{\\}", "\\{\"a\":[0-9]\\}", "[a-z{]{0,4}"]);
    (proptest::collection::vec(call, 0..4), "[a-z ]{0,10}").prop_map(|(list, text)| {
        let list: Vec<(&str, &str)> =
            list.iter().map(|(name, arguments)| (name.as_str(), arguments.as_str())).collect();
        Folded { text, ..calls(&list) }
    })
}

proptest! {
    #[test]
    fn every_run_ends_and_every_call_has_one_result(answers in proptest::collection::vec(any_answer(), 40), grounded: bool) {
        let mut run = Run::new(
            vec![ChatMessage::text(Role::User, "go")], Conversation::default(), toolbox(),
            Rules { grounded, ..rules() }, vec![],
        );
        let mut answers = answers.into_iter();
        for _ in 0..100 {
            match run.step() {
                Step::AskModel(ask) => {
                    for message in &ask.messages {
                        for call in &message.tool_calls {
                            let results = ask.messages.iter().filter(|it| it.tool_call_id.as_deref() == Some(&call.id));
                            prop_assert!(results.count() >= 1);
                        }
                    }
                    run.on_model(answers.next().expect("more answers than iterations"));
                }
                Step::CallTools(made) => {
                    prop_assert!(!made.is_empty());
                    run.on_tools(made.into_iter().map(|call| (call, output("x"))).collect());
                }
                Step::Say(words) => prop_assert!(!words.is_empty()),
                Step::Done(_) => {
                    prop_assert_eq!(run.step(), Step::Waiting);
                    return Ok(());
                }
                Step::Waiting => prop_assert!(false, "stuck"),
            }
        }
        prop_assert!(false, "did not end");
    }
}
