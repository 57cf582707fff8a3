//! The schemas of every kind that our manifests hold.

use std::collections::HashMap;

use jsonschema::Validator;
use k8s_openapi::Resource;
use k8s_openapi::api::{apps, autoscaling, batch, core, networking, policy, rbac};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::{Finding, Manifest, strict};

const CRDS: [(&str, &str); 2] = [
    ("operator v0.4.0", include_str!("../schemas/llamastackdistribution-crd-v0.4.0.yaml")),
    ("operator v0.9.0", include_str!("../schemas/llamastackdistribution-crd-v0.9.0.yaml")),
];
const OTHERS: [(&str, &str, &str); 2] = [
    ("route.openshift.io/v1", "Route", include_str!("../schemas/route.yaml")),
    ("monitoring.coreos.com/v1", "ServiceMonitor", include_str!("../schemas/service-monitor.yaml")),
];
const DISTRIBUTION: &str = "LlamaStackDistribution";

/// Strict schemas by `apiVersion` and `kind`. A kind with several has to satisfy all of them.
pub struct Catalogue {
    schemas: HashMap<(String, String), Vec<(String, Validator)>>,
}

/// A schema that this crate brings is itself wrong.
#[derive(Debug, thiserror::Error)]
#[error("the schema of {name}: {reason}")]
pub struct CatalogueError {
    name: String,
    reason: String,
}

impl Catalogue {
    /// All schemas, closed against unknown fields.
    ///
    /// # Errors
    /// When a schema that comes with this crate cannot be read.
    pub fn new() -> Result<Self, CatalogueError> {
        let mut catalogue = Self { schemas: HashMap::new() };
        catalogue.kubernetes::<core::v1::ConfigMap>()?;
        catalogue.kubernetes::<core::v1::Namespace>()?;
        catalogue.kubernetes::<core::v1::PersistentVolumeClaim>()?;
        catalogue.kubernetes::<core::v1::Secret>()?;
        catalogue.kubernetes::<core::v1::Service>()?;
        catalogue.kubernetes::<core::v1::ServiceAccount>()?;
        catalogue.kubernetes::<apps::v1::Deployment>()?;
        catalogue.kubernetes::<apps::v1::StatefulSet>()?;
        catalogue.kubernetes::<autoscaling::v2::HorizontalPodAutoscaler>()?;
        catalogue.kubernetes::<batch::v1::Job>()?;
        catalogue.kubernetes::<networking::v1::NetworkPolicy>()?;
        catalogue.kubernetes::<policy::v1::PodDisruptionBudget>()?;
        catalogue.kubernetes::<rbac::v1::Role>()?;
        catalogue.kubernetes::<rbac::v1::RoleBinding>()?;
        for (release, crd) in CRDS {
            catalogue.definition(release, crd)?;
        }
        for (api_version, kind, text) in OTHERS {
            let schema = yaml(kind, text)?;
            catalogue.custom(api_version, kind, String::new(), schema)?;
        }
        Ok(catalogue)
    }

    /// Everything that keeps `manifest` from being accepted; empty when nothing does.
    pub fn check(&self, manifest: &Manifest) -> Vec<Finding> {
        let object = format!("{}/{}", manifest.kind(), manifest.name());
        let key = (manifest.api_version().to_owned(), manifest.kind().to_owned());
        let Some(schemas) = self.schemas.get(&key) else {
            let rule = format!("no schema for {} {}", key.0, key.1);
            return vec![Finding { object, field: "/kind".into(), rule }];
        };
        let mut findings = Vec::new();
        for (release, schema) in schemas {
            let object = if release.is_empty() { object.clone() } else { format!("{object} ({release})") };
            findings.extend(schema.iter_errors(manifest.value()).map(|error| Finding {
                object: object.clone(),
                field: error.instance_path().to_string(),
                rule: error.to_string(),
            }));
        }
        if manifest.kind() == DISTRIBUTION {
            findings.extend(one_image(manifest, &object));
        }
        findings
    }

    fn kubernetes<K: Resource + JsonSchema>(&mut self) -> Result<(), CatalogueError> {
        self.add(K::API_VERSION, K::KIND, String::new(), schema_of::<K>())
    }

    /// Each served version of a CustomResourceDefinition.
    fn definition(&mut self, release: &str, crd: &str) -> Result<(), CatalogueError> {
        let crd = yaml(release, crd)?;
        let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
        for version in crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
            let name = version["name"].as_str().unwrap_or_default();
            let schema = version["schema"]["openAPIV3Schema"].clone();
            self.custom(&format!("{group}/{name}"), &kind, release.to_owned(), schema)?;
        }
        Ok(())
    }

    /// A schema that leaves `metadata` to Kubernetes, as all but its own do.
    fn custom(&mut self, api: &str, kind: &str, release: String, mut schema: Value) -> Result<(), CatalogueError> {
        let mut metadata = schema_of::<ObjectMeta>();
        if let Some(root) = metadata.as_object_mut() {
            root.remove("$schema");
            schema["$defs"] = root.remove("$defs").unwrap_or_else(|| json!({}));
        }
        schema["properties"]["metadata"] = metadata;
        self.add(api, kind, release, schema)
    }

    fn add(&mut self, api: &str, kind: &str, release: String, mut schema: Value) -> Result<(), CatalogueError> {
        strict::close(&mut schema);
        let wrong = |reason: String| CatalogueError { name: format!("{api} {kind} {release}"), reason };
        let validator = jsonschema::validator_for(&schema).map_err(|error| wrong(error.to_string()))?;
        self.schemas.entry((api.to_owned(), kind.to_owned())).or_default().push((release, validator));
        Ok(())
    }
}

fn schema_of<T: JsonSchema>() -> Value {
    schemars::SchemaGenerator::default().into_root_schema_for::<T>().to_value()
}

fn yaml(name: &str, text: &str) -> Result<Value, CatalogueError> {
    serde_saphyr::from_str(text).map_err(|error| CatalogueError { name: name.to_owned(), reason: error.to_string() })
}

/// The operator's own rule, which its schema states in a language that JSON Schema does not have; with neither, the
/// object is admitted and its reconciliation fails.
fn one_image(manifest: &Manifest, object: &str) -> Option<Finding> {
    let distribution = manifest.value().pointer("/spec/server/distribution")?;
    let count = ["name", "image"].iter().filter(|field| distribution.get(field).is_some()).count();
    (count != 1).then(|| Finding {
        object: object.to_owned(),
        field: "/spec/server/distribution".into(),
        rule: format!("{distribution} gives not exactly one of name and image"),
    })
}
