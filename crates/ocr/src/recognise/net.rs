use std::path::Path;
use std::sync::Arc;

use image::RgbImage;
use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use crate::error::OcrError;

/// A network with one image batch in and one tensor out.
pub struct Net {
    model: Model,
    pool: Arc<ThreadPool>,
}

pub fn pool(threads: usize) -> Arc<ThreadPool> {
    Arc::new(ThreadPool::with_num_threads(threads.clamp(1, 32)))
}

impl Net {
    pub fn load(path: &Path, pool: &Arc<ThreadPool>) -> Result<Self, OcrError> {
        let model = Model::load_file(path)
            .map_err(|error| OcrError::Model { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Self { model, pool: Arc::clone(pool) })
    }

    /// The same network with another file's content; `None` if that is no network.
    pub fn replaced(&self, file: Vec<u8>) -> Option<Self> {
        let model = Model::load(file).ok()?;
        Some(Self { model, pool: Arc::clone(&self.pool) })
    }

    pub fn metadata(&self, key: &str) -> Option<String> {
        self.model.metadata().get(key).map(str::to_owned)
    }

    /// Runs a batch of shape `[images, 3, height, width]`; gives the shape and values of the result.
    pub fn run(&self, shape: [usize; 4], values: Vec<f32>) -> Result<(Vec<usize>, Vec<f32>), OcrError> {
        let failed = |error: String| OcrError::Inference(error);
        let input = NdTensor::from_data(shape, values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let output =
            self.model.run_one(input.view().into(), Some(options)).map_err(|error| failed(error.to_string()))?;
        let output: Tensor<f32> = output.try_into().map_err(|_| failed("the result is not of floats".to_owned()))?;
        Ok((output.shape().to_vec(), output.to_vec()))
    }
}

/// Appends an image as planes blue, green, red scaled to -1..1, rows padded with zeros to `width`.
pub fn append(image: &RgbImage, width: u32, values: &mut Vec<f32>) {
    let (w, h) = (image.width() as usize, image.height() as usize);
    let stride = width as usize;
    let start = values.len();
    values.resize(start + 3 * stride * h, 0.0);
    let raw = image.as_raw();
    for plane in 0..3 {
        let channel = 2 - plane;
        for y in 0..h {
            let row = start + (plane * h + y) * stride;
            let pixels = raw[y * w * 3..(y + 1) * w * 3].chunks_exact(3);
            for (value, pixel) in values[row..row + w].iter_mut().zip(pixels) {
                *value = f32::from(pixel[channel]) / 127.5 - 1.0;
            }
        }
    }
}
