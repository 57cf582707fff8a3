//! Texts to numbers of pieces, as SentencePiece's unigram model cuts them.

use std::path::Path;

use prost::Message;
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::replace::{Replace, ReplacePattern};
use tokenizers::normalizers::{Precompiled, Sequence, Strip};
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::{NormalizerWrapper, Tokenizer};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const UNKNOWN: u32 = 0;
const BEGIN: u32 = 1;
const END: u32 = 2;
/// Longer texts are cut here; their sum would say little anyway.
pub const TOKENS_AT_MOST: usize = 2_048;

/// The parts of `sentencepiece_model.proto` that are read here.
#[derive(Clone, PartialEq, Message)]
struct PieceModel {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<Piece>,
    #[prost(message, optional, tag = "3")]
    normaliser: Option<Normaliser>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(float, tag = "2")]
    score: f32,
    /// 1 where nothing is said: an ordinary piece.
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Normaliser {
    #[prost(bytes = "vec", tag = "2")]
    charsmap: Vec<u8>,
}

pub struct Pieces {
    tokenizer: Tokenizer,
    count: usize,
}

impl Pieces {
    pub fn load(file: &Path) -> Result<Self, Failure> {
        let model = PieceModel::decode(std::fs::read(file)?.as_slice())?;
        let charsmap = model.normaliser.ok_or("it has no normaliser")?.charsmap;
        let count = model.pieces.len();
        if count <= END as usize {
            return Err("it has no pieces".into());
        }
        let tokenizer = tokenizer(model.pieces, &charsmap)?;
        Ok(Self { tokenizer, count })
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// Between the marks of begin and end.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, Failure> {
        let encoding = self.tokenizer.encode_fast(text, false)?;
        let mut ids = vec![BEGIN];
        ids.extend(encoding.get_ids().iter().take(TOKENS_AT_MOST));
        if ids.len() == 1 {
            ids.push(UNKNOWN);
        }
        ids.push(END);
        Ok(ids)
    }
}

fn tokenizer(pieces: Vec<Piece>, charsmap: &[u8]) -> Result<Tokenizer, Failure> {
    let vocabulary = pieces.into_iter().map(|piece| match piece.kind {
        None | Some(1) => (piece.text, f64::from(piece.score)),
        // Marks such as `</s>` are no text: with a space, which no cut text has, nobody can write one.
        Some(_) => (format!("{} ", piece.text), f64::from(piece.score)),
    });
    let unigram = Unigram::from(vocabulary.collect(), Some(UNKNOWN as usize), false)?;
    let spaces = ReplacePattern::Regex(" {2,}".into());
    let steps: Vec<NormalizerWrapper> = vec![
        Precompiled::from(charsmap).map_err(|reason| reason.to_string())?.into(),
        Replace::new(spaces, " ")?.into(),
        Strip::new(true, true).into(),
    ];
    let mut tokenizer = Tokenizer::new(unigram);
    tokenizer.with_normalizer(Some(Sequence::new(steps)))?;
    tokenizer.with_pre_tokenizer(Some(Metaspace::new('▁', PrependScheme::Always, true)));
    Ok(tokenizer)
}
