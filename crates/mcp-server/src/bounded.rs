//! A handler whose tool calls end: by answer, deadline, cancellation or panic.

use std::{any::Any, borrow::Cow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::*,
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use tokio::sync::Semaphore;

use crate::McpServerConfig;

/// What all handlers of one server share.
#[derive(Clone)]
pub(crate) struct CallLimits {
    permits: Arc<Semaphore>,
    timeout: Duration,
}

impl CallLimits {
    pub(crate) fn new(config: &McpServerConfig) -> Self {
        Self { permits: Arc::new(Semaphore::new(config.max_concurrent_calls.max(1))), timeout: config.call_timeout() }
    }
}

/// Forwards everything to `inner` and puts limits around `tools/call` only.
pub(crate) struct Bounded<H> {
    inner: H,
    limits: CallLimits,
}

impl<H: ServerHandler> Bounded<H> {
    pub(crate) fn new(inner: H, config: &McpServerConfig) -> Self {
        Self::sharing(inner, CallLimits::new(config))
    }

    pub(crate) fn sharing(inner: H, limits: CallLimits) -> Self {
        Self { inner, limits }
    }

    async fn permitted(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let _permit = self.limits.permits.acquire().await;
        self.inner.call_tool(request, context).await
    }
}

fn tool_failure(text: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

type Answer<T> = Result<T, ErrorData>;
type Call = RequestContext<RoleServer>;
type Notice = NotificationContext<RoleServer>;

#[expect(deprecated, reason = "legacy clients still subscribe to resources the old way")]
impl<H: ServerHandler> ServerHandler for Bounded<H> {
    async fn call_tool(&self, request: CallToolRequestParams, context: Call) -> Answer<CallToolResponse> {
        let tool = request.name.clone();
        let cancelled = context.ct.clone();
        let work = AssertUnwindSafe(self.permitted(request, context)).catch_unwind();
        // Dropping `work` stops the tool wherever it awaits: a tool need not watch
        // the token itself, and a client that has gone costs nothing more.
        tokio::select! {
            biased;
            () = cancelled.cancelled() => {
                tracing::info!(tool = %tool, "tool call cancelled");
                Err(ErrorData::internal_error("the call was cancelled", None))
            }
            outcome = tokio::time::timeout(self.limits.timeout, work) => match outcome {
                Ok(Ok(answer)) => answer,
                Ok(Err(panic)) => {
                    tracing::error!(tool = %tool, panic = panic_text(&*panic), "tool panicked");
                    Ok(tool_failure(format!("{tool}: internal error, the call was abandoned")))
                }
                Err(_) => {
                    let seconds = self.limits.timeout.as_secs();
                    tracing::warn!(tool = %tool, seconds, "tool call timed out");
                    Ok(tool_failure(format!("{tool}: no result within {seconds} seconds")))
                }
            }
        }
    }

    async fn ping(&self, context: Call) -> Answer<()> {
        self.inner.ping(context).await
    }

    async fn initialize(&self, request: InitializeRequestParams, context: Call) -> Answer<InitializeResult> {
        self.inner.initialize(request, context).await
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Answer<InitializeResult> {
        self.inner.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }

    async fn discover(&self, context: Call) -> Answer<DiscoverResult> {
        self.inner.discover(context).await
    }

    async fn complete(&self, request: CompleteRequestParams, context: Call) -> Answer<CompleteResult> {
        self.inner.complete(request, context).await
    }

    async fn set_level(&self, request: SetLevelRequestParams, context: Call) -> Answer<()> {
        self.inner.set_level(request, context).await
    }

    async fn get_prompt(&self, request: GetPromptRequestParams, context: Call) -> Answer<GetPromptResponse> {
        self.inner.get_prompt(request, context).await
    }

    async fn list_prompts(&self, request: Option<PaginatedRequestParams>, context: Call) -> Answer<ListPromptsResult> {
        self.inner.list_prompts(request, context).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Call,
    ) -> Answer<ListResourcesResult> {
        self.inner.list_resources(request, context).await
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Call,
    ) -> Answer<ListResourceTemplatesResult> {
        self.inner.list_resource_templates(request, context).await
    }

    async fn read_resource(&self, request: ReadResourceRequestParams, context: Call) -> Answer<ReadResourceResponse> {
        self.inner.read_resource(request, context).await
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.inner.accepted_subscription_filter(requested)
    }

    async fn listen(&self, context: SubscriptionContext) -> Answer<()> {
        self.inner.listen(context).await
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: Call) -> Answer<()> {
        self.inner.subscribe(request, context).await
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, context: Call) -> Answer<()> {
        self.inner.unsubscribe(request, context).await
    }

    async fn list_tools(&self, request: Option<PaginatedRequestParams>, context: Call) -> Answer<ListToolsResult> {
        self.inner.list_tools(request, context).await
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.get_tool(name)
    }

    async fn on_custom_request(&self, request: CustomRequest, context: Call) -> Answer<CustomResult> {
        self.inner.on_custom_request(request, context).await
    }

    async fn on_cancelled(&self, notification: CancelledNotificationParam, context: Notice) {
        self.inner.on_cancelled(notification, context).await;
    }

    async fn on_progress(&self, notification: ProgressNotificationParam, context: Notice) {
        self.inner.on_progress(notification, context).await;
    }

    async fn on_initialized(&self, context: Notice) {
        self.inner.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: Notice) {
        self.inner.on_roots_list_changed(context).await;
    }

    async fn on_custom_notification(&self, notification: CustomNotification, context: Notice) {
        self.inner.on_custom_notification(notification, context).await;
    }

    fn get_info(&self) -> ServerConfig {
        self.inner.get_info()
    }
}
