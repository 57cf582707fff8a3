//! Where an issuer keeps its keys, as it says itself (OpenID Connect Discovery).

use reqwest::Url;
use serde_json::Value;

use crate::Refused;
use crate::door::{Door, unavailable};

const PLACE: &str = "/.well-known/openid-configuration";

/// The address of the issuer's keys. The document must name the issuer that was asked, and give its keys a place with
/// the same safety of transport.
pub(crate) async fn discover(door: &Door, issuer: &str) -> Result<String, Refused> {
    let request = door.client()?.get(format!("{}{PLACE}", issuer.trim_end_matches('/')));
    let (status, body) = door.ask(request).await?;
    if !status.is_success() {
        return Err(unavailable(format!("it answered {} and no description of itself", status.as_u16())));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("issuer") != issuer {
        return Err(unavailable("it names itself otherwise than the configured issuer".into()));
    }
    let keys = text("jwks_uri").to_owned();
    match Url::parse(&keys).ok().filter(|url| url.scheme() == "https" || issuer.starts_with("http://")) {
        Some(_) => Ok(keys),
        None => Err(unavailable("it gives no https address for its keys".into())),
    }
}
