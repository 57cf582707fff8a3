//! The MPNet encoder: a BERT-like transformer whose attention adds one learned bias for each distance between words,
//! the same in every layer.

use candle_core::{D, DType, Device, IndexOp, Module, Result, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, VarBuilder, embedding, layer_norm, linear};
use serde::Deserialize;

/// Positions count from here; the padding token's id is also the position of padding.
const FIRST_POSITION: u32 = 2;
/// Distances from here on share the last bucket.
const FARTHEST: f32 = 128.0;
/// Added to the attention towards padding: its weight becomes zero.
const NEVER: f64 = -1e9;

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
    pub layer_norm_eps: f64,
    pub pad_token_id: u32,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention: Linear,
    attention_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
}

impl Layer {
    fn load(shape: &Shape, weights: &VarBuilder<'_>) -> Result<Self> {
        let (hidden, wide, eps) = (shape.hidden_size, shape.intermediate_size, shape.layer_norm_eps);
        let attention = weights.pp("attention");
        Ok(Self {
            query: linear(hidden, hidden, attention.pp("attn.q"))?,
            key: linear(hidden, hidden, attention.pp("attn.k"))?,
            value: linear(hidden, hidden, attention.pp("attn.v"))?,
            attention: linear(hidden, hidden, attention.pp("attn.o"))?,
            attention_norm: layer_norm(hidden, eps, attention.pp("LayerNorm"))?,
            widen: linear(hidden, wide, weights.pp("intermediate.dense"))?,
            narrow: linear(wide, hidden, weights.pp("output.dense"))?,
            norm: layer_norm(hidden, eps, weights.pp("output.LayerNorm"))?,
        })
    }

    /// `input` is (texts, tokens, hidden); `bias` is (texts or 1, heads, tokens, tokens).
    fn forward(&self, input: &Tensor, bias: &Tensor, heads: usize) -> Result<Tensor> {
        let (texts, tokens, hidden) = input.dims3()?;
        let size = hidden / heads;
        let split = |part: Tensor| part.reshape((texts, tokens, heads, size))?.transpose(1, 2)?.contiguous();
        let query = (split(self.query.forward(input)?)? * (1.0 / (size as f64).sqrt()))?;
        let key = split(self.key.forward(input)?)?;
        let value = split(self.value.forward(input)?)?;
        let weights = query.matmul(&key.t()?)?.broadcast_add(bias)?;
        let weights = candle_nn::ops::softmax_last_dim(&weights)?;
        let mixed = weights.matmul(&value)?.transpose(1, 2)?.contiguous()?.reshape((texts, tokens, hidden))?;
        let attended = self.attention_norm.forward(&(self.attention.forward(&mixed)? + input)?)?;
        let wide = self.widen.forward(&attended)?.gelu_erf()?;
        self.norm.forward(&(self.narrow.forward(&wide)? + attended)?)
    }
}

pub struct MpnetModel {
    shape: Shape,
    words: Embedding,
    positions: Embedding,
    norm: LayerNorm,
    /// One row for each bucket of distances, one column for each head.
    distances: Tensor,
    layers: Vec<Layer>,
}

impl MpnetModel {
    pub fn load(shape: Shape, weights: &VarBuilder<'_>) -> Result<Self> {
        let hidden = shape.hidden_size;
        if shape.num_attention_heads == 0 || !hidden.is_multiple_of(shape.num_attention_heads) {
            candle_core::bail!("{hidden} dimensions cannot be shared by {} heads", shape.num_attention_heads);
        }
        let (embeddings, encoder) = (weights.pp("embeddings"), weights.pp("encoder"));
        let distances = encoder
            .get((shape.relative_attention_num_buckets, shape.num_attention_heads), "relative_attention_bias.weight")?;
        let layer = |index: usize| Layer::load(&shape, &encoder.pp(format!("layer.{index}")));
        Ok(Self {
            words: embedding(shape.vocab_size, hidden, embeddings.pp("word_embeddings"))?,
            positions: embedding(shape.max_position_embeddings, hidden, embeddings.pp("position_embeddings"))?,
            norm: layer_norm(hidden, shape.layer_norm_eps, embeddings.pp("LayerNorm"))?,
            layers: (0..shape.num_hidden_layers).map(layer).collect::<Result<_>>()?,
            distances,
            shape,
        })
    }

    pub fn dimension(&self) -> usize {
        self.shape.hidden_size
    }

    /// One unit-length vector for each text: the mean over its tokens.
    pub fn embed(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let longest = texts.iter().map(|tokens| tokens.len()).max().unwrap_or(0);
        if longest == 0 {
            candle_core::bail!("a text has no tokens");
        }
        let (size, device) = ((texts.len(), longest), Device::Cpu);
        let padded = |value: fn(usize, u32) -> u32, padding: u32| -> Result<Tensor> {
            let row = |tokens: &&[u32]| {
                let kept: Vec<u32> = tokens.iter().enumerate().map(|(at, token)| value(at, *token)).collect();
                kept.into_iter().chain(std::iter::repeat_n(padding, longest - tokens.len())).collect::<Vec<u32>>()
            };
            Tensor::from_vec(texts.iter().flat_map(row).collect::<Vec<u32>>(), size, &device)
        };
        let ids = padded(|_, token| token, self.shape.pad_token_id)?;
        let positions = padded(|at, _| at as u32 + FIRST_POSITION, self.shape.pad_token_id)?;
        let mask = padded(|_, _| 1, 0)?.to_dtype(DType::F32)?;
        let states = self.encode(&ids, &positions, &mask)?;
        let weights = mask.unsqueeze(2)?;
        let mean = states.broadcast_mul(&weights)?.sum(1)?.broadcast_div(&weights.sum(1)?)?;
        let unit = mean.broadcast_div(&mean.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?)?;
        (0..texts.len()).map(|text| unit.i(text)?.to_vec1()).collect()
    }

    fn encode(&self, ids: &Tensor, positions: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let sum = (self.words.forward(ids)? + self.positions.forward(positions)?)?;
        let mut states = self.norm.forward(&sum)?;
        let padding = ((1.0 - mask)? * NEVER)?.unsqueeze(1)?.unsqueeze(1)?;
        let bias = self.distance_bias(ids.dim(1)?)?.broadcast_add(&padding)?;
        for layer in &self.layers {
            states = layer.forward(&states, &bias, self.shape.num_attention_heads)?;
        }
        Ok(states)
    }

    /// (1, heads, tokens, tokens)
    fn distance_bias(&self, tokens: usize) -> Result<Tensor> {
        let buckets = self.shape.relative_attention_num_buckets;
        let pairs = (0..tokens).flat_map(|from| (0..tokens).map(move |to| bucket(to as i64 - from as i64, buckets)));
        let rows = Tensor::from_iter(pairs, &Device::Cpu)?;
        let bias = self.distances.index_select(&rows, 0)?;
        bias.reshape((tokens, tokens, ()))?.permute((2, 0, 1))?.contiguous()?.unsqueeze(0)
    }
}

/// Half of the buckets look back, half ahead; near distances have one each, far ones share, ever more of them.
fn bucket(distance: i64, buckets: usize) -> u32 {
    let half = (buckets / 2) as u32;
    let near = half / 2;
    let ahead = if distance > 0 { half } else { 0 };
    let steps = distance.unsigned_abs() as u32;
    if steps < near {
        return ahead + steps;
    }
    let scaled = (steps as f32 / near as f32).ln() / (FARTHEST / near as f32).ln();
    ahead + (near + (scaled * (half - near) as f32) as u32).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn distances_fall_into_buckets_by_table() {
        let cases = [(0, 0), (-1, 1), (1, 17), (-7, 7), (7, 23), (-8, 8), (8, 24), (-16, 10), (-127, 15), (127, 31)];
        for (distance, expected) in cases {
            assert_eq!(bucket(distance, 32), expected, "{distance}");
        }
        assert_eq!((bucket(-5000, 32), bucket(5000, 32)), (15, 31));
    }
}
