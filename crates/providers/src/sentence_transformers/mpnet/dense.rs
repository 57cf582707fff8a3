//! The two layers with weights that a transformer is made of, over rows that lie one after another.

use rayon::prelude::*;
use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::{Normalize, NormalizeOptions, Sum, SumSquareSub};

use super::weights::{Unusable, Weights};

/// A product with weights that were laid out for it once, and a bias.
pub struct Dense {
    weights: PackedBMatrix<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// Several layers over the same input as one; each is stored as (outputs, inputs).
    pub fn load(
        weights: &Weights<'_>,
        gemm: &GemmExecutor,
        names: &[String],
        outputs: usize,
        inputs: usize,
    ) -> Result<Self, Unusable> {
        let (mut rows, mut bias) = (Vec::new(), Vec::new());
        for name in names {
            rows.extend(weights.get(&format!("{name}.weight"), &[outputs, inputs])?);
            bias.extend(weights.get(&format!("{name}.bias"), &[outputs])?);
        }
        let stored = NdTensorView::from_data([bias.len(), inputs], rows.as_slice());
        Ok(Self { weights: gemm.prepack_b(stored.transposed()), bias })
    }

    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Writes one row of results a row of `input` into `output`, which is made to fit.
    pub fn apply(&self, gemm: &GemmExecutor, input: &[f32], output: &mut Vec<f32>) -> Result<(), Unusable> {
        let inputs = self.weights.rows();
        let rows = input.len() / inputs;
        output.resize(rows * self.outputs(), 0.0);
        let input = NdTensorView::from_data([rows, inputs], input);
        let options = GemmOptions { bias: Some(BiasVector::Row(&self.bias)), ..GemmOptions::default() };
        gemm.gemm(output, GemmInputA::Unpacked(input), GemmInputB::Packed(&self.weights), options)
            .map_err(|error| Unusable(error.to_string()))
    }
}

/// Every row to mean 0 and variance 1, then scaled and moved number by number.
pub struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    pub fn load(weights: &Weights<'_>, name: &str, size: usize, epsilon: f32) -> Result<Self, Unusable> {
        let scale = weights.get(&format!("{name}.weight"), &[size])?;
        Ok(Self { scale, shift: weights.get(&format!("{name}.bias"), &[size])?, epsilon })
    }

    /// `rows` plus `added`, normed.
    pub fn after_adding(&self, rows: &mut [f32], added: &[f32]) {
        let size = self.scale.len();
        rows.par_chunks_mut(size).zip(added.par_chunks(size)).with_min_len(8).for_each(|(row, added)| {
            row.iter_mut().zip(added).for_each(|(value, added)| *value += added);
            self.norm(row);
        });
    }

    pub fn norm(&self, row: &mut [f32]) {
        let count = row.len() as f32;
        let mean = Sum::new(row).dispatch() / count;
        let variance = SumSquareSub::new(row, mean).dispatch() / count;
        let options = NormalizeOptions {
            pre_scale_bias: mean,
            scale: 1.0 / (variance + self.epsilon).sqrt(),
            element_scale: Some(&self.scale),
            element_bias: Some(&self.shift),
            ..NormalizeOptions::default()
        };
        Normalize::new_mut(row, options).dispatch();
    }
}
