//! Reads Llama Stack's own configuration (`run.yaml`, from 3.3 `config.yaml`), as OpenShift AI ships it, and says what
//! of it means something to our control plane.
//!
//! What comes out is a set of keys of our configuration, `gateway.*`, to be laid over the built-in one; and one line
//! for each thing of the file that is off, not offered or done otherwise.

mod access;
mod error;
mod file;
mod providers;
mod reader;
mod resources;
mod storage;
mod substitute;
mod tools;

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

pub use error::RunConfigError;

/// Keys of `gateway` in our configuration. They may hold secrets: `Debug` shows none.
pub struct RunConfig {
    pub gateway: Map<String, Value>,
    /// Lines for the log; no secret stands in them.
    pub notes: Vec<String>,
}

impl fmt::Debug for RunConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.gateway.keys().collect();
        f.debug_struct("RunConfig").field("gateway", &keys).field("notes", &self.notes).finish()
    }
}

/// Whether `text` is written for Llama Stack, and not for us: its providers are grouped by API, at the top.
pub fn is_run_config(text: &str) -> bool {
    let top = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    !top("gateway") && (top("apis") || top("providers") || top("image_name") || top("distro_name"))
}

/// Reads `text`; `name` is the file's, for errors.
///
/// # Errors
/// A wrong key with its line, its column and the keys allowed; a variable that is not set, with its path; a value
/// that cannot be.
pub fn read(name: &str, text: &str, environment: &HashMap<String, String>) -> Result<RunConfig, RunConfigError> {
    // Without the lines around: a token may stand in one of them.
    let mut options = serde_saphyr::Options::default();
    options.with_snippet = false;
    let file: file::File = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| RunConfigError::Yaml { file: name.to_owned(), message: error.to_string() })?;
    let mut reader = reader::Reader::new(name, environment);
    let known = providers::read(&mut reader, file.providers)?;
    tools::groups(&mut reader, &known, file.tool_groups)?;
    tools::connectors(&mut reader, file.connectors)?;
    resources::models(&mut reader, &known, file.models)?;
    if let Some(registered) = file.registered_resources {
        tools::groups(&mut reader, &known, registered.tool_groups)?;
        resources::models(&mut reader, &known, registered.models)?;
    }
    if let Some(storage) = file.storage {
        storage::backends(&mut reader, storage)?;
    }
    for (key, store) in [("metadata_store", file.metadata_store), ("inference_store", file.inference_store)] {
        storage::single(&mut reader, key, store)?;
    }
    access::server(&mut reader, file.server)?;
    Ok(reader.finish())
}
