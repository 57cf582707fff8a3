//! The embedding model against vectors that another implementation made (TensorFlow's MPNet from the transformers
//! package, mean pooling, unit length). Runs where the model lies in the model cache.
#![cfg(feature = "sentence-transformers")]
#![allow(clippy::print_stderr, reason = "a skipped test says why, and parity is worth a figure")]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use ports::context::CallContext;
use ports::embeddings::Embeddings;
use ports::health::ProviderHealth;
use ports::inference::InferenceError;
use providers::sentence_transformers::{Mpnet, MpnetConfig, MpnetError};

const NAME: &str = "sentence-transformers/all-mpnet-base-v2";
const DIMENSION: usize = 768;
/// What the reference's own tokenizer counted over all sentences, the long one cut at 384.
const REFERENCE_TOKENS: u64 = 721;

fn model_dir() -> Option<PathBuf> {
    let cache = |home: std::ffi::OsString| PathBuf::from(home).join(".cache");
    let models = std::env::var_os("CLAIMSTACK_MODELS").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(std::env::var_os("HOME").map(cache));
        cache.map(|dir| dir.join("claimstack/models"))
    })?;
    Some(models.join("all-mpnet-base-v2")).filter(|dir| dir.join("model.safetensors").is_file())
}

fn model() -> Option<&'static Mpnet> {
    static MODEL: OnceLock<Option<Mpnet>> = OnceLock::new();
    let model = MODEL.get_or_init(|| {
        let config = MpnetConfig { dir: model_dir()?, ..MpnetConfig::default() };
        Some(Mpnet::new(config).expect("a valid configuration"))
    });
    if model.is_none() {
        eprintln!("skipped: no all-mpnet-base-v2 in the model cache (set CLAIMSTACK_MODELS)");
    }
    model.as_ref()
}

fn context() -> CallContext {
    CallContext::new("test", Duration::from_secs(300))
}

fn sentences() -> Vec<String> {
    serde_json::from_str(include_str!("fixtures/mpnet/sentences.json")).expect("a list of texts")
}

fn reference() -> Vec<Vec<f32>> {
    let floats = include_bytes!("fixtures/mpnet/vectors.f32").chunks_exact(4);
    let floats: Vec<f32> = floats.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect();
    floats.chunks_exact(DIMENSION).map(<[f32]>::to_vec).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn vectors_equal_the_reference_in_the_order_given() {
    let Some(model) = model() else { return };
    let (sentences, reference) = (sentences(), reference());
    assert!(sentences.len() >= 20 && sentences.len() == reference.len());
    let found = model.embed(NAME, sentences.clone(), &context()).await.expect("vectors");
    assert_eq!(found.tokens, REFERENCE_TOKENS);
    let mut lowest = 1.0f32;
    for ((sentence, vector), expected) in sentences.iter().zip(&found.vectors).zip(&reference) {
        let start: String = sentence.chars().take(40).collect();
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-4, "{start}");
        assert!(cosine(vector, expected) >= 0.9999, "{start}: {}", cosine(vector, expected));
        lowest = lowest.min(cosine(vector, expected));
    }
    eprintln!("lowest cosine to the reference: {lowest:.7}");
    let alone = model.embed(NAME, vec![sentences[3].clone()], &context()).await.expect("a vector");
    assert!(cosine(&alone.vectors[0], &found.vectors[3]) > 0.99999);
    assert_eq!(model.health().await, ProviderHealth::Ok);
}

#[tokio::test]
async fn bad_calls_are_refused_by_name() {
    let Some(model) = model() else { return };
    let unknown = model.embed("another", vec!["x".into()], &context()).await;
    assert!(matches!(unknown, Err(InferenceError::NotFound(_))));
    let many = model.embed(NAME, vec![String::new(); 3000], &context()).await;
    assert!(matches!(many, Err(InferenceError::Invalid { .. })));
    let long = model.embed(NAME, vec!["x".into(), "x".repeat(2 << 20)], &context()).await;
    let Err(InferenceError::Invalid { message, .. }) = long else { panic!("{long:?}") };
    assert!(message.starts_with("input[1]"), "{message}");
    let cx = context();
    cx.cancel.cancel();
    let cancelled = model.embed(NAME, vec!["x".into()], &cx).await;
    assert!(matches!(cancelled, Err(InferenceError::Cancelled)));
    let none = model.embed(NAME, Vec::new(), &context()).await.expect("nothing");
    assert_eq!((none.vectors.len(), none.tokens), (0, 0));
}

#[tokio::test]
async fn missing_files_are_named_and_the_next_call_tries_again() {
    let config = MpnetConfig { dir: "/nonexistent".into(), ..MpnetConfig::default() };
    let model = Mpnet::new(config).expect("valid");
    for _ in 0..2 {
        let error = model.embed(NAME, vec!["x".into()], &context()).await.expect_err("no files");
        assert!(error.to_string().contains("config.json"), "{error}");
    }
    assert!(matches!(model.health().await, ProviderHealth::Error(_)));
    let error = Mpnet::new(MpnetConfig::default()).err();
    assert!(matches!(error, Some(MpnetError::Config { field: "dir", .. })));
}
