//! The file as it may be written in any of the four layouts. Values stay as they are: variables are replaced later.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::Spanned;

/// Keys with their places in the file, in its order.
#[derive(Debug, Default)]
pub struct Settings(pub Vec<(Spanned<String>, Value)>);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Settings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Settings(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "every key is named so that a wrong one is found; not each means something here")]
pub struct File {
    pub version: Option<Value>,
    /// `distro_name` from 0.4.
    #[serde(alias = "distro_name")]
    pub image_name: Option<String>,
    pub container_image: Option<String>,
    #[serde(default)]
    pub apis: Vec<String>,
    #[serde(default)]
    pub providers: BTreeMap<String, Option<Vec<Provider>>>,
    /// From 3.2.
    pub storage: Option<Storage>,
    pub registered_resources: Option<Resources>,
    /// 3.0 kept each store by itself, and resources at the top.
    pub metadata_store: Option<Value>,
    pub inference_store: Option<Value>,
    pub conversations_store: Option<Value>,
    #[serde(default)]
    pub models: Vec<Model>,
    #[serde(default)]
    pub tool_groups: Vec<ToolGroup>,
    #[serde(default)]
    pub shields: Vec<Value>,
    #[serde(default)]
    pub vector_dbs: Vec<Value>,
    #[serde(default)]
    pub datasets: Vec<Value>,
    #[serde(default)]
    pub scoring_fns: Vec<Value>,
    #[serde(default)]
    pub benchmarks: Vec<Value>,
    /// From 3.4: what `tool_groups` were.
    #[serde(default)]
    pub connectors: Vec<Connector>,
    pub vector_stores: Option<Value>,
    pub safety: Option<Value>,
    pub telemetry: Option<Value>,
    pub logging: Option<Value>,
    pub external_providers_dir: Option<Value>,
    pub external_apis_dir: Option<Value>,
    pub server: Option<Server>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "see File")]
pub struct Provider {
    /// Absent in files written after the migration document.
    pub provider_id: Option<String>,
    pub provider_type: String,
    pub module: Option<String>,
    pub notes: Option<String>,
    pub config: Option<Settings>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    #[serde(default)]
    pub backends: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    pub stores: BTreeMap<String, Option<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(dead_code, reason = "see File")]
pub struct Resources {
    pub models: Vec<Model>,
    pub tool_groups: Vec<ToolGroup>,
    pub shields: Vec<Value>,
    pub vector_dbs: Vec<Value>,
    pub vector_stores: Vec<Value>,
    pub datasets: Vec<Value>,
    pub scoring_fns: Vec<Value>,
    pub benchmarks: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub model_id: String,
    pub provider_id: Option<String>,
    pub provider_model_id: Option<String>,
    pub model_type: Option<String>,
    #[serde(rename = "metadata")]
    pub _metadata: Option<Value>,
    #[serde(rename = "model_validation")]
    pub _model_validation: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolGroup {
    pub toolgroup_id: String,
    pub provider_id: Option<String>,
    pub mcp_endpoint: Option<Endpoint>,
    #[serde(rename = "args")]
    pub _args: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    pub uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    pub connector_id: String,
    pub url: String,
    #[serde(rename = "server_label")]
    pub _server_label: Option<String>,
    pub connector_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub port: Option<Value>,
    pub host: Option<Value>,
    pub auth: Option<Value>,
    pub quota: Option<Value>,
    pub tls_certfile: Option<Value>,
    pub tls_keyfile: Option<Value>,
    pub tls_cafile: Option<Value>,
    #[serde(rename = "cors")]
    pub _cors: Option<Value>,
    #[serde(rename = "workers")]
    pub _workers: Option<Value>,
    #[serde(rename = "registry_refresh_interval_seconds")]
    pub _registry_refresh: Option<Value>,
}
