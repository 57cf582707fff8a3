//! Builds the decision server.

use std::path::PathBuf;
use std::sync::Arc;

use host::{AlwaysReady, Service};
use mcp_server::McpServerConfig;
use mcp_server::evidence::{EvidenceClient, EvidenceConfig, EvidenceError};
use serde::Deserialize;

use crate::opinion::OpinionRule;
use crate::policy::{Policy, PolicyError};
use crate::tool::DecisionTools;

/// Settings of the decision server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionConfig {
    /// The claims service: claims are decided by reference. Without it the facts must
    /// be in the call.
    pub claims: Option<EvidenceConfig>,
    /// Policy file; the built-in policy when absent.
    pub policy: Option<PathBuf>,
    /// Whether an agent's opinion may send an approval to a person (`heed`) or is
    /// only noted (`note`).
    pub opinion: OpinionRule,
    pub mcp: McpServerConfig,
}

/// Why the decision server cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("decision: {0}")]
    Policy(#[from] PolicyError),
    #[error("decision: claims: {0}")]
    Claims(#[from] EvidenceError),
}

/// The decision server. The policy is read and checked here, before anything listens.
pub fn service(config: DecisionConfig) -> Result<Service, StartError> {
    let tools = tools(&config)?;
    let handler = move || tools.clone();
    Ok(mcp_server::service("decision", handler, config.mcp, Arc::new(AlwaysReady)))
}

/// The tools alone, for a server on standard input and output.
pub fn tools(config: &DecisionConfig) -> Result<DecisionTools, StartError> {
    let policy = match &config.policy {
        Some(path) => Policy::from_path(path)?,
        None => Policy::embedded()?,
    };
    let claims = config.claims.clone().map(EvidenceClient::new).transpose()?;
    Ok(DecisionTools::new(policy, claims, config.opinion))
}
