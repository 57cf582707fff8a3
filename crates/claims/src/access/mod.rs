//! Who calls, what they may do, how often, and from where: asked before any handler runs.
//!
//! Handlers take a [`Caller`] to name in events and reviews who acted.

mod config;
mod door;
mod pace;
mod roles;
mod routes;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use identity::{Listed, Refused, SignedTokens, claim_of};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::{ApiError, ErrorKind};
use crate::clock::Clock;

pub use config::{AccessConfig, AccessToken, OidcConfig, RateLimit};
pub(crate) use door::guarded;
pub use roles::{Need, Role};
pub(crate) use routes::need_of_route;

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Caller {
    /// The token's name in the settings, or the `sub` that the issuer gave. `local` where nobody is asked.
    #[schema(value_type = String)]
    pub subject: Arc<str>,
    pub role: Role,
}

impl Caller {
    fn new(subject: &str, role: Role) -> Self {
        Self { subject: subject.into(), role }
    }

    /// Whether texts with personal data in them are shown to them.
    pub fn sees_texts(&self) -> bool {
        self.role.may(Need::OpenPersonalData)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        // Only a route outside of the door lacks one.
        caller.ok_or_else(|| ApiError::new(ErrorKind::Unauthorized, "this route does not know who calls"))
    }
}

/// Tells whose token it is.
pub(crate) struct Access {
    /// Everybody is the administrator.
    open: bool,
    tokens: Listed<Caller>,
    issuer: Option<Issuer>,
    clock: Arc<dyn Clock>,
    pace: pace::Pace,
}

struct Issuer {
    tokens: SignedTokens,
    settings: OidcConfig,
}

impl Access {
    pub fn new(config: &AccessConfig, clock: Arc<dyn Clock>) -> Self {
        let tokens = config.tokens.iter().map(|token| (&token.token, Caller::new(&token.subject, token.role)));
        let issuer = config
            .signed_tokens()
            .map(|(settings, signed)| Issuer { tokens: SignedTokens::new(signed), settings: settings.clone() });
        Self {
            open: config.is_open(),
            tokens: Listed::new(tokens),
            issuer,
            clock,
            pace: pace::Pace::new(config.rate_limit),
        }
    }

    async fn caller(&self, token: Option<&str>) -> Result<Caller, Stranger> {
        if self.open {
            return Ok(Caller::new("local", Role::Admin));
        }
        let token = token.filter(|token| !token.is_empty()).ok_or(Stranger::NoToken)?;
        if let Some(caller) = self.tokens.find(token) {
            return Ok(caller.clone());
        }
        let Some(issuer) = &self.issuer else { return Err(Stranger::Rejected("the token is not known here".into())) };
        let verified =
            issuer.tokens.verify(token, self.clock.now().as_second()).await.map_err(|refused| match refused {
                Refused::Rejected(why) => Stranger::Rejected(why),
                Refused::Unavailable(_) => Stranger::NobodyKnows,
            })?;
        if !config::named(&verified.subject) {
            return Err(Stranger::Rejected("the token's 'sub' must be 1 to 128 printable characters".into()));
        }
        let role = issuer.settings.role_of(&verified.claims).ok_or(Stranger::NoRole)?;
        Ok(Caller::new(&verified.subject, role))
    }
}

impl OidcConfig {
    /// The highest role that the token gives, by the configured claim.
    fn role_of(&self, claims: &Map<String, Value>) -> Option<Role> {
        let name = self.role_claim.as_deref().filter(|name| !name.is_empty()).unwrap_or("roles");
        let role = |value: &str| match self.roles.is_empty() {
            true => Role::parse(value),
            false => self.roles.get(value).copied(),
        };
        match claim_of(claims, name)? {
            Value::String(text) => text.split_whitespace().filter_map(role).max(),
            Value::Array(values) => values.iter().filter_map(Value::as_str).filter_map(role).max(),
            _ => None,
        }
    }
}

/// Somebody who is not let in.
#[derive(Debug, PartialEq, Eq)]
enum Stranger {
    NoToken,
    /// Why, in words fit for whoever sent the token.
    Rejected(String),
    /// The issuer's keys are not to be had now.
    NobodyKnows,
    NoRole,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_highest_role_a_token_names_counts() {
        let plain = OidcConfig::default();
        let keycloak = OidcConfig {
            role_claim: Some("realm_access.roles".into()),
            roles: [("gestionnaires".to_owned(), Role::Adjuster), ("chefs".to_owned(), Role::Supervisor)].into(),
            ..OidcConfig::default()
        };
        let table = [
            (&plain, json!({"roles": ["viewer", "adjuster", "cook"]}), Some(Role::Adjuster)),
            (&plain, json!({"roles": "viewer service"}), Some(Role::Service)),
            (&plain, json!({"roles": ["Admin"]}), None),
            (&plain, json!({"roles": {"admin": true}}), None),
            (&plain, json!({}), None),
            (&keycloak, json!({"realm_access": {"roles": ["gestionnaires", "chefs"]}}), Some(Role::Supervisor)),
            (&keycloak, json!({"realm_access": {"roles": ["admin"]}}), None),
            (&keycloak, json!({"roles": ["admin"]}), None),
        ];
        for (config, claims, expected) in table {
            assert_eq!(config.role_of(claims.as_object().unwrap()), expected, "{claims}");
        }
    }
}
