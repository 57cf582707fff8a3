//! An OpenAI-compatible server behind the port: the stream contract, and every way it can fail.

use std::sync::Arc;
use std::time::Duration;

use ports::embeddings::Embeddings;
use ports::inference::{ChatCall, Inference, InferenceError};
use providers::openai::{OpenAiCompatible, OpenAiConfig, OpenAiEmbeddings};
use testkit::openai::{Answer, FakeModel, Fault};
use testkit::suites::inference::{self, Repeatable};
use wire::openai::chat::{ChatMessage, ChatRequest, Role};

fn config(model: &FakeModel) -> OpenAiConfig {
    OpenAiConfig { base_url: model.url(), ..OpenAiConfig::default() }
}

fn provider(model: &FakeModel) -> OpenAiCompatible {
    OpenAiCompatible::new(config(model))
}

fn call() -> ChatCall {
    ChatCall::from(ChatRequest {
        model: "fake-model".into(),
        messages: vec![ChatMessage::text(Role::User, "hello")],
        ..ChatRequest::default()
    })
}

#[tokio::test]
async fn the_stream_keeps_the_contract() {
    let model = FakeModel::start().await;
    model.always(Answer::text("good morning to you").and_tool("add", &serde_json::json!({"a": 1})));
    inference::keeps_the_stream_contract(&provider(&model), call(), Repeatable::Yes).await;
}

#[tokio::test]
async fn dropping_or_cancelling_stops_the_upstream() {
    let model = FakeModel::start().await;
    // The first chunk only names the role; the second is the first delta.
    let gate = Arc::new(tokio::sync::Semaphore::new(2));
    model.always(Answer::text("one two three four").gated(&gate));
    let provider = provider(&model);
    inference::stops_when_dropped(&provider, call(), model.has_cancels(1)).await;
    gate.add_permits(2);
    inference::stops_when_cancelled(&provider, call(), model.has_cancels(2)).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error() {
    for fault in [Fault::CutAfter(1), Fault::Garbage(1), Fault::NoFinish, Fault::ErrorAt(1)] {
        let model = FakeModel::start().await;
        model.always(Answer::text("half an answer").fails(fault));
        let error = inference::ends_at_an_error(&provider(&model), call()).await;
        assert!(
            matches!(error, InferenceError::Unreachable(_) | InferenceError::Upstream { .. }),
            "{fault:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_busy_server_is_tried_again_and_a_failing_one_is_not() {
    let model = FakeModel::start().await;
    model.then(Answer::status(503)).then(Answer::text("now"));
    let answer = provider(&model).complete(call(), &inference::context()).await.expect("second try");
    assert_eq!(answer.text, "now");

    model.then(Answer::status(500));
    let error = provider(&model).complete(call(), &inference::context()).await.expect_err("no second try");
    assert!(matches!(error, InferenceError::Upstream { status: 500, .. }), "{error}");
    assert_eq!(model.received().len(), 3);
}

#[tokio::test]
async fn nobody_there_is_said_plainly() {
    let config = OpenAiConfig {
        base_url: "http://127.0.0.1:9".into(),
        connect_timeout: Duration::from_secs(1),
        ..OpenAiConfig::default()
    };
    let provider = OpenAiCompatible::new(config);
    let error = provider.complete(call(), &inference::context()).await.expect_err("nobody there");
    assert!(matches!(error, InferenceError::Unreachable(_)), "{error}");
    assert!(matches!(provider.health().await, ports::health::ProviderHealth::Error(_)));
}

#[tokio::test]
async fn texts_become_vectors_in_their_order() {
    let model = FakeModel::start().await;
    let embeddings = OpenAiEmbeddings::new(config(&model));
    let texts = vec!["one".to_owned(), "two".to_owned()];
    let embedded = embeddings.embed("fake-model", texts, &inference::context()).await.expect("vectors");
    let expected: Vec<Vec<f32>> = ["one", "two"].map(|text| testkit::openai::hash_vector(text, 768)).into();
    assert_eq!(embedded.vectors, expected);
}

#[tokio::test]
async fn a_server_that_stays_away_is_not_waited_for() {
    let gone = OpenAiConfig { base_url: "http://127.0.0.1:9/v1".into(), tries: 1, ..OpenAiConfig::default() };
    let provider = OpenAiCompatible::new(gone);
    let cx = inference::context();
    let mut told = String::new();
    for _ in 0..6 {
        told = provider.chat(call(), &cx).await.err().map(|error| error.to_string()).unwrap_or_default();
    }
    assert!(told.contains("several times in a row"), "{told}");
}

#[tokio::test]
async fn a_server_may_have_models_of_both_kinds() {
    let model = FakeModel::start().await;
    model.serves(&["gpt-4o", "text-embedding-3-small", "bge-m3"]);
    let mixed = OpenAiConfig { embedding_models: Some(vec!["bge-m3".into()]), ..config(&model) };
    let cx = inference::context();
    let chat = OpenAiCompatible::new(mixed.clone()).models(&cx).await.expect("a list");
    let embeds = OpenAiEmbeddings::new(mixed).models(&cx).await.expect("a list");
    let names = |models: Vec<ports::inference::ServedModel>| -> Vec<String> {
        models.into_iter().map(|model| model.name).collect()
    };
    assert_eq!(names(chat), ["gpt-4o"]);
    assert_eq!(names(embeds), ["text-embedding-3-small", "bge-m3"]);
    // A server of one kind is believed, whatever its models are called.
    assert_eq!(provider(&model).models(&cx).await.expect("a list").len(), 3);
}
