//! Reads a YAML configuration into a typed struct.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    /// The message shows the line, the column and the allowed keys.
    #[error("{path}: {message}")]
    Invalid { path: String, message: String },
}

/// Parses `text`; `${NAME}` and `${NAME:-default}` inside a value are replaced from `environment`.
///
/// Llama Stack's `${env.NAME:=default}` is understood too. A replaced value cannot break the file (it is put in
/// after parsing) and is never shown in an error.
pub fn from_yaml<T: DeserializeOwned>(
    path: &str,
    text: &str,
    environment: HashMap<String, String>,
) -> Result<T, ConfigError> {
    let text = text.replace("${env.", "${").replace(":=", ":-");
    let options = serde_saphyr::Options::default().with_properties(environment);
    serde_saphyr::from_str_with_options(&text, options)
        .map_err(|error| ConfigError::Invalid { path: path.into(), message: error.to_string() })
}

/// Reads and parses the file at `path` with this process's environment.
pub fn read<T: DeserializeOwned>(path: &std::path::Path) -> Result<T, ConfigError> {
    let shown = path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: shown.clone(), source })?;
    from_yaml(&shown, &text, std::env::vars().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Small {
        url: String,
        port: u16,
    }

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Small, ConfigError> {
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        from_yaml("small.yaml", text, environment)
    }

    #[test]
    fn a_default_stands_in_for_an_unset_name() {
        let text = "url: ${URL:-http://127.0.0.1:1}\nport: ${env.PORT:=80}\n";
        assert_eq!(parse(text, &[]).unwrap(), Small { url: "http://127.0.0.1:1".into(), port: 80 });
        let set = parse(text, &[("URL", "a: b # c"), ("PORT", "81")]).unwrap();
        assert_eq!(set, Small { url: "a: b # c".into(), port: 81 });
    }

    #[test]
    fn an_error_names_file_line_and_the_keys_allowed() {
        let error = parse("url: x\nprot: 1\n", &[]).unwrap_err().to_string();
        assert!(error.contains("small.yaml") && error.contains("prot") && error.contains("port"), "{error}");
        let error = parse("url: ${MISSING}\nport: 1\n", &[]).unwrap_err().to_string();
        assert!(error.contains("MISSING"), "{error}");
    }
}
