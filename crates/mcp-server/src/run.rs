//! The claim run a tool call belongs to.

use rmcp::{RoleServer, service::RequestContext};

/// Header of the HTTP request that carries a tool call, naming the run whose
/// evidence the call may write. Opaque here; the claims service checks it.
pub const CLAIM_RUN_HEADER: &str = "x-claim-run";

/// The run named by the HTTP request that carried this call.
///
/// `None` over stdio, when the header is absent, or when it is not plain ASCII.
/// On the legacy transport it is the header of the POST, not of the stream.
pub fn claim_run(ctx: &RequestContext<RoleServer>) -> Option<String> {
    let parts = ctx.extensions.get::<http::request::Parts>()?;
    let run = parts.headers.get(CLAIM_RUN_HEADER)?.to_str().ok()?.trim();
    (!run.is_empty()).then(|| run.to_owned())
}
