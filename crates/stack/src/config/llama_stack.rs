//! Llama Stack's own file, laid over our built-in configuration.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The built-in configuration with what the file says of the control plane, and the lines to log about it.
pub fn tree(
    built_in: &str,
    name: &str,
    text: &str,
    environment: &HashMap<String, String>,
) -> Result<(Value, Vec<String>)> {
    let read = run_config::read(name, text, environment)?;
    let mut tree: Value = host::config::from_yaml("built-in configuration", built_in, environment.clone())?;
    let gateway = tree.get_mut("gateway").and_then(Value::as_object_mut).context("the built-in configuration")?;
    for (key, value) in read.gateway {
        gateway.insert(key, value);
    }
    // Such a file is for a pod, which its operator and its probes call by address and by the names of Services.
    gateway.insert("allowed".into(), json!({"hosts": ["*"], "origins": []}));
    Ok((tree, read.notes))
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT, ProviderKind, StackConfig, without_nulls};
    use super::*;

    const SHIPPED: [(&str, &str); 5] = [
        ("rhoai-v3.0", include_str!("../../../run-config/tests/rh-dev/rhoai-v3.0.yaml")),
        ("rhoai-v3.2", include_str!("../../../run-config/tests/rh-dev/rhoai-v3.2.yaml")),
        ("rhoai-v3.3", include_str!("../../../run-config/tests/rh-dev/rhoai-v3.3.yaml")),
        ("rhoai-v3.4", include_str!("../../../run-config/tests/rh-dev/rhoai-v3.4.yaml")),
        ("release-3.5", include_str!("../../../run-config/tests/rh-dev/release-3.5.yaml")),
    ];

    #[test]
    fn each_file_of_openshift_ai_becomes_a_configuration_of_ours() {
        let set = [
            ("VLLM_URL", "http://vllm/v1"),
            ("INFERENCE_MODEL", "llama-3.2-3b-instruct"),
            ("ENABLE_SENTENCE_TRANSFORMERS", "true"),
            ("FMS_ORCHESTRATOR_URL", "http://fms"),
            ("TAVILY_SEARCH_API_KEY", "k"),
            ("AUTH_ISSUER", "https://id"),
        ];
        let full: HashMap<_, _> = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        for (name, text) in SHIPPED {
            for environment in [HashMap::new(), full.clone()] {
                let (tree, notes) = tree(DEFAULT, name, text, &environment).unwrap_or_else(|e| panic!("{name}: {e:#}"));
                let config: StackConfig =
                    serde_json::from_value(without_nulls(tree)).unwrap_or_else(|e| panic!("{name}: {e}"));
                let vllm = config.gateway.providers.iter().find(|provider| provider.kind == ProviderKind::Vllm);
                assert_eq!(vllm.is_some(), !environment.is_empty(), "{name}");
                assert!(
                    config.gateway.providers.iter().all(|provider| provider.kind != ProviderKind::LlamaCpp),
                    "{name}"
                );
                assert_eq!(config.gateway.listen.to_string(), "0.0.0.0:8321", "{name}");
                assert!(notes.iter().any(|note| note.contains("is off")), "{name}: {notes:?}");
            }
        }
    }
}
