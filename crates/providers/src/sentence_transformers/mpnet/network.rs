//! The MPNet encoder: a BERT-like transformer whose attention adds one learned bias for each distance between words,
//! the same in every layer.
//!
//! The tokens of all texts of a batch lie one after another, one row of numbers each: nothing is padded, and only
//! attention minds where a text ends.

use std::ops::Range;

use rayon::prelude::*;
use rten_gemm::GemmExecutor;
use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;
use serde::Deserialize;

use super::attention::{Distances, attend};
use super::dense::{Dense, Norm};
use super::weights::{Unusable, Weights};

/// Positions count from here.
const FIRST_POSITION: usize = 2;
/// Numbers that a thread takes at once where each is changed by itself.
const SHARE: usize = 16 * 1024;

/// The part of the model's `config.json` that shapes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Shape {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub max_position_embeddings: usize,
    pub relative_attention_num_buckets: usize,
    pub layer_norm_eps: f32,
}

struct Layer {
    /// Query, key and value side by side.
    asked: Dense,
    attention: Dense,
    attention_norm: Norm,
    widen: Dense,
    narrow: Dense,
    norm: Norm,
}

/// Room for what a layer works with, kept from layer to layer.
#[derive(Default)]
struct Bench {
    asked: Vec<f32>,
    mixed: Vec<f32>,
    wide: Vec<f32>,
    added: Vec<f32>,
}

impl Layer {
    fn load(shape: &Shape, weights: &Weights<'_>, gemm: &GemmExecutor, number: usize) -> Result<Self, Unusable> {
        let (hidden, wide) = (shape.hidden_size, shape.intermediate_size);
        let within = |part: &str| format!("encoder.layer.{number}.{part}");
        let dense = |parts: &[&str], outputs, inputs| {
            let names: Vec<String> = parts.iter().map(|part| within(part)).collect();
            Dense::load(weights, gemm, &names, outputs, inputs)
        };
        let norm = |part: &str| Norm::load(weights, &within(part), hidden, shape.layer_norm_eps);
        Ok(Self {
            asked: dense(&["attention.attn.q", "attention.attn.k", "attention.attn.v"], hidden, hidden)?,
            attention: dense(&["attention.attn.o"], hidden, hidden)?,
            attention_norm: norm("attention.LayerNorm")?,
            widen: dense(&["intermediate.dense"], wide, hidden)?,
            narrow: dense(&["output.dense"], hidden, wide)?,
            norm: norm("output.LayerNorm")?,
        })
    }

    fn forward(
        &self,
        gemm: &GemmExecutor,
        states: &mut [f32],
        texts: &[Range<usize>],
        distances: &Distances,
        bench: &mut Bench,
    ) -> Result<(), Unusable> {
        self.asked.apply(gemm, states, &mut bench.asked)?;
        attend(&bench.asked, texts, distances, &mut bench.mixed)?;
        self.attention.apply(gemm, &bench.mixed, &mut bench.added)?;
        self.attention_norm.after_adding(states, &bench.added);
        self.widen.apply(gemm, states, &mut bench.wide)?;
        bench.wide.par_chunks_mut(SHARE).for_each(|share| Gelu {}.map_mut(share));
        self.narrow.apply(gemm, &bench.wide, &mut bench.added)?;
        self.norm.after_adding(states, &bench.added);
        Ok(())
    }
}

pub struct MpnetModel {
    hidden: usize,
    heads: usize,
    words: Vec<f32>,
    positions: Vec<f32>,
    norm: Norm,
    /// A row for each bucket of distances, a column for each head.
    buckets: Vec<f32>,
    layers: Vec<Layer>,
}

impl MpnetModel {
    pub fn load(shape: &Shape, file: &[u8]) -> Result<Self, Unusable> {
        let (hidden, heads) = (shape.hidden_size, shape.num_attention_heads);
        if heads == 0 || !hidden.is_multiple_of(heads) {
            return Err(Unusable(format!("{hidden} dimensions cannot be shared by {heads} heads")));
        }
        let (weights, gemm) = (Weights::of(file)?, GemmExecutor::new());
        let layer = |number| Layer::load(shape, &weights, &gemm, number);
        Ok(Self {
            words: weights.get("embeddings.word_embeddings.weight", &[shape.vocab_size, hidden])?,
            positions: weights
                .get("embeddings.position_embeddings.weight", &[shape.max_position_embeddings, hidden])?,
            norm: Norm::load(&weights, "embeddings.LayerNorm", hidden, shape.layer_norm_eps)?,
            buckets: weights
                .get("encoder.relative_attention_bias.weight", &[shape.relative_attention_num_buckets, heads])?,
            layers: (0..shape.num_hidden_layers).map(layer).collect::<Result<_, _>>()?,
            hidden,
            heads,
        })
    }

    pub fn dimension(&self) -> usize {
        self.hidden
    }

    /// One unit-length vector for each text: the mean over its tokens.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, Unusable> {
        let mut states = Vec::with_capacity(texts.iter().map(Vec::len).sum::<usize>() * self.hidden);
        let mut spans = Vec::with_capacity(texts.len());
        for tokens in texts {
            let start = states.len() / self.hidden;
            for (place, token) in tokens.iter().enumerate() {
                self.begin(place, *token, &mut states)?;
            }
            spans.push(start..start + tokens.len());
        }
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let distances = Distances::new(&self.buckets, self.heads, longest);
        // Made for each batch: it finds out what the processor has, which takes no time, and cannot be shared by threads.
        let gemm = GemmExecutor::new();
        let mut bench = Bench::default();
        for layer in &self.layers {
            layer.forward(&gemm, &mut states, &spans, &distances, &mut bench)?;
        }
        Ok(spans.into_iter().map(|span| self.mean(&states[span.start * self.hidden..span.end * self.hidden])).collect())
    }

    /// Appends the row that a token starts with.
    fn begin(&self, place: usize, token: u32, states: &mut Vec<f32>) -> Result<(), Unusable> {
        let row = |table: &'_ [f32], number: usize| {
            let start = number * self.hidden;
            table.get(start..start + self.hidden).map(<[f32]>::to_vec)
        };
        let (Some(mut word), Some(position)) =
            (row(&self.words, token as usize), row(&self.positions, place + FIRST_POSITION))
        else {
            return Err(Unusable(format!("token {token} in place {place} has no row")));
        };
        word.iter_mut().zip(position).for_each(|(value, added)| *value += added);
        self.norm.norm(&mut word);
        states.extend(word);
        Ok(())
    }

    fn mean(&self, rows: &[f32]) -> Vec<f32> {
        let mut sum = vec![0.0_f32; self.hidden];
        for row in rows.chunks_exact(self.hidden) {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        sum.iter_mut().for_each(|value| *value /= length);
        sum
    }
}
