//! Networks on ONNX Runtime, a shared library that `ORT_DYLIB_PATH` names: the same letters for less processor time.

use std::ffi::OsString;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;

use super::{Outcome, Shape};

pub struct OnnxRuntime {
    session: Mutex<Session>,
    threads: usize,
}

/// The library of this process; loaded once.
fn environment(library: &OsString) -> Result<&'static Environment, String> {
    static LOADED: OnceLock<Result<Environment, String>> = OnceLock::new();
    let load = || -> Result<Environment, String> {
        let builder = ort::init_from(library).map_err(|error| error.to_string())?;
        builder.build().map_err(|error| error.to_string())
    };
    LOADED.get_or_init(load).as_ref().map_err(|reason| format!("ORT_DYLIB_PATH: {reason}"))
}

/// Where the library is, if somebody has said so.
pub fn library() -> Option<OsString> {
    std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty())
}

impl OnnxRuntime {
    pub fn load(library: &OsString, file: &[u8], threads: usize) -> Result<Self, String> {
        let session = session(environment(library)?, file, threads)?;
        Ok(Self { session: Mutex::new(session), threads })
    }

    pub fn replaced(&self, file: &[u8]) -> Option<Self> {
        let session = session(environment(&library()?).ok()?, file, self.threads).ok()?;
        Some(Self { session: Mutex::new(session), threads: self.threads })
    }

    pub fn metadata(&self, key: &str) -> Option<String> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).metadata().ok()?.custom(key)
    }

    pub fn run(&self, shape: Shape, values: Vec<f32>) -> Outcome {
        let failed = |error: ort::Error| error.to_string();
        let input = Tensor::from_array((shape.to_vec(), values)).map_err(failed)?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(ort::inputs![input]).map_err(failed)?;
        let (shape, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        Ok((shape.iter().map(|&side| side as usize).collect(), values.to_vec()))
    }
}

fn session(environment: &Environment, file: &[u8], threads: usize) -> Result<Session, String> {
    let builder = Session::builder(environment).map_err(|error| error.to_string())?;
    let mut builder = builder.with_intra_threads(threads).map_err(|error| error.to_string())?;
    builder.commit_from_memory(file).map_err(|error| error.to_string())
}
