//! Networks on `rten`: nothing but Rust.

use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::{Outcome, Shape};

pub struct Rten {
    model: Model,
    pool: Arc<ThreadPool>,
}

impl Rten {
    pub fn load(file: Vec<u8>, pool: &Arc<ThreadPool>) -> Result<Self, String> {
        let model = Model::load(file).map_err(|error| error.to_string())?;
        Ok(Self { model, pool: Arc::clone(pool) })
    }

    pub fn replaced(&self, file: Vec<u8>) -> Option<Self> {
        let model = Model::load(file).ok()?;
        Some(Self { model, pool: Arc::clone(&self.pool) })
    }

    pub fn metadata(&self, key: &str) -> Option<String> {
        self.model.metadata().get(key).map(str::to_owned)
    }

    pub fn run(&self, shape: Shape, values: Vec<f32>) -> Outcome {
        let input = NdTensor::from_data(shape, values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let output = self.model.run_one(input.view().into(), Some(options)).map_err(|error| error.to_string())?;
        let output: Tensor<f32> = output.try_into().map_err(|_| "the result is not of floats")?;
        Ok((output.shape().to_vec(), output.to_vec()))
    }
}
