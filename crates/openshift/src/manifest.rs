//! Objects as they stand in a YAML file.

use serde_json::Value;

/// One object of a manifest file.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest(Value);

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The message names line and column.
    #[error("not YAML: {0}")]
    NotYaml(String),
    #[error("object {position} has no {field}")]
    Nameless { position: usize, field: &'static str },
}

impl Manifest {
    /// Every object of `yaml`; documents that hold nothing are passed over.
    ///
    /// # Errors
    /// When the text is not YAML, or an object lacks `apiVersion`, `kind` or `metadata.name`.
    pub fn read_all(yaml: &str) -> Result<Vec<Self>, ManifestError> {
        let objects: Vec<Value> =
            serde_saphyr::from_multiple(yaml).map_err(|error| ManifestError::NotYaml(error.to_string()))?;
        objects
            .into_iter()
            .filter(|object| !object.is_null())
            .enumerate()
            .map(|(at, object)| {
                let manifest = Self(object);
                for (field, there) in [
                    ("apiVersion", manifest.api_version()),
                    ("kind", manifest.kind()),
                    ("metadata.name", manifest.name()),
                ] {
                    if there.is_empty() {
                        return Err(ManifestError::Nameless { position: at + 1, field });
                    }
                }
                Ok(manifest)
            })
            .collect()
    }

    pub fn value(&self) -> &Value {
        &self.0
    }

    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The text at a JSON pointer, empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The list at a JSON pointer, empty where there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_several_objects_and_empty_documents() {
        let yaml = "# first\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n";
        let read = Manifest::read_all(yaml).expect("two objects");
        assert_eq!(
            read.iter().map(|object| (object.kind(), object.name())).collect::<Vec<_>>(),
            [("Service", "a"), ("Secret", "b")]
        );
    }

    #[test]
    fn what_is_no_object_is_named() {
        let error = Manifest::read_all("apiVersion: v1\nmetadata: {name: a}\n").expect_err("no kind");
        assert_eq!(error.to_string(), "object 1 has no kind");
        let error = Manifest::read_all("a: [1\n").expect_err("no YAML");
        assert!(error.to_string().contains("line"), "{error}");
    }
}
