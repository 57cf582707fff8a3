//! Opaque tokens: the authorization server is asked about each (RFC 7662).

use async_trait::async_trait;
use identity::Door;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::config::IntrospectionConfig;
use super::{claims, refused};

const FORM: &str = "application/x-www-form-urlencoded";

fn encoded(form: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://localhost", form);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

pub struct Introspection {
    config: IntrospectionConfig,
    door: Door,
}

impl Introspection {
    pub fn new(config: IntrospectionConfig) -> Self {
        Self { door: Door::new(config.tls.clone()), config }
    }
}

#[async_trait]
impl Authenticator for Introspection {
    async fn authenticate(&self, token: &str, _: &AskedWith) -> Result<Verified, AuthError> {
        let (id, secret) = (self.config.client_id.as_str(), self.config.client_secret.expose_secret());
        let mut form = vec![("token", token)];
        let request = self.door.client().map_err(refused)?.post(&self.config.url).header("accept", "application/json");
        let request = match self.config.send_secret_in_body {
            true => {
                form.extend([("client_id", id), ("client_secret", secret)]);
                request
            }
            false => request.basic_auth(id, Some(secret)),
        };
        let (status, body) =
            self.door.ask(request.header("content-type", FORM).body(encoded(&form))).await.map_err(refused)?;
        if !status.is_success() {
            // Our own credentials are refused, or the address is wrong: nothing is known of the token.
            let why = format!("it answered {} to a question about a token", status.as_u16());
            tracing::warn!(status = status.as_u16(), "the introspection endpoint refuses to answer");
            return Err(AuthError::Unavailable(why));
        }
        let rejected = || AuthError::Rejected("the token is not active".into());
        let fields =
            body.as_object().filter(|body| body.get("active") == Some(&Value::Bool(true))).ok_or_else(rejected)?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let name = text("sub").or_else(|| text("username")).ok_or_else(rejected)?;
        let caller = claims::caller(name, fields, &self.config.mapping)?;
        Ok(Verified { caller: Some(caller), until: fields.get("exp").and_then(Value::as_i64) })
    }

    fn challenge(&self) -> String {
        "Authentication required. Please provide a valid OAuth2 Bearer token in the Authorization header".into()
    }
}
