//! Calls that a model in this process refuses, and files that it misses.

use ports::embeddings::Embeddings;
use ports::health::ProviderHealth;
use ports::inference::InferenceError;
use providers::sentence_transformers::{EncoderConfig, EncoderError, SentenceTransformers};

use crate::{UNIVERSAL, context, model};

#[tokio::test]
async fn bad_calls_are_refused_by_name() {
    let Some(model) = model(&UNIVERSAL) else { return };
    let name = UNIVERSAL.name;
    let unknown = model.embed("another", vec!["x".into()], &context()).await;
    assert!(matches!(unknown, Err(InferenceError::NotFound(_))));
    let many = model.embed(name, vec![String::new(); 3000], &context()).await;
    assert!(matches!(many, Err(InferenceError::Invalid { .. })));
    let long = model.embed(name, vec!["x".into(), "x".repeat(2 << 20)], &context()).await;
    let Err(InferenceError::Invalid { message, .. }) = long else { panic!("{long:?}") };
    assert!(message.starts_with("input[1]"), "{message}");
    let cx = context();
    cx.cancel.cancel();
    let cancelled = model.embed(name, vec!["x".into()], &cx).await;
    assert!(matches!(cancelled, Err(InferenceError::Cancelled)));
    let none = model.embed(name, Vec::new(), &context()).await.expect("nothing");
    assert_eq!((none.vectors.len(), none.tokens), (0, 0));
    let blank = model.embed(name, vec![String::new(), " ".into()], &context()).await.expect("vectors");
    assert!(blank.vectors.iter().flatten().all(|number| number.is_finite()));
}

#[tokio::test]
async fn missing_files_are_named_and_the_next_call_tries_again() {
    for (name, file) in [(EncoderConfig::default().name, "config.json"), (UNIVERSAL.name.to_owned(), "sp.model")] {
        let config = EncoderConfig { dir: "/nonexistent".into(), name: name.clone(), ..EncoderConfig::default() };
        let model = SentenceTransformers::new(config).expect("valid");
        for _ in 0..2 {
            let error = model.embed(&name, vec!["x".into()], &context()).await.expect_err("no files");
            assert!(error.to_string().contains(file), "{error}");
        }
        assert!(matches!(model.health().await, ProviderHealth::Error(_)));
    }
    let error = SentenceTransformers::new(EncoderConfig::default()).err();
    assert!(matches!(error, Some(EncoderError::Config { field: "dir", .. })));
}

/// Files that are not what they should be end in an error that names them, never in a panic.
#[tokio::test]
async fn damaged_files_are_named() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("sp.model"), b"\x0a\x05nonsense").expect("a file");
    std::fs::write(dir.path().join("weights.npz"), b"PK nonsense").expect("a file");
    let config = EncoderConfig { dir: dir.path().into(), name: UNIVERSAL.name.into(), ..EncoderConfig::default() };
    let model = SentenceTransformers::new(config).expect("valid");
    let error = model.embed(UNIVERSAL.name, vec!["x".into()], &context()).await.expect_err("no model");
    assert!(error.to_string().contains("sp.model"), "{error}");
}
