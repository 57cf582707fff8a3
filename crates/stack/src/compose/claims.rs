//! The claims service's settings.

use crate::config::StackConfig;

pub fn config(config: &StackConfig) -> claims::ClaimsConfig {
    let own = &config.claims;
    let usual = claims::ClaimsConfig::default();
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
        queue_limit: own.queue_limit.unwrap_or(usual.queue_limit),
        run_timeout_seconds: own.run_timeout_seconds,
        max_attempts: own.max_attempts.unwrap_or(usual.max_attempts),
        retry_backoff_seconds: own.retry_backoff_seconds.unwrap_or(usual.retry_backoff_seconds),
        lease_seconds: own.lease_seconds.unwrap_or(usual.lease_seconds),
        review: own.review.clone(),
        allowed: own.allowed.clone(),
        access: own.access.clone(),
        ..usual
    }
}
