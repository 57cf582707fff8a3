//! Settings of who may call.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use identity::{KeysAt, KeysConfig, SignedTokensConfig, Tls, algorithm, default_algorithms};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Role;
use crate::config::InvalidConfig;

/// Nobody is asked who they are unless tokens or an issuer are configured: everyone who reaches the listener is then the
/// administrator, so the service listens on loopback only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Tokens with the name and the role they stand for.
    pub tokens: Vec<AccessToken>,
    pub oidc: Option<OidcConfig>,
    /// Of one caller, where callers are known.
    pub rate_limit: RateLimit,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessToken {
    pub token: SecretString,
    /// Who is told of in events.
    pub subject: String,
    pub role: Role,
}

/// Any OpenID Connect issuer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// As its tokens name it; empty: none.
    pub issuer: String,
    /// As its tokens name us.
    pub audience: String,
    /// Where its keys are; the issuer is asked when absent.
    pub jwks_uri: Option<String>,
    /// The claim that lists roles or groups; a dot goes one level down.
    pub role_claim: Option<String>,
    /// Values of that claim and the role each stands for; our own names of roles when empty.
    pub roles: BTreeMap<String, Role>,
    pub algorithms: Vec<String>,
    pub leeway_seconds: Option<u64>,
    pub key_recheck_seconds: Option<u64>,
    /// Authorities that sign the issuer's certificate, beside those that the machine trusts.
    pub tls_cafile: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    pub per_second: u32,
    /// Requests that may come at once.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 50, burst: 200 }
    }
}

/// Shorter ones can be guessed by trying.
const SHORTEST_TOKEN: usize = 16;
/// Parts of values that stand in examples and manuals.
const EXAMPLES: [&str; 6] = ["changeme", "change-me", "password", "example", "default", "secret"];

/// Whether the text is too short for a secret, or stands in a manual.
fn is_weak(secret: &SecretString) -> bool {
    let text = secret.expose_secret().to_lowercase();
    text.len() < SHORTEST_TOKEN || EXAMPLES.iter().any(|example| text.contains(example))
}

impl AccessConfig {
    /// Nobody is asked who they are.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.issuer().is_none()
    }

    fn issuer(&self) -> Option<&OidcConfig> {
        self.oidc.as_ref().filter(|oidc| !oidc.issuer.is_empty())
    }

    pub fn check(&self) -> Result<(), InvalidConfig> {
        let subjects = self.tokens.iter().all(|token| named(&token.subject));
        let given = self.tokens.iter().all(|token| !token.token.expose_secret().is_empty());
        let distinct = {
            let mut seen: Vec<&str> = self.tokens.iter().map(|token| token.token.expose_secret()).collect();
            seen.sort_unstable();
            seen.windows(2).all(|pair| pair[0] != pair[1])
        };
        let limit = self.rate_limit;
        let mut rules = vec![
            ("access.tokens.subject", subjects, "must be 1 to 128 printable characters"),
            ("access.tokens.token", given, "must not be empty"),
            ("access.tokens.token", distinct, "must be given to one subject only"),
            ("access.rate_limit.per_second", (1..=1_000_000).contains(&limit.per_second), "must be 1 to 1000000"),
            ("access.rate_limit.burst", (1..=1_000_000).contains(&limit.burst), "must be 1 to 1000000"),
        ];
        if let Some(oidc) = self.issuer() {
            let http = |url: &str| url.starts_with("https://") || url.starts_with("http://");
            rules.extend([
                ("access.oidc.issuer", http(&oidc.issuer), "must be an http or https URL"),
                ("access.oidc.audience", !oidc.audience.is_empty(), "is required: a token meant for others is no key"),
                ("access.oidc.jwks_uri", oidc.keys_at().is_none_or(http), "must be an http or https URL"),
                (
                    "access.oidc.algorithms",
                    oidc.algorithms.iter().all(|name| algorithm(name).is_some()),
                    "must be names of signatures by a private key, e.g. RS256 or ES256",
                ),
            ]);
        }
        first_broken(rules)
    }

    /// Whether the service may listen there: anywhere but on loopback callers must be known, and no secret may be one
    /// that can be guessed.
    pub fn may_listen(&self, at: SocketAddr, service_token: Option<&SecretString>) -> Result<(), InvalidConfig> {
        if at.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let strong = !self.tokens.iter().any(|token| is_weak(&token.token));
        let plain = self.issuer().is_none_or(|oidc| {
            oidc.issuer.starts_with("https://") && oidc.keys_at().is_none_or(|uri| uri.starts_with("https://"))
        });
        first_broken(vec![
            (
                "access",
                !self.is_open(),
                "must hold tokens or an issuer before the service listens beyond loopback: nobody would be asked who they are",
            ),
            (
                "access.tokens.token",
                strong,
                "must be at least 16 characters that stand in no manual before the service listens beyond loopback",
            ),
            ("access.oidc", plain, "must use https before the service listens beyond loopback"),
            (
                "service_token",
                service_token.is_none_or(|token| !is_weak(token)),
                "must be at least 16 characters that stand in no manual before the service listens beyond loopback",
            ),
        ])
    }

    pub(super) fn signed_tokens(&self) -> Option<(&OidcConfig, SignedTokensConfig)> {
        let oidc = self.issuer()?;
        let at = match oidc.keys_at() {
            Some(uri) => KeysAt::Uri(uri.to_owned()),
            None => KeysAt::Issuer(oidc.issuer.clone()),
        };
        let named: Vec<_> = oidc.algorithms.iter().filter_map(|name| algorithm(name)).collect();
        let recheck = Duration::from_secs(oidc.key_recheck_seconds.unwrap_or(3600).clamp(10, 86_400));
        let config = SignedTokensConfig {
            keys: KeysConfig { at, token: None, recheck },
            issuer: Some(oidc.issuer.clone()),
            audience: oidc.audience.clone(),
            algorithms: if named.is_empty() { default_algorithms() } else { named },
            leeway: Duration::from_secs(oidc.leeway_seconds.unwrap_or(30).min(600)),
            tls: Tls { unverified: false, cafile: oidc.tls_cafile.clone() },
        };
        Some((oidc, config))
    }
}

impl OidcConfig {
    fn keys_at(&self) -> Option<&str> {
        self.jwks_uri.as_deref().filter(|uri| !uri.is_empty())
    }
}

/// Fit to be shown in a log or a history.
pub(super) fn named(subject: &str) -> bool {
    (1..=128).contains(&subject.chars().count()) && !subject.chars().any(char::is_control)
}

fn first_broken(rules: Vec<(&'static str, bool, &'static str)>) -> Result<(), InvalidConfig> {
    match rules.into_iter().find(|(_, holds, _)| !holds) {
        Some((field, _, rule)) => Err(InvalidConfig { field, rule }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(token: &str) -> AccessConfig {
        let token = AccessToken { token: SecretString::from(token), subject: "ann".into(), role: Role::Adjuster };
        AccessConfig { tokens: vec![token], ..AccessConfig::default() }
    }

    fn oidc(issuer: &str, jwks: Option<&str>) -> AccessConfig {
        let oidc = OidcConfig {
            issuer: issuer.into(),
            audience: "claims".into(),
            jwks_uri: jwks.map(str::to_owned),
            ..OidcConfig::default()
        };
        AccessConfig { oidc: Some(oidc), ..AccessConfig::default() }
    }

    #[test]
    fn beyond_loopback_callers_are_known_and_secrets_are_secret() {
        let good = "8d3c5e0f9a1b47c2";
        let table = [
            (AccessConfig::default(), None, "127.0.0.1:80", None),
            (AccessConfig::default(), None, "[::1]:80", None),
            (AccessConfig::default(), None, "[::ffff:127.0.0.1]:80", None),
            (AccessConfig::default(), None, "0.0.0.0:80", Some("access")),
            (AccessConfig::default(), None, "[::]:80", Some("access")),
            (AccessConfig::default(), None, "192.168.1.4:80", Some("access")),
            (tokens("short"), None, "127.0.0.1:80", None),
            (tokens("short"), None, "0.0.0.0:80", Some("access.tokens.token")),
            (tokens("my-ChangeMe-token-0001"), None, "0.0.0.0:80", Some("access.tokens.token")),
            (tokens(good), None, "0.0.0.0:80", None),
            (tokens(good), Some("weak"), "0.0.0.0:80", Some("service_token")),
            (tokens(good), Some(good), "0.0.0.0:80", None),
            (oidc("https://id", None), None, "0.0.0.0:80", None),
            (oidc("http://id", None), None, "0.0.0.0:80", Some("access.oidc")),
            (oidc("https://id", Some("http://id/keys")), None, "0.0.0.0:80", Some("access.oidc")),
            (oidc("", None), None, "0.0.0.0:80", Some("access")),
        ];
        for (config, service, at, refused) in table {
            let service = service.map(SecretString::from);
            let outcome = config.may_listen(at.parse().unwrap(), service.as_ref());
            assert_eq!(outcome.err().map(|error| error.field), refused, "{at} {config:?}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let mut unheard = oidc("https://id", None);
        if let Some(oidc) = &mut unheard.oidc {
            oidc.audience.clear();
        }
        let mut shared = oidc("https://id", None);
        if let Some(oidc) = &mut shared.oidc {
            oidc.algorithms = vec!["HS256".into()];
        }
        let mut twice = tokens("a");
        twice.tokens.extend(tokens("a").tokens);
        let mut nobody = tokens("a");
        nobody.tokens[0].subject = "a\nb".into();
        let mut never = tokens("a");
        never.rate_limit.per_second = 0;
        for (config, field) in [
            (unheard, "access.oidc.audience"),
            (shared, "access.oidc.algorithms"),
            (oidc("id.example", None), "access.oidc.issuer"),
            (oidc("https://id", Some("file:///keys")), "access.oidc.jwks_uri"),
            (tokens(""), "access.tokens.token"),
            (twice, "access.tokens.token"),
            (nobody, "access.tokens.subject"),
            (never, "access.rate_limit.per_second"),
        ] {
            assert_eq!(config.check().expect_err(field).field, field);
        }
        assert_eq!(oidc("https://id", None).check(), Ok(()));
        assert_eq!(AccessConfig::default().check(), Ok(()));
    }
}
