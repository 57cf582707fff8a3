//! Who may call: tokens of the configuration, then the identity provider.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ports::auth::Authenticator;
use ports::context::SystemClock;
use providers::auth::{
    CustomConfig, GithubConfig, IntrospectionConfig, JwtConfig, KeysAt, KeysConfig, KubernetesConfig, Mapping,
    NamedToken, ProviderConfig, SignedTokensConfig, Tls, Tokens, algorithm, default_algorithms,
};

use crate::config::{AuthProviderConfig, GatewayConfig};

const KEYS: &str = "gateway.auth.provider_config";

/// `None` where nobody is asked for a token.
pub fn authenticator(config: &GatewayConfig) -> Result<Option<Arc<dyn Authenticator>>> {
    let mut tokens = Vec::new();
    tokens.extend(config.token.clone().map(|token| NamedToken { token, caller: None }));
    for (index, named) in config.auth.tokens.iter().enumerate() {
        let token = NamedToken::of(named.token.clone(), &named.principal, named.attributes.clone());
        tokens.push(token.map_err(anyhow::Error::msg).with_context(|| format!("gateway.auth.tokens[{index}]"))?);
    }
    let provider = config.auth.provider_config.as_ref().map(provider).transpose()?.flatten();
    let provider = provider.map(|config| providers::auth::provider(config, Arc::new(SystemClock)));
    if tokens.is_empty() {
        return Ok(provider);
    }
    Ok(Some(Arc::new(Tokens::new(&tokens, provider))))
}

fn provider(config: &AuthProviderConfig) -> Result<Option<ProviderConfig>> {
    let tls = Tls {
        unverified: config.verify_tls == Some(false),
        cafile: config.tls_cafile.clone().filter(|path| *path != PathBuf::new()),
    };
    let remembered = |seconds: u64| Duration::from_secs(config.cache_seconds.unwrap_or(seconds).min(300));
    let mapping = |default: &[(&str, &str)]| -> Result<Mapping> {
        let default = || default.iter().map(|(claim, to)| ((*claim).to_owned(), (*to).to_owned())).collect();
        let mapping: Mapping = config.claims_mapping.clone().unwrap_or_else(default);
        match mapping.iter().find(|(_, attribute)| attribute.is_empty()) {
            Some((claim, _)) => bail!("{KEYS}.claims_mapping.{claim} must name an attribute"),
            None => Ok(mapping),
        }
    };
    Ok(Some(match config.kind.as_deref().unwrap_or_default() {
        "" => return Ok(None),
        "oauth2_token" => oauth2(config, tls, mapping(&OAUTH2)?, remembered(60))?,
        "kubernetes" => ProviderConfig::Kubernetes(KubernetesConfig {
            api_server_url: url(config.api_server_url.as_deref(), "api_server_url", "https://kubernetes.default.svc")?,
            mapping: mapping(&[("username", "roles"), ("groups", "roles")])?,
            tls,
            remembered: remembered(30),
        }),
        "github_token" => ProviderConfig::Github(GithubConfig {
            api_base_url: url(config.github_api_base_url.as_deref(), "github_api_base_url", "https://api.github.com")?,
            mapping: mapping(&[("login", "roles"), ("organizations", "teams")])?,
            tls,
            remembered: remembered(60),
        }),
        "custom" => {
            ProviderConfig::Custom(CustomConfig { endpoint: url(config.endpoint.as_deref(), "endpoint", "")?, tls })
        }
        other => bail!("{KEYS}.type is '{other}'; known are oauth2_token, kubernetes, github_token and custom"),
    }))
}

/// As Llama Stack maps claims when it is not told.
const OAUTH2: [(&str, &str); 7] = [
    ("sub", "roles"),
    ("username", "roles"),
    ("groups", "teams"),
    ("team", "teams"),
    ("project", "projects"),
    ("tenant", "namespaces"),
    ("namespace", "namespaces"),
];

fn oauth2(config: &AuthProviderConfig, tls: Tls, mapping: Mapping, remembered: Duration) -> Result<ProviderConfig> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let jwks = config.jwks.as_ref().filter(|jwks| !jwks.uri.is_empty());
    Ok(match (jwks, &config.introspection) {
        (Some(jwks), None) => {
            let names = config.algorithms.iter().flatten();
            let named = names.map(|name| {
                algorithm(name)
                    .with_context(|| format!("{KEYS}.algorithms: '{name}' is not one of {:?}", default_algorithms()))
            });
            let named: Vec<_> = named.collect::<Result<_>>()?;
            let tokens = SignedTokensConfig {
                keys: KeysConfig {
                    at: KeysAt::Uri(url(Some(&jwks.uri), "jwks.uri", "")?),
                    token: jwks.token.clone(),
                    recheck: Duration::from_secs(jwks.key_recheck_period.unwrap_or(3600).max(10)),
                },
                issuer: given(&config.issuer),
                audience: given(&config.audience).unwrap_or_else(|| "llama-stack".into()),
                algorithms: if named.is_empty() { default_algorithms() } else { named },
                leeway: Duration::from_secs(config.leeway_seconds.unwrap_or(30).min(600)),
                tls,
            };
            ProviderConfig::Jwt(JwtConfig { tokens, mapping, remembered })
        }
        (None, Some(asked)) => ProviderConfig::Introspection(IntrospectionConfig {
            url: url(Some(&asked.url), "introspection.url", "")?,
            client_id: asked.client_id.clone(),
            client_secret: asked.client_secret.clone(),
            send_secret_in_body: asked.send_secret_in_body,
            mapping,
            tls,
            remembered,
        }),
        _ => bail!("{KEYS}: oauth2_token needs either jwks or introspection"),
    })
}

fn url(given: Option<&str>, key: &str, default: &str) -> Result<String> {
    let url = given.filter(|url| !url.is_empty()).unwrap_or(default);
    if !url.starts_with("https://") && !url.starts_with("http://") {
        bail!("{KEYS}.{key} must be an http or https URL");
    }
    Ok(url.to_owned())
}
