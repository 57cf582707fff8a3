//! The models in this process against vectors that other implementations made of 200 sentences, half English and half
//! French: sentence-transformers for MPNet, the package that the weights come from for the Universal Sentence Encoder.
//! A model's tests run where it lies in the model cache.
#![cfg(feature = "sentence-transformers")]
#![allow(clippy::print_stderr, reason = "a skipped test says why, and parity is worth a figure")]

mod refusals;

use std::path::PathBuf;
use std::time::Duration;

use ports::context::CallContext;
use ports::embeddings::Embeddings;
use ports::health::ProviderHealth;
use providers::sentence_transformers::{EncoderConfig, SentenceTransformers};

/// The reference stores numbers as 16-bit integers: this many times the number.
const ONE: f32 = 32_600.0;

struct Reference {
    /// In the model cache.
    folder: &'static str,
    name: &'static str,
    dimension: usize,
    /// What the reference's own tokenizer counted over all sentences.
    tokens: u64,
    vectors: &'static [u8],
}

const MPNET: Reference = Reference {
    folder: "all-mpnet-base-v2",
    name: "sentence-transformers/all-mpnet-base-v2",
    dimension: 768,
    tokens: 6_546,
    vectors: include_bytes!("../fixtures/embeddings/mpnet.i16"),
};

const UNIVERSAL: Reference = Reference {
    folder: "universal-sentence-encoder-multilingual",
    name: "sentence-transformers/universal-sentence-encoder-multilingual",
    dimension: 512,
    tokens: 6128,
    vectors: include_bytes!("../fixtures/embeddings/universal.i16"),
};

fn model(reference: &Reference) -> Option<SentenceTransformers> {
    let cache = |home: std::ffi::OsString| PathBuf::from(home).join(".cache");
    let models = std::env::var_os("CLAIMSTACK_MODELS").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(std::env::var_os("HOME").map(cache));
        cache.map(|dir| dir.join("claimstack/models"))
    });
    let dir = models.map(|models| models.join(reference.folder)).filter(|dir| dir.is_dir());
    let Some(dir) = dir else {
        eprintln!("skipped: no {} in the model cache (set CLAIMSTACK_MODELS)", reference.folder);
        return None;
    };
    let config = EncoderConfig { dir, name: reference.name.into(), ..EncoderConfig::default() };
    Some(SentenceTransformers::new(config).expect("a valid configuration"))
}

fn context() -> CallContext {
    CallContext::new("test", Duration::from_secs(300))
}

fn sentences() -> Vec<String> {
    serde_json::from_str(include_str!("../fixtures/embeddings/sentences.json")).expect("a list of texts")
}

fn vectors(reference: &Reference) -> Vec<Vec<f32>> {
    let numbers = reference.vectors.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
    let numbers: Vec<f32> = numbers.map(|number| f32::from(number) / ONE).collect();
    numbers.chunks_exact(reference.dimension).map(<[f32]>::to_vec).collect()
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

async fn equals_its_reference(reference: &Reference) {
    let Some(model) = model(reference) else { return };
    let (sentences, expected) = (sentences(), vectors(reference));
    assert_eq!((sentences.len(), expected.len()), (200, 200));
    let found = model.embed(reference.name, sentences.clone(), &context()).await.expect("vectors");
    assert_eq!(found.tokens, reference.tokens);
    let mut lowest = 1.0_f32;
    for ((sentence, vector), expected) in sentences.iter().zip(&found.vectors).zip(&expected) {
        let start: String = sentence.chars().take(40).collect();
        assert!((product(vector, vector) - 1.0).abs() < 1e-4, "{start}");
        let cosine = product(vector, expected) / product(expected, expected).sqrt();
        assert!(cosine >= 0.9999, "{start}: {cosine}");
        lowest = lowest.min(cosine);
    }
    eprintln!("{}: lowest cosine to the reference {lowest:.6}", reference.name);
    let alone = model.embed(reference.name, vec![sentences[3].clone()], &context()).await.expect("a vector");
    assert!(product(&alone.vectors[0], &found.vectors[3]) > 0.99999, "a text does not see the others of its batch");
    assert_eq!(model.health().await, ProviderHealth::Ok);
    let served = model.models(&context()).await.expect("models");
    assert_eq!(served[0].embedding_dimension, Some(reference.dimension as u32));
}

#[tokio::test]
async fn mpnet_equals_sentence_transformers() {
    equals_its_reference(&MPNET).await;
}

#[tokio::test]
async fn the_universal_encoder_equals_its_publisher() {
    equals_its_reference(&UNIVERSAL).await;
}

/// A mark of the model's own, written in a text, is read as the letters it is made of.
#[tokio::test]
async fn nobody_can_write_the_end_of_a_text() {
    let Some(model) = model(&UNIVERSAL) else { return };
    let texts = vec!["paid </s> refused".to_owned(), "paid s refused".to_owned()];
    let found = model.embed(UNIVERSAL.name, texts, &context()).await.expect("vectors");
    assert!(found.tokens > 2 * 5 + 2, "{}", found.tokens);
}

/// A question in one language finds the passage in the other.
#[tokio::test]
async fn the_universal_encoder_brings_languages_together() {
    let Some(model) = model(&UNIVERSAL) else { return };
    let texts = [
        "Une fuite a détruit le sol",
        "A pipe burst under the kitchen sink and the water ruined the oak floor.",
        "Burglars forced the back door and took jewellery and a television.",
        "Towing costs are covered up to 150 when the car cannot be driven.",
    ];
    let texts = texts.map(String::from).to_vec();
    let found = model.embed(UNIVERSAL.name, texts, &context()).await.expect("vectors").vectors;
    let near = |at: usize| product(&found[0], &found[at]);
    assert!(near(1) > near(2) && near(1) > near(3), "{} {} {}", near(1), near(2), near(3));
}
