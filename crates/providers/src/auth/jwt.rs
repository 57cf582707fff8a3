//! Signed tokens (OpenID Connect): checked here, with the issuer's public keys.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::{Validation, decode, decode_header};
use ports::Clock;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use serde_json::{Map, Value};

use super::claims;
use super::config::JwtConfig;
use super::jwks::Keys;

const LONGEST: usize = 16 * 1024;

pub struct SignedTokens {
    config: JwtConfig,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl SignedTokens {
    pub fn new(config: JwtConfig, clock: Arc<dyn Clock>) -> Self {
        Self { keys: Keys::new(config.jwks.clone(), config.tls.clone()), config, clock }
    }
}

#[async_trait]
impl Authenticator for SignedTokens {
    async fn authenticate(&self, token: &str, _: &AskedWith) -> Result<Verified, AuthError> {
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
        let until = check(&claims, &self.config, self.clock.unix_seconds())?;
        let name =
            claims.get("sub").and_then(Value::as_str).ok_or_else(|| rejected("names nobody: it has no 'sub'"))?;
        let caller = claims::caller(name, &claims, &self.config.mapping)?;
        Ok(Verified { caller: Some(caller), until: Some(until) })
    }

    fn challenge(&self) -> String {
        match &self.config.issuer {
            Some(issuer) => {
                format!("Authentication required. Please provide a valid OAuth2 Bearer token from {issuer}")
            }
            None => {
                "Authentication required. Please provide a valid OAuth2 Bearer token in the Authorization header".into()
            }
        }
    }
}

fn rejected(why: &str) -> AuthError {
    AuthError::Rejected(format!("the token {why}"))
}

/// Whether the claims hold at `now` (unix seconds); until when they do.
fn check(claims: &Map<String, Value>, config: &JwtConfig, now: i64) -> Result<i64, AuthError> {
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
    use std::time::Duration;

    use serde_json::json;

    use super::super::config::{JwksConfig, Mapping, Tls, default_algorithms};
    use super::*;

    fn config() -> JwtConfig {
        JwtConfig {
            jwks: JwksConfig { uri: String::new(), token: None, recheck: Duration::from_secs(1) },
            issuer: Some("https://id".into()),
            audience: "llama-stack".into(),
            algorithms: default_algorithms(),
            leeway: Duration::from_secs(30),
            mapping: Mapping::new(),
            tls: Tls::default(),
            remembered: Duration::ZERO,
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
