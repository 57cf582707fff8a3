//! The network: vectors of pieces, three convolutions over their neighbours, a sum, four dense layers.

use std::path::Path;

use candle_core::npy::NpzTensors;
use candle_core::{D, DType, Device, Error, Result, Tensor};
use candle_nn::ops::layer_norm;

/// The vectors of pieces are stored in so many blocks, each with its own scale; piece n is in block n mod 17.
const BLOCKS: usize = 17;
pub const DIMENSION: usize = 512;
const CHANNELS: usize = 256;
/// Pieces that a convolution sees, and how many of them lie to the left.
const WINDOWS: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];
/// Empty rows between texts, as far as the widest window reaches: no text sees another.
const GAP: usize = 2;

struct Convolution {
    window: (usize, usize),
    layers: [(Tensor, Tensor); 2],
}

pub struct Network {
    /// One byte a number, row after row.
    blocks: Vec<Vec<u8>>,
    scale: Vec<f32>,
    lowest: Vec<f32>,
    project: (Tensor, Tensor),
    project_norm: (Tensor, Tensor),
    convolutions: Vec<Convolution>,
    norm: (Tensor, Tensor),
    sum: (Tensor, Tensor),
    dense: [Tensor; 4],
    across: [Tensor; 2],
    epsilon: f32,
}

impl Network {
    pub fn load(file: &Path) -> Result<Self> {
        let stored = NpzTensors::new(file)?;
        let any = |name: &str| stored.get(name)?.ok_or_else(|| Error::Msg(format!("it has no {name}")));
        let get = |name: &str, shape: &[usize]| -> Result<Tensor> {
            let tensor = any(name)?.to_dtype(DType::F32)?;
            match tensor.dims() == shape {
                true => Ok(tensor),
                false => Err(Error::Msg(format!("{name} is {:?}, not {shape:?}", tensor.dims()))),
            }
        };
        let joined = |name: &str, shape: &[usize]| -> Result<Tensor> {
            let parts = WINDOWS.map(|(size, _)| get(&format!("{name}{size}"), shape));
            Tensor::cat(&parts.into_iter().collect::<Result<Vec<_>>>()?, D::Minus1)
        };
        let block = |number: usize| any(&format!("q{number}"))?.flatten_all()?.to_vec1::<u8>();
        let convolution = |window: (usize, usize)| -> Result<Convolution> {
            let layer = |number: usize| -> Result<(Tensor, Tensor)> {
                let name = |part: char| format!("{part}{number}_{}", window.0);
                Ok((get(&name('w'), &[window.0 * CHANNELS, CHANNELS])?, get(&name('b'), &[CHANNELS])?))
            };
            Ok(Convolution { window, layers: [layer(1)?, layer(2)?] })
        };
        let wide = DIMENSION + WINDOWS.len() * CHANNELS;
        Ok(Self {
            blocks: (1..=BLOCKS).map(block).collect::<Result<_>>()?,
            scale: get("scale", &[BLOCKS])?.to_vec1()?,
            lowest: get("lo", &[BLOCKS])?.to_vec1()?,
            project: (joined("proj", &[DIMENSION, CHANNELS])?, joined("proj_b", &[CHANNELS])?),
            project_norm: (joined("ln_g", &[CHANNELS])?, joined("ln_b", &[CHANNELS])?),
            convolutions: WINDOWS.into_iter().map(convolution).collect::<Result<_>>()?,
            norm: (get("ln_g", &[wide])?, get("ln_b", &[wide])?),
            sum: (get("cnn_W", &[wide, DIMENSION])?, get("cnn_b", &[DIMENSION])?),
            dense: [get("d0", &[512, 320])?, get("d1", &[320, 320])?, get("d2", &[320, 512])?, get("d3", &[512, 512])?],
            across: [get("p1", &[512, 320])?, get("p3", &[320, 512])?],
            epsilon: get("eps", &[])?.to_scalar()?,
        })
    }

    /// Pieces that have a vector.
    pub fn rows(&self) -> usize {
        self.blocks.iter().map(|block| block.len() / DIMENSION).sum()
    }

    /// One vector of unit length a text.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let rows = texts.iter().map(|ids| ids.len() + GAP).sum::<usize>() + GAP;
        let mut words = vec![0.0; rows * DIMENSION];
        let (mut of_text, mut real) = (vec![0.0_f32; texts.len() * rows], vec![0.0_f32; rows]);
        let mut at = GAP;
        for (text, ids) in texts.iter().enumerate() {
            for id in ids {
                self.put(*id as usize, &mut words[at * DIMENSION..][..DIMENSION])?;
                of_text[text * rows + at] = 1.0;
                real[at] = 1.0;
                at += 1;
            }
            at += GAP;
        }
        let words = Tensor::from_vec(words, (rows, DIMENSION), &Device::Cpu)?;
        let of_text = Tensor::from_vec(of_text, (texts.len(), rows), &Device::Cpu)?;
        let real = Tensor::from_vec(real, (rows, 1), &Device::Cpu)?;
        let seen = self.seen(&words, &real)?;
        let lengths: Vec<f32> = texts.iter().map(|ids| ids.len() as f32).collect();
        let lengths = Tensor::from_vec(lengths, (texts.len(), 1), &Device::Cpu)?;
        // The sum comes before the projection, which is linear: that is one row a text instead of one a piece.
        let sum =
            (of_text.matmul(&seen)?.matmul(&self.sum.0)? + lengths.broadcast_matmul(&self.sum.1.unsqueeze(0)?)?)?;
        let mean = sum.broadcast_div(&lengths.sqrt()?)?;
        self.judged(&mean)?.to_vec2()
    }

    fn put(&self, id: usize, row: &mut [f32]) -> Result<()> {
        let (block, place) = (id % BLOCKS, id / BLOCKS * DIMENSION);
        let stored = self.blocks[block].get(place..place + DIMENSION);
        let stored = stored.ok_or_else(|| Error::Msg(format!("piece {id} has no vector")))?;
        let (scale, lowest) = (self.scale[block], self.lowest[block]);
        row.iter_mut().zip(stored).for_each(|(to, from)| *to = f32::from(*from) * scale + lowest);
        Ok(())
    }

    /// Each piece among its neighbours, (rows, 1280); rows that are not `real` are empty.
    fn seen(&self, words: &Tensor, real: &Tensor) -> Result<Tensor> {
        let projected = words.matmul(&self.project.0)?.broadcast_add(&self.project.1)?;
        let projected = layer_norm(&projected, &self.project_norm.0, &self.project_norm.1, self.epsilon)?;
        let mut parts = vec![words.clone()];
        for (branch, convolution) in self.convolutions.iter().enumerate() {
            let mut part = projected.narrow(1, branch * CHANNELS, CHANNELS)?.broadcast_mul(real)?;
            for layer in &convolution.layers {
                let near = neighbours(&part, convolution.window)?;
                let found = near.matmul(&layer.0)?.broadcast_add(&layer.1)?.relu()?;
                part = (found + part)?.broadcast_mul(real)?;
            }
            parts.push(part);
        }
        let parts = Tensor::cat(&parts, 1)?;
        layer_norm(&parts, &self.norm.0, &self.norm.1, self.epsilon)?.broadcast_mul(real)
    }

    fn judged(&self, mean: &Tensor) -> Result<Tensor> {
        let [first, second, third, fourth] = &self.dense;
        let narrow = mean.matmul(first)?.relu()?;
        let narrow = (mean.matmul(&self.across[0])? + narrow.matmul(second)?)?.relu()?;
        let wide = narrow.matmul(third)?.relu()?;
        let last = (narrow.matmul(&self.across[1])? + wide.matmul(fourth)?)?.tanh()?;
        let length = last.sqr()?.sum_keepdim(1)?.maximum(self.epsilon)?.sqrt()?;
        last.broadcast_div(&length)
    }
}

/// Each row with those around it, side by side.
fn neighbours(rows: &Tensor, (size, left): (usize, usize)) -> Result<Tensor> {
    let count = rows.dim(0)?;
    let wide = rows.pad_with_zeros(0, left, size - 1 - left)?;
    let shifted = (0..size).map(|step| wide.narrow(0, step, count)).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&shifted, 1)
}
