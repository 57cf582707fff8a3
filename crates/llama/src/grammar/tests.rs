//! Grammars are tried on an alphabet of single bytes: an answer is possible if every byte of it is allowed.

use std::collections::BTreeMap;

use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::ApproximateTokEnv;
use llguidance::{Matcher, ParserFactory};
use ports::inference::{Excerpt, Narrowed};
use wire::openai::chat::{ChatMessage, Role};

use super::*;

fn matcher(call: &ChatCall, syntax: CallSyntax) -> Matcher {
    let grammar = answer_grammar(call, syntax).expect("valid").expect("constrained");
    let mut factory = ParserFactory::new_simple(&ApproximateTokEnv::single_byte_env()).expect("factory");
    factory.quiet();
    let matcher = Matcher::new(factory.create_parser(TopLevelGrammar::from_lark(grammar.clone())));
    assert_eq!(matcher.get_error(), None, "{grammar}");
    matcher
}

fn possible(call: &ChatCall, syntax: CallSyntax, answer: &str) -> bool {
    let mut matcher = matcher(call, syntax);
    let bytes: Vec<u32> = answer.bytes().map(u32::from).collect();
    let taken = matcher.try_consume_tokens(&bytes).expect("consume");
    taken == bytes.len() && (matcher.is_stopped() || matcher.is_accepting().expect("accepting"))
}

fn check(call: &ChatCall, cases: &[(&str, bool)]) {
    for (answer, expected) in cases {
        assert_eq!(possible(call, CallSyntax::Tagged, answer), *expected, "{answer}");
    }
}

fn request(extra: Value) -> ChatRequest {
    let mut body = json!({
        "model": "local",
        "messages": [],
        "tools": [
            {"type": "function", "function": {"name": "read", "parameters": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "pages": {"type": "integer"}},
                "required": ["path"]
            }}},
            {"type": "function", "function": {"name": "ping"}}
        ]
    });
    for (key, value) in extra.as_object().expect("object") {
        body[key] = value.clone();
    }
    let mut request: ChatRequest = serde_json::from_value(body).expect("request");
    request.messages.push(ChatMessage::text(Role::User, "hi"));
    request
}

const READ: &str =
    "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"/a \\\"b\\\"\", \"pages\": 2}}\n</tool_call>";
const PING: &str = "<tool_call>\n{\"name\": \"ping\", \"arguments\": {}}\n</tool_call>";

#[test]
fn auto_takes_text_or_a_valid_call_with_or_without_a_preamble() {
    let call = ChatCall::from(request(json!({})));
    let talk = format!("Je regarde.\n{READ}");
    check(
        &call,
        &[
            (READ, true),
            (PING, true),
            (&talk, true),
            ("Bonjour, l'été <b> { } é", true),
            ("", false),
            ("<tool_call>\n{\"name\": \"other\", \"arguments\": {}}\n</tool_call>", false),
            ("<tool_call>\n{\"name\": \"read\", \"arguments\": {\"pages\": 2}}\n</tool_call>", false),
            ("<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\", \"x\": 2}}\n</tool_call>", false),
            ("text <tool_call> text", false),
        ],
    );
}

#[test]
fn required_named_and_none_by_table() {
    let required = ChatCall::from(request(json!({"tool_choice": "required"})));
    check(&required, &[(READ, true), (PING, true), ("text", false)]);
    let named = json!({"tool_choice": {"type": "function", "function": {"name": "ping"}}});
    check(&ChatCall::from(request(named)), &[(READ, false), (PING, true), ("text", false)]);
    check(&ChatCall::from(request(json!({"tool_choice": "none"}))), &[(READ, false), ("text", true)]);
}

#[test]
fn a_choice_that_cannot_be_met_is_refused() {
    let cases = [
        request(json!({"tool_choice": {"type": "function", "function": {"name": "none of them"}}})),
        request(json!({"tool_choice": "required", "tools": []})),
        request(json!({"tool_choice": {"type": "allowed_tools"}})),
        request(json!({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}})),
        request(json!({"tools": [{"type": "function", "function": {"name": "x", "parameters": []}}]})),
    ];
    for request in cases {
        let result = answer_grammar(&ChatCall::from(request), CallSyntax::Tagged);
        assert!(matches!(result, Err(InferenceError::Invalid { param: Some(_), .. })), "{result:?}");
    }
}

#[test]
fn json_formats_hold_with_and_without_tools() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    let alone = ChatCall::from(request(json!({"tools": [], "response_format": format})));
    check(&alone, &[("{\"n\": 1}", true), ("{\"n\": \"1\"}", false), ("text", false), (PING, false)]);
    let beside = ChatCall::from(request(json!({"response_format": format})));
    check(&beside, &[("{\"n\": 1}", true), (PING, true), ("text", false)]);
    let any = ChatCall::from(request(json!({"tools": [], "response_format": {"type": "json_object"}})));
    check(&any, &[("{\"a\": [1, {\"b\": null}]}", true), ("[1]", false)]);
}

#[test]
fn plain_chat_is_free() {
    let plain = ChatCall::from(request(json!({"tools": []})));
    assert_eq!(answer_grammar(&plain, CallSyntax::Tagged).expect("valid"), None);
}

fn narrowed(text_allowed: bool, arguments: Value, excerpts: &[(&str, &str, usize, usize)]) -> ChatCall {
    let excerpt = |(key, source, min_chars, max_chars): &(&str, &str, usize, usize)| {
        (key.to_string(), Excerpt { source: source.to_string(), min_chars: *min_chars, max_chars: *max_chars })
    };
    let excerpts: BTreeMap<String, Excerpt> = excerpts.iter().map(excerpt).collect();
    let tools = vec![NarrowedTool { name: "find".into(), arguments, excerpts }];
    ChatCall { request: request(json!({})), narrowed: Some(Narrowed { tools, text_allowed }) }
}

fn find(arguments: &str) -> String {
    format!("<tool_call>\n{{\"name\": \"find\", \"arguments\": {arguments}}}\n</tool_call>")
}

#[test]
fn narrowed_calls_take_only_the_values_offered() {
    let arguments = json!({
        "type": "object",
        "properties": {"user": {"enum": ["U-1", "U-2"]}, "mode": {"$ref": "#/$defs/mode"}},
        "required": ["user"],
        "$defs": {"mode": {"enum": ["l'été"]}}
    });
    let call = narrowed(false, arguments.clone(), &[]);
    check(
        &call,
        &[
            (&find("{\"user\": \"U-1\"}"), true),
            (&find("{\"user\": \"U-2\", \"mode\": \"l'été\"}"), true),
            (&find("{\"user\": \"U-3\"}"), false),
            (PING, false),
            ("text", false),
        ],
    );
    check(&narrowed(true, arguments, &[]), &[("text", true), (&find("{\"user\": \"U-1\"}"), true), (PING, false)]);
}

#[test]
fn excerpts_are_words_of_their_source() {
    let arguments = json!({
        "type": "object",
        "properties": {
            "note": {"type": "string"},
            "user": {"$ref": "#/$defs/user"},
            "text": {"type": "string"},
            "top": {"type": "integer"}
        },
        "required": ["user", "text"],
        "$defs": {"user": {"enum": ["U-1"]}}
    });
    let source = "L'eau a \"coulé\" sous\nla porte \\ du garage";
    let call = narrowed(false, arguments, &[("text", source, 3, 20)]);
    check(
        &call,
        &[
            (&find("{\"user\": \"U-1\", \"text\": \"coulé sous la\"}"), true),
            (&find("{\"note\": \"n\", \"user\": \"U-1\", \"text\": \"porte du\", \"top\": 3}"), true),
            (&find("{\"user\": \"U-1\", \"text\": \"invented words\"}"), false),
            (&find("{\"user\": \"U-1\", \"text\": \"a\"}"), false),
            (&find("{\"user\": \"U-1\", \"text\": \"coulé sous la porte du garage\"}"), false),
            (&find("{\"text\": \"coulé sous la\"}"), false),
            (&find("{\"user\": \"U-1\"}"), false),
        ],
    );
}

#[test]
fn a_source_without_words_leaves_the_schema() {
    let arguments = json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
    let call = narrowed(false, arguments, &[("text", " \n\"", 3, 20)]);
    check(&call, &[(&find("{\"text\": \"anything\"}"), true)]);
}

#[test]
fn odd_names_and_unknown_keywords_do_not_break_the_grammar() {
    let mut call = narrowed(
        false,
        json!({"type": "object", "properties": {"é\"k": {"type": "string", "format": "made-up", "x-ours": 1}}}),
        &[],
    );
    if let Some(narrowed) = &mut call.narrowed {
        narrowed.tools[0].name = "a\"b\\é".into();
    }
    let answer = "<tool_call>\n{\"name\": \"a\\\"b\\\\é\", \"arguments\": {\"é\\\"k\": \"v\"}}\n</tool_call>";
    check(&call, &[(answer, true)]);
}

#[test]
fn bare_calls_have_no_marks() {
    let call = ChatCall::from(request(json!({})));
    let cases = [
        ("{\"name\": \"ping\", \"parameters\": {}}", true),
        ("{\"name\": \"pong\", \"parameters\": {}}", false),
        ("text {", true),
    ];
    for (answer, expected) in cases {
        assert_eq!(possible(&call, CallSyntax::Bare, answer), expected, "{answer}");
    }
}
