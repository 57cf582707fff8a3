//! What a cluster would say to our manifests, without a cluster: strict schemas of Kubernetes, of OpenShift's Route and
//! of the Llama Stack operator's resource in the smallest and the largest form that OpenShift AI 3.x ships.

mod catalogue;
mod manifest;
mod strict;

pub use catalogue::{Catalogue, CatalogueError};
pub use manifest::{Manifest, ManifestError};

/// One thing a cluster would refuse, with the place inside the object (`/spec/server/containerSpec`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `Kind/name`, and the schema that refuses it where there are several.
    pub object: String,
    pub field: String,
    pub rule: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.object, if self.field.is_empty() { "/" } else { &self.field }, self.rule)
    }
}
