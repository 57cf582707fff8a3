//! The retrieval and decision servers.

use anyhow::{Context, Result};
use decision::Policy;
use mcp_server::McpServerConfig;
use mcp_server::evidence::EvidenceConfig;

use crate::config::StackConfig;

pub fn shell(allowed: &host::Allowed) -> McpServerConfig {
    McpServerConfig {
        allowed_hosts: allowed.hosts.clone(),
        allowed_origins: allowed.origins.clone(),
        ..McpServerConfig::default()
    }
}

/// The claims service as a tool server reaches it; `None` where the server stands alone.
pub fn evidence(config: &StackConfig, url: Option<&String>) -> Option<EvidenceConfig> {
    Some(EvidenceConfig { url: url?.clone(), token: config.service_token.clone(), ..EvidenceConfig::default() })
}

pub fn rag_config(config: &StackConfig) -> rag::RagConfig {
    let own = &config.rag;
    rag::RagConfig {
        claims: evidence(config, own.claims_url.as_ref()),
        reference_dir: own.reference_dir.clone(),
        stack_url: own.stack_url.clone(),
        stack_token: config.gateway.token.clone(),
        embedding_model: own.embedding_model.clone(),
        embedding_languages: own.embedding_languages.clone(),
        more_models: own.more_models.clone(),
        data_dir: Some(config.data_dir.join("rag")),
        mcp: shell(&own.allowed),
        ..rag::RagConfig::default()
    }
}

pub fn rag(config: &StackConfig) -> Result<host::Service> {
    Ok(rag::service(rag_config(config))?)
}

fn decision_config(config: &StackConfig) -> decision::DecisionConfig {
    let own = &config.decision;
    decision::DecisionConfig {
        claims: evidence(config, own.claims_url.as_ref()),
        policy: own.policy.clone(),
        mcp: shell(&own.allowed),
        ..decision::DecisionConfig::default()
    }
}

pub fn decision(config: &StackConfig) -> Result<host::Service> {
    Ok(decision::service(decision_config(config))?)
}

/// The policy that the decision server decides by: its file's text, and what that says.
pub fn policy_text(config: &StackConfig) -> Result<(String, Policy)> {
    let text = match &config.decision.policy {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => Policy::embedded_text().to_owned(),
    };
    let policy = Policy::load(&text)?;
    Ok((text, policy))
}

pub async fn decision_stdio(config: &StackConfig) -> Result<()> {
    Ok(mcp_server::stdio(decision::tools(&decision_config(config))?).await?)
}

pub async fn rag_stdio(config: &StackConfig) -> Result<()> {
    Ok(mcp_server::stdio(rag::tools(rag_config(config)).await?).await?)
}
