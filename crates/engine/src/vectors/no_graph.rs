//! The approximate index of a build without native code: there is none, every search is a scan.

use std::path::Path;

use ports::vectors::Metric;

pub const FORMAT: &str = "";

/// Never made.
pub enum Graph {}

fn absent<T>() -> Result<T, String> {
    Err("this build has no approximate index".into())
}

impl Graph {
    pub fn new(_: usize, _: Metric, _: usize, _: usize) -> Result<Self, String> {
        absent()
    }

    pub fn mapped(_: &Path, _: usize, _: Metric) -> Result<Self, String> {
        absent()
    }

    pub fn read(_: &Path, _: usize, _: Metric, _: usize, _: usize) -> Result<Self, String> {
        absent()
    }

    pub fn len(&self) -> usize {
        match *self {}
    }

    pub fn bytes(&self) -> usize {
        match *self {}
    }

    pub fn add(&self, _: u32, _: &[f32]) -> Result<(), String> {
        match *self {}
    }

    pub fn nearest<F: Fn(u32) -> bool>(&self, _: &[f32], _: usize, _: Option<F>) -> Result<Vec<u32>, String> {
        match *self {}
    }

    pub fn save(&self, _: &Path) -> Result<(), String> {
        match *self {}
    }
}
