//! The claims service's settings.

use crate::config::StackConfig;

pub fn config(config: &StackConfig) -> claims::ClaimsConfig {
    let own = &config.claims;
    claims::ClaimsConfig {
        data_dir: config.data_dir.join("claims"),
        database_url: own.database_url.clone(),
        document_roots: own.document_roots.clone(),
        stack_url: own.stack_url.clone(),
        stack_token: own.stack_token.clone(),
        model: own.model.clone(),
        tools: claims::ToolServers {
            ocr_url: own.tools.ocr.clone(),
            rag_url: own.tools.rag.clone(),
            decision_url: own.tools.decision.clone(),
            token: None,
        },
        service_token: config.service_token.clone(),
        workers: own.workers,
        run_timeout_seconds: own.run_timeout_seconds,
        allowed: own.allowed.clone(),
        access: own.access.clone(),
        ..claims::ClaimsConfig::default()
    }
}
