//! The networks, on what this build has: `rten`, or ONNX Runtime where its library is named.

#[cfg(feature = "ort")]
mod in_library;
mod in_rust;

use std::path::Path;
use std::sync::Arc;

use image::RgbImage;
use rten::ThreadPool;

use crate::error::OcrError;
use in_rust::Rten;

/// `[images, 3, height, width]`
pub type Shape = [usize; 4];
/// Shape and values of a result, or why there is none.
type Outcome = Result<(Vec<usize>, Vec<f32>), String>;

/// A network with one image batch in and one tensor out.
pub enum Net {
    Rten(Box<Rten>),
    #[cfg(feature = "ort")]
    OnnxRuntime(in_library::OnnxRuntime),
}

/// The cores that the networks of a reader share.
pub struct Cores {
    pool: Arc<ThreadPool>,
    #[cfg(feature = "ort")]
    count: usize,
}

pub fn cores(count: usize) -> Cores {
    let count = count.clamp(1, 32);
    Cores {
        pool: Arc::new(ThreadPool::with_num_threads(count)),
        #[cfg(feature = "ort")]
        count,
    }
}

impl Net {
    /// From the content of the file at `path`.
    pub fn load(path: &Path, file: Vec<u8>, cores: &Cores) -> Result<Self, OcrError> {
        let unusable = |reason: String| OcrError::Model { path: path.to_owned(), reason };
        #[cfg(feature = "ort")]
        if let Some(library) = in_library::library() {
            let net = in_library::OnnxRuntime::load(&library, &file, cores.count);
            return net.map(Self::OnnxRuntime).map_err(unusable);
        }
        Rten::load(file, &cores.pool).map(|net| Self::Rten(Box::new(net))).map_err(unusable)
    }

    /// The same network with another file's content; `None` if that is no network.
    pub fn replaced(&self, file: Vec<u8>) -> Option<Self> {
        match self {
            Self::Rten(net) => net.replaced(file).map(|net| Self::Rten(Box::new(net))),
            #[cfg(feature = "ort")]
            Self::OnnxRuntime(net) => net.replaced(&file).map(Self::OnnxRuntime),
        }
    }

    pub fn metadata(&self, key: &str) -> Option<String> {
        match self {
            Self::Rten(net) => net.metadata(key),
            #[cfg(feature = "ort")]
            Self::OnnxRuntime(net) => net.metadata(key),
        }
    }

    /// Runs a batch; gives the shape and values of the result.
    pub fn run(&self, shape: Shape, values: Vec<f32>) -> Result<(Vec<usize>, Vec<f32>), OcrError> {
        let outcome = match self {
            Self::Rten(net) => net.run(shape, values),
            #[cfg(feature = "ort")]
            Self::OnnxRuntime(net) => net.run(shape, values),
        };
        outcome.map_err(OcrError::Inference)
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
