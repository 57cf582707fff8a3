//! `server`: where to listen, who may call, how often.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use crate::RunConfigError;
use crate::file::Server;
use crate::reader::{Reader, plain};

const PORT: u16 = 8321;

pub fn server(reader: &mut Reader<'_>, server: Option<Server>) -> Result<(), RunConfigError> {
    let server = server.unwrap_or_default();
    for (key, value) in
        [("tls_certfile", server.tls_certfile), ("tls_keyfile", server.tls_keyfile), ("tls_cafile", server.tls_cafile)]
    {
        let path = format!("server.{key}");
        // Serving without it what was meant to be sealed would be worse than not serving.
        if let Some(value) = value
            && !reader.value(&path, value)?.is_null()
        {
            return Err(reader.rule(&path, "TLS ends at the Route or a proxy before this server; take the key out"));
        }
    }
    let port = match server.port {
        Some(port) => reader.value("server.port", port)?,
        None => Value::Null,
    };
    let port = match plain(&port) {
        Some(port) => port.parse().map_err(|_| reader.rule("server.port", "a port: 1 to 65535"))?,
        None => PORT,
    };
    let host = match server.host {
        Some(host) => plain(&reader.value("server.host", host)?),
        None => None,
    };
    let host: IpAddr = match host {
        Some(host) => host.parse().map_err(|_| reader.rule("server.host", "an IP address, such as 0.0.0.0"))?,
        None => Ipv4Addr::UNSPECIFIED.into(),
    };
    reader.gateway.insert("listen".into(), json!(SocketAddr::new(host, port)));
    if let Some(auth) = server.auth {
        let auth = reader.value("server.auth", auth)?;
        auth_keys(reader, auth)?;
    }
    if let Some(quota) = server.quota {
        let quota = reader.value("server.quota", quota)?;
        reader.gateway.insert("quota".into(), quota);
    }
    Ok(())
}

/// A provider without a type asks nobody: that is how these files switch it off.
fn auth_keys(reader: &mut Reader<'_>, mut auth: Value) -> Result<(), RunConfigError> {
    if auth.is_null() {
        return Ok(());
    }
    let Some(entries) = auth.as_object_mut() else {
        return Err(reader.rule("server.auth", "a map with provider_config"));
    };
    if let Some(provider) = entries.get_mut("provider_config") {
        let off = provider.get("type").is_none_or(Value::is_null);
        if off {
            entries.remove("provider_config");
            // Its rules are for callers who have a name.
            entries.remove("access_policy");
            reader.note("server.auth is off: its type is empty; nobody is asked for a token".into());
        } else if provider.get("jwks").is_some_and(|jwks| jwks.get("uri").is_none_or(Value::is_null))
            && let Some(provider) = provider.as_object_mut()
        {
            provider.remove("jwks");
        }
    }
    reader.gateway.insert("auth".into(), auth);
    Ok(())
}
