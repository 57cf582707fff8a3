//! The files that OpenShift AI ships, unmodified, and what people write by hand.

use std::collections::HashMap;

use run_config::{RunConfig, is_run_config, read};
use serde_json::{Value, json};

const SHIPPED: [(&str, &str); 5] = [
    ("rhoai-v3.0", include_str!("rh-dev/rhoai-v3.0.yaml")),
    ("rhoai-v3.2", include_str!("rh-dev/rhoai-v3.2.yaml")),
    ("rhoai-v3.3", include_str!("rh-dev/rhoai-v3.3.yaml")),
    ("rhoai-v3.4", include_str!("rh-dev/rhoai-v3.4.yaml")),
    ("release-3.5", include_str!("rh-dev/release-3.5.yaml")),
];

fn environment(entries: &[(&str, &str)]) -> HashMap<String, String> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn written(text: &str, entries: &[(&str, &str)]) -> RunConfig {
    read("run.yaml", text, &environment(entries)).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    read("run.yaml", text, &HashMap::new()).expect_err(text).to_string()
}

fn ids(config: &RunConfig) -> Vec<&str> {
    let providers = config.gateway["providers"].as_array().expect("a list");
    providers.iter().map(|provider| provider["id"].as_str().expect("an id")).collect()
}

#[test]
fn each_shipped_file_loads_with_nothing_set_and_tells_what_is_off() {
    for (name, text) in SHIPPED {
        assert!(is_run_config(text), "{name}");
        let config = written(text, &[]);
        assert_eq!(config.gateway["listen"], "0.0.0.0:8321", "{name}");
        assert!(!ids(&config).contains(&"vllm-inference"), "{name}: no VLLM_URL, no model server");
        assert!(config.notes.iter().any(|note| note.contains("remote::vllm is off")), "{name}: {:?}", config.notes);
        let azure = config.notes.iter().filter(|note| note.contains("remote::azure")).count();
        assert_eq!(azure, 1, "{name}: one line for one provider");
        assert!(!config.gateway.contains_key("web_search"), "{name}: no key, no search");
        let auth = config.gateway.get("auth").and_then(|auth| auth.get("provider_config"));
        assert_eq!(auth, None, "{name}: nobody is asked for a token");
    }
}

#[test]
fn each_shipped_file_finds_its_model_server_embedder_database_and_search() {
    let set = [
        ("VLLM_URL", "http://vllm:80/v1"),
        ("VLLM_API_TOKEN", "s3cret"),
        ("VLLM_EMBEDDING_URL", "http://embed:80/v1"),
        ("INFERENCE_MODEL", "llama-3.2-3b-instruct"),
        ("EMBEDDING_MODEL", "granite"),
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_PASSWORD", "p@ss"),
        ("TAVILY_SEARCH_API_KEY", "t4vily"),
    ];
    for (name, text) in SHIPPED {
        let config = written(text, &set);
        let first = &config.gateway["providers"][0];
        assert_eq!(first["url"], "http://vllm:80/v1", "{name}");
        assert_eq!((&first["api_token"], &first["tls_verify"]), (&json!("s3cret"), &json!("true")), "{name}");
        assert_eq!(first["max_tokens"], 4096, "{name}");
        assert_eq!(config.gateway["web_search"], json!({"provider": "tavily", "api_key": "t4vily"}), "{name}");
        let database = config.gateway.get("database_url").and_then(Value::as_str);
        let user = if name == "release-3.5" { "ogx" } else { "llamastack" };
        let expected = format!("postgres://{user}:p%40ss@db:5432/{user}");
        assert_eq!(database, (name != "rhoai-v3.0").then_some(expected.as_str()), "{name}");
        if name != "rhoai-v3.0" {
            assert_eq!(
                config.gateway["providers"][1]["embedding_models"],
                json!(["ibm-granite/granite-embedding-125m-english"])
            );
        }
        let names_model = matches!(name, "rhoai-v3.0" | "rhoai-v3.2" | "rhoai-v3.3");
        assert_eq!(config.gateway.contains_key("default_model"), names_model, "{name}: later releases ask the server");
        let shown = format!("{config:?}");
        assert!(!["s3cret", "p%40ss", "t4vily"].iter().any(|secret| shown.contains(secret)), "{name}: {shown}");
    }
}

#[test]
fn callers_are_asked_once_an_issuer_is_named() {
    let config = written(SHIPPED[3].1, &[("AUTH_ISSUER", "https://id"), ("AUTH_JWKS_URI", "https://id/keys")]);
    let provider = &config.gateway["auth"]["provider_config"];
    assert_eq!((&provider["type"], &provider["verify_tls"]), (&json!("oauth2_token"), &json!(true)));
    assert_eq!(provider["jwks"], json!({"uri": "https://id/keys", "key_recheck_period": 3600}));
    assert_eq!(config.gateway["auth"]["access_policy"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_tool_server_is_found_in_all_three_spellings() {
    let groups = "apis: [tool_runtime]
providers:
  tool_runtime:
  - {provider_id: model-context-protocol, provider_type: 'remote::model-context-protocol', config: {}}
registered_resources:
  tool_groups:
  - toolgroup_id: mcp::ocr-server
    provider_id: model-context-protocol
    mcp_endpoint: {uri: '${env.MCP_OCR_SERVER_URL}'}
";
    let connectors = "apis: [tool_runtime]
connectors:
- {connector_id: ocr-server, url: '${env.MCP_OCR_SERVER_URL}', connector_type: mcp}
";
    let document = "apis: [tool_runtime]
providers:
  tool_runtime:
  - provider_type: model-context-protocol
    config:
      mcp_servers:
      - {name: ocr-server, uri: 'sse://ocr:8080', tools: [ocr_document]}
";
    for text in [groups, connectors, document] {
        let config = written(text, &[("MCP_OCR_SERVER_URL", "http://ocr:8080/sse")]);
        assert_eq!(config.gateway["connectors"], json!({"ocr-server": {"url": "http://ocr:8080/sse"}}), "{text}");
    }
}

#[test]
fn the_documents_model_provider_needs_no_id() {
    let text = "apis: [inference]
providers:
  inference:
  - provider_type: remote::vllm
    config: {url: 'http://vllm:80/v1', model: llama-3.2-3b-instruct}
";
    let config = written(text, &[]);
    assert_eq!(ids(&config), ["vllm-inference"]);
    assert_eq!(config.gateway["default_model"], "llama-3.2-3b-instruct");
}

#[test]
fn a_disabled_provider_is_dropped_before_its_variables_are_asked_for() {
    let text = "providers:
  inference:
  - {provider_id: '${env.NO_URL:=__disabled__}', provider_type: 'remote::vllm', config: {url: '${env.NO_URL}'}}
models:
- {model_id: '${env.NO_MODEL}', provider_id: '${env.NO_URL:=__disabled__}'}
";
    assert_eq!(ids(&written(text, &[])), Vec::<&str>::new());
}

#[test]
fn a_wrong_key_is_told_with_its_place_and_the_keys_allowed() {
    let told = error("apis: [inference]\nprovidres: {}\n");
    assert!(told.contains("providres") && told.contains("providers") && told.contains("line 2"), "{told}");
    let told = error(
        "providers:\n  inference:\n  - provider_id: v\n    provider_type: remote::vllm\n    config:\n      urll: x\n",
    );
    assert!(told.starts_with("run.yaml:6:7: providers.inference[0].config: unknown key `urll`"), "{told}");
    assert!(told.contains("base_url, max_tokens"), "{told}");
    let told = error("server: {auth: {secret: s3cret}}\nversoin: 2\n");
    assert!(told.contains("versoin") && !told.contains("s3cret"), "{told}");
    let told = error("providers:\n  inference:\n  - {provider_idd: v, provider_type: 'remote::vllm'}\n");
    assert!(told.contains("provider_idd") && told.contains("line 3"), "{told}");
}

#[test]
fn a_value_that_cannot_be_is_told_with_its_path() {
    for (text, expected) in [
        ("server: {port: many}", "server.port"),
        ("server: {host: here}", "server.host"),
        ("server: {tls_certfile: /tls.crt}", "TLS ends at the Route"),
        ("connectors: [{connector_id: a, url: 'ftp://x'}]", "sse://"),
        (
            "connectors: [{connector_id: a, url: '${env.NOWHERE}'}]",
            "connectors[0].url: the environment variable NOWHERE",
        ),
        ("providers: {inference: [{provider_id: v, provider_type: 'remote::vllm'}]}", "base_url"),
        ("providers: {inference: [{provider_type: 'remote::openai'}]}", "needs a provider_id"),
        (
            "providers: {inference: [{provider_id: v, provider_type: 'remote::vllm', config: {url: 'http://v', max_tokens: -1}}]}",
            "max_tokens",
        ),
        ("storage: {stores: {inference: {backend: gone}}}", "storage.stores.inference.backend"),
        ("storage: {backends: {a: {type: sql_oracle}}}", "sql_oracle"),
        ("storage: {backends: {a: {type: sql_postgres, port: many}}}", "do not make an address"),
        ("metadata_store: 3", "metadata_store"),
    ] {
        let told = error(text);
        assert!(told.contains("run.yaml") && told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn our_own_file_is_told_from_theirs() {
    assert!(!is_run_config("data_dir: x\ngateway:\n  providers: []\n"));
    assert!(is_run_config("version: 2\nproviders:\n  inference: []\n"));
    assert!(!is_run_config("log: {filter: info}\n"));
}
