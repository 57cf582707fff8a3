//! Search on the web, through whichever service the operator has chosen.

use async_trait::async_trait;

use crate::context::CallContext;
use crate::tools::ToolError;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebQuery {
    pub words: String,
    /// Pages wanted at most.
    pub limit: usize,
    /// Only pages of these hosts; all when empty.
    pub domains: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebPage {
    pub url: String,
    pub title: String,
    /// What the service quotes of the page.
    pub text: String,
}

#[async_trait]
pub trait WebSearch: Send + Sync {
    /// Best first.
    async fn search(&self, query: &WebQuery, cx: &CallContext) -> Result<Vec<WebPage>, ToolError>;
}
