//! Signed tokens (OpenID Connect): checked here, with the issuer's public keys.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::Refused;
use crate::door::Tls;
use crate::keys::{Keys, KeysConfig};

const LONGEST: usize = 16 * 1024;

#[derive(Debug, Clone)]
pub struct SignedTokensConfig {
    pub keys: KeysConfig,
    pub issuer: Option<String>,
    pub audience: String,
    pub algorithms: Vec<Algorithm>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    pub tls: Tls,
}

/// A token that is good, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Its `sub`.
    pub subject: String,
    pub claims: Map<String, Value>,
    /// Unix seconds from which on it is no longer good.
    pub until: i64,
}

pub struct SignedTokens {
    config: SignedTokensConfig,
    keys: Keys,
}

impl SignedTokens {
    pub fn new(config: SignedTokensConfig) -> Self {
        Self { keys: Keys::new(config.keys.clone(), config.tls.clone()), config }
    }

    /// Checks the token at `now`, in unix seconds.
    pub async fn verify(&self, token: &str, now: i64) -> Result<Verified, Refused> {
        if token.len() > LONGEST {
            return Err(rejected("is too long"));
        }
        let header = decode_header(token).map_err(|_| rejected("is no signed token"))?;
        // The list decides, not the token: `none` and shared secrets are not in it.
        if !self.config.algorithms.contains(&header.alg) {
            return Err(rejected("is signed in a way that is not accepted here"));
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await?;
        let mut signature = Validation::new(header.alg);
        signature.required_spec_claims = HashSet::new();
        (signature.validate_exp, signature.validate_nbf, signature.validate_aud) = (false, false, false);
        let read = decode::<Map<String, Value>>(token, &key, &signature);
        let claims = read.map_err(|_| rejected("has a signature that is not its issuer's"))?.claims;
        let until = check(&claims, &self.config, now)?;
        let subject = claims.get("sub").and_then(Value::as_str).map(str::to_owned);
        let subject = subject.ok_or_else(|| rejected("names nobody: it has no 'sub'"))?;
        Ok(Verified { subject, claims, until })
    }

    pub fn issuer(&self) -> Option<&str> {
        self.config.issuer.as_deref()
    }
}

/// Signatures by a private key only: with a shared secret, everyone who can check a token could make one.
pub fn default_algorithms() -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    vec![RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
}

/// An algorithm by its JOSE name, if it is one of those.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    default_algorithms().into_iter().find(|algorithm| format!("{algorithm:?}") == name)
}

fn rejected(why: &str) -> Refused {
    Refused::Rejected(format!("the token {why}"))
}

/// Whether the claims hold at `now` (unix seconds); until when they do.
fn check(claims: &Map<String, Value>, config: &SignedTokensConfig, now: i64) -> Result<i64, Refused> {
    let leeway = config.leeway.as_secs() as i64;
    // RFC 7519 lets times have fractions.
    let time = |name: &str| match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| seconds.is_finite());
            seconds.map(|seconds| Some(seconds as i64)).ok_or_else(|| rejected(&format!("has no time in '{name}'")))
        }
    };
    let Some(expires) = time("exp")? else { return Err(rejected("never expires: it has no 'exp'")) };
    let until = expires.saturating_add(leeway);
    if now >= until {
        return Err(rejected("has expired"));
    }
    if time("nbf")?.is_some_and(|from| now < from.saturating_sub(leeway)) {
        return Err(rejected("is not valid yet"));
    }
    if let Some(issuer) = &config.issuer
        && claims.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(rejected("comes from another issuer"));
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(audience)) => *audience == config.audience,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| *audience == *config.audience),
        _ => false,
    };
    if for_us { Ok(until) } else { Err(rejected("is meant for another audience")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::KeysAt;

    fn config() -> SignedTokensConfig {
        SignedTokensConfig {
            keys: KeysConfig { at: KeysAt::Uri(String::new()), token: None, recheck: Duration::from_secs(1) },
            issuer: Some("https://id".into()),
            audience: "llama-stack".into(),
            algorithms: default_algorithms(),
            leeway: Duration::from_secs(30),
            tls: Tls::default(),
        }
    }

    #[test]
    fn claims_hold_or_do_not() {
        let good = json!({"exp": 1000, "iss": "https://id", "aud": "llama-stack"});
        let table = [
            (json!({}), 999, Ok(1030), ""),
            (json!({}), 1029, Ok(1030), "clocks may differ"),
            (json!({}), 1030, Err("expired"), ""),
            (json!({"exp": null}), 0, Err("no 'exp'"), ""),
            (json!({"exp": "soon"}), 0, Err("no time in 'exp'"), ""),
            (json!({"exp": 1e300}), 0, Ok(i64::MAX), "no overflow"),
            (json!({"nbf": 600.5}), 571, Ok(1030), ""),
            (json!({"nbf": 600}), 569, Err("not valid yet"), ""),
            (json!({"iss": "https://other"}), 0, Err("another issuer"), ""),
            (json!({"iss": null}), 0, Err("another issuer"), ""),
            (json!({"aud": ["x", "llama-stack"]}), 0, Ok(1030), ""),
            (json!({"aud": ["x"]}), 0, Err("another audience"), ""),
            (json!({"aud": null}), 0, Err("another audience"), ""),
        ];
        for (change, now, expected, why) in table {
            let mut claims = good.as_object().expect("claims").clone();
            claims.extend(change.as_object().expect("a change").clone());
            match (check(&claims, &config(), now), expected) {
                (Ok(until), Ok(expected)) => assert_eq!(until, expected, "{why}"),
                (Err(error), Err(told)) => assert!(error.to_string().contains(told), "{error} {change}"),
                (outcome, _) => panic!("{change} at {now}: {outcome:?}"),
            }
        }
    }
}
