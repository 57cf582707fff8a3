//! Which addresses a caller may make us speak to.
//!
//! An address from our own configuration is trusted. One that came in a request
//! must not lead to the machines around us: names are resolved once, judged, and
//! the judged address is the one connected to.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use super::McpConfig;

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("not a valid URL")]
    NotAUrl,
    #[error("only http:// and https:// are served")]
    Scheme,
    #[error("user names in URLs are not accepted")]
    UserInfo,
    #[error("{host} is {kind}; an operator can allow it")]
    Private { host: String, kind: &'static str },
    #[error("{0} does not resolve")]
    Unknown(String),
}

#[derive(Debug, Clone)]
pub(super) struct AddressRules {
    allow_loopback: bool,
    allowed_hosts: Arc<[String]>,
}

impl AddressRules {
    pub(super) fn new(config: &McpConfig) -> Self {
        Self { allow_loopback: config.allow_loopback, allowed_hosts: config.allowed_hosts.clone().into() }
    }

    /// Judges what can be judged before a name is resolved.
    pub(super) fn check(&self, url: &str, trusted: bool) -> Result<Url, AddressError> {
        let url = Url::parse(url).map_err(|_| AddressError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        let host = url.host_str().ok_or(AddressError::NotAUrl)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
        if !trusted && let Ok(ip) = literal {
            self.permit(host, ip)?;
        }
        Ok(url)
    }

    fn permit(&self, host: &str, ip: IpAddr) -> Result<(), AddressError> {
        if self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
            return Ok(());
        }
        match kind(ip) {
            None => Ok(()),
            Some("on loopback") if self.allow_loopback => Ok(()),
            Some(kind) => Err(AddressError::Private { host: host.to_owned(), kind }),
        }
    }
}

impl Resolve for AddressRules {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let unknown = || AddressError::Unknown(host.clone());
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map_err(|_| unknown())?;
            let found: Vec<SocketAddr> = found.collect();
            // One bad address condemns the name: else it would be a matter of luck.
            for address in &found {
                rules.permit(&host, address.ip())?;
            }
            if found.is_empty() {
                return Err(unknown().into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What makes an address special; `None` for an ordinary public one.
fn kind(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => kind_v4(ip),
        IpAddr::V6(ip) => kind_v6(ip),
    }
}

fn kind_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (127, ..) => Some("on loopback"),
        (0, ..) => Some("unspecified"),
        (10, ..) | (192, 168, _) => Some("in a private network"),
        (172, 16..=31, _) => Some("in a private network"),
        (100, 64..=127, _) => Some("in a shared network"),
        (169, 254, _) => Some("link-local"),
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => Some("reserved"),
        (224.., ..) => Some("multicast or reserved"),
        _ => None,
    }
}

fn kind_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if ip.is_loopback() {
        return Some("on loopback");
    }
    if ip.is_unspecified() {
        return Some("unspecified");
    }
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        kind_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // IPv4 in other clothes: mapped, compatible, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("in a private network"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("link-local"),
        [first, ..] if first & 0xff00 == 0xff00 => Some("multicast or reserved"),
        [0x2001, 0xdb8, ..] => Some("reserved"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_loopback: bool, allowed: &[&str]) -> AddressRules {
        let allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        AddressRules::new(&McpConfig { allow_loopback, allowed_hosts, ..McpConfig::default() })
    }

    #[test]
    fn a_caller_cannot_reach_the_neighbourhood() {
        let rules = rules(false, &[]);
        for url in [
            "http://127.0.0.1/mcp",
            "http://[::1]/mcp",
            "http://0.0.0.0/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::127.0.0.1]/",
            "http://169.254.169.254/latest",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://10.0.0.8:8080/sse",
            "http://100.64.0.1/",
            "http://172.20.1.1/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:7f00:1::]/",
            "http://255.255.255.255/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "http://a@example.com/",
            "not a url",
        ] {
            assert!(rules.check(url, false).is_err(), "{url}");
        }
        assert!(rules.check("https://example.com/mcp", false).is_ok());
        assert!(rules.check("http://93.184.216.34/mcp", false).is_ok());
    }

    #[test]
    fn loopback_and_named_hosts_can_be_allowed() {
        let rules = rules(true, &["10.0.0.8"]);
        assert!(rules.check("http://127.0.0.1:8081/sse", false).is_ok());
        assert!(rules.check("http://10.0.0.8/sse", false).is_ok());
        assert!(rules.check("http://10.0.0.9/sse", false).is_err());
        assert!(rules.check("http://10.0.0.9/sse", true).is_ok());
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_resolves_to() {
        let name = || "localhost".parse::<Name>().expect("a name");
        assert!(rules(true, &[]).resolve(name()).await.is_ok());
        assert!(rules(false, &[]).resolve(name()).await.is_err());
        assert!(rules(false, &["localhost"]).resolve(name()).await.is_ok());
    }
}
