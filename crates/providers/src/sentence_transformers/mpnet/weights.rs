//! The published file of weights.

use safetensors::{Dtype, SafeTensors};

/// Why the file is not a model that can be run.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

pub struct Weights<'a>(SafeTensors<'a>);

impl<'a> Weights<'a> {
    pub fn of(file: &'a [u8]) -> Result<Self, Unusable> {
        SafeTensors::deserialize(file).map(Self).map_err(|error| Unusable(error.to_string()))
    }

    /// The numbers of one tensor, last dimension first to change.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Unusable> {
        let tensor = self.0.tensor(name).map_err(|error| Unusable(format!("{name}: {error}")))?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            return Err(Unusable(format!(
                "{name} is {:?} of {:?}, not {shape:?} of F32",
                tensor.shape(),
                tensor.dtype()
            )));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}
