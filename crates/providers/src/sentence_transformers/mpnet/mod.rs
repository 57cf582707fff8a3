//! all-mpnet-base-v2 from the files of sentence-transformers. English only in effect: paraphrases in other languages are
//! found hardly better than by shared words.

mod attention;
mod dense;
mod network;
mod weights;

use std::path::Path;

use ports::embeddings::Embedded;
use ports::inference::InferenceError;
use tokenizers::{Tokenizer, TruncationParams};

use super::config::{EncoderConfig, EncoderError};
use super::encoder::{Encode, internal, pool, unreadable};
use network::{MpnetModel, Shape};

/// What the model was trained on; longer texts are cut here.
const TOKENS_AT_MOST: usize = 384;

pub struct Mpnet {
    tokenizer: Tokenizer,
    model: MpnetModel,
    pool: rayon::ThreadPool,
}

impl Mpnet {
    pub fn load(config: &EncoderConfig) -> Result<Self, EncoderError> {
        let pool = pool(config)?;
        let shape = shape(&config.dir)?;
        let tokenizer = tokenizer(&config.dir)?;
        const WEIGHTS: &str = "model.safetensors";
        let file = read(&config.dir, WEIGHTS)?;
        let model = MpnetModel::load(&shape, &file).map_err(|error| unreadable(WEIGHTS, error))?;
        Ok(Self { tokenizer, model, pool })
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let encoding = self.tokenizer.encode_fast(text, true);
        let encoding = encoding.map_err(|error| internal("the tokenizer", error))?;
        Ok(encoding.get_ids().to_vec())
    }
}

impl Encode for Mpnet {
    fn dimension(&self) -> usize {
        self.model.dimension()
    }

    fn embed(&self, texts: &[String]) -> Result<Embedded, InferenceError> {
        let tokens = texts.iter().map(|text| self.tokens(text)).collect::<Result<Vec<_>, _>>()?;
        let vectors = self.pool.install(|| self.model.embed(&tokens));
        let vectors = vectors.map_err(|error| internal("the embedding model", error))?;
        Ok(Embedded { vectors, tokens: tokens.iter().map(|tokens| tokens.len() as u64).sum() })
    }
}

fn shape(dir: &Path) -> Result<Shape, EncoderError> {
    const FILE: &str = "config.json";
    serde_json::from_slice(&read(dir, FILE)?).map_err(|error| unreadable(FILE, error))
}

/// The published file pads and cuts at 128 tokens, which is not how the model is used.
fn tokenizer(dir: &Path) -> Result<Tokenizer, EncoderError> {
    const FILE: &str = "tokenizer.json";
    let mut tokenizer = Tokenizer::from_bytes(read(dir, FILE)?).map_err(|error| unreadable(FILE, error))?;
    tokenizer.with_padding(None);
    let cut = TruncationParams { max_length: TOKENS_AT_MOST, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(cut)).map_err(|error| unreadable(FILE, error))?;
    Ok(tokenizer)
}

fn read(dir: &Path, file: &'static str) -> Result<Vec<u8>, EncoderError> {
    std::fs::read(dir.join(file)).map_err(|error| unreadable(file, error))
}
