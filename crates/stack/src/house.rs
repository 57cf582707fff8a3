//! Starts services: each on its own listener, speaking HTTP to the others exactly as in a cluster.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use host::{Service, Stop};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::compose;
use crate::config::StackConfig;

/// Services bound and ready to be served.
pub struct House {
    listening: Vec<(Service, TcpListener)>,
    grace: Duration,
    pub addresses: Addresses,
}

/// Where each service of a whole house listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    pub gateway: SocketAddr,
    pub ocr: SocketAddr,
    pub rag: SocketAddr,
    pub decision: SocketAddr,
    pub claims: SocketAddr,
}

impl House {
    /// Every service in this process. Listeners are bound first, so that the services know each other's address even
    /// when the configuration asks for port 0.
    pub async fn whole(mut config: StackConfig) -> Result<Self> {
        compose::claims_config(&config).may_listen(config.claims.listen)?;
        let gateway = bind("gateway", config.gateway.listen).await?;
        let ocr = bind("ocr", config.ocr.listen).await?;
        let rag = bind("rag", config.rag.listen).await?;
        let decision = bind("decision", config.decision.listen).await?;
        let claims = bind("claims", config.claims.listen).await?;
        let addresses = Addresses {
            gateway: gateway.local_addr()?,
            ocr: ocr.local_addr()?,
            rag: rag.local_addr()?,
            decision: decision.local_addr()?,
            claims: claims.local_addr()?,
        };
        join_up(&mut config, addresses)?;
        let listening = vec![
            (compose::gateway(&config, true).await?, gateway),
            (compose::ocr(&config).await?, ocr),
            (compose::rag(&config)?, rag),
            (compose::decision(&config)?, decision),
            (claims::service(compose::claims_config(&config)).await?, claims),
        ];
        Ok(Self { listening, grace: Duration::from_secs(config.grace_seconds), addresses })
    }

    pub async fn serve(self, stop: Stop) -> Result<()> {
        Ok(host::serve(self.listening, stop, self.grace).await?)
    }
}

/// For a house that nobody else should meet: it asks nobody who they are, so its claims service stays on loopback.
pub fn on_free_ports(config: &mut StackConfig) {
    for listen in [
        &mut config.gateway.listen,
        &mut config.ocr.listen,
        &mut config.rag.listen,
        &mut config.decision.listen,
        &mut config.claims.listen,
    ] {
        listen.set_port(0);
    }
    config.claims.listen.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    config.claims.access = claims::access::AccessConfig::default();
}

/// One service on its own.
pub async fn serve_one(service: Service, listen: SocketAddr, grace_seconds: u64) -> Result<()> {
    let listener = bind(service.name, listen).await?;
    crate::output::remark(&format!("{} http://{}", service.name, listener.local_addr()?));
    host::serve(vec![(service, listener)], Stop::on_signals()?, Duration::from_secs(grace_seconds)).await?;
    Ok(())
}

async fn bind(service: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{service} cannot listen on {address}"))
}

/// Points every service of the house at the others, and gives them a token in common.
fn join_up(config: &mut StackConfig, at: Addresses) -> Result<()> {
    let url = |address: SocketAddr| format!("http://{}:{}", reachable(address), address.port());
    if config.service_token.is_none() {
        config.service_token = Some(fresh_token()?);
    }
    let claims = Some(url(at.claims));
    config.ocr.claims_url.clone_from(&claims);
    config.rag.claims_url.clone_from(&claims);
    config.decision.claims_url = claims;
    config.rag.stack_url = url(at.gateway);
    if let Some(free_text) = &mut config.ocr.free_text {
        free_text.stack_url = url(at.gateway);
    }
    config.claims.stack_url = url(at.gateway);
    config.claims.stack_token = config.claims.stack_token.take().or_else(|| config.gateway.token.clone());
    config.claims.tools.ocr = format!("{}/mcp", url(at.ocr));
    config.claims.tools.rag = format!("{}/mcp", url(at.rag));
    config.claims.tools.decision = format!("{}/mcp", url(at.decision));
    for (label, address) in [("ocr", at.ocr), ("rag", at.rag), ("decision", at.decision)] {
        if let Some(connector) = config.gateway.connectors.get_mut(label) {
            connector.url = Some(format!("{}/mcp", url(address)));
        }
    }
    Ok(())
}

/// A listener on every interface is reached over loopback from inside.
fn reachable(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".into(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        ip => ip.to_string(),
    }
}

/// 256 random bits, known to this process alone.
fn fresh_token() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(SecretString::from(hex::encode(bytes)))
}
