//! Who the service takes the caller for.

use axum::Json;

use crate::access::Caller;

/// The caller's name and role, for a page that shows only what its reader may do.
#[utoipa::path(get, path = "/api/v1/me", responses((status = 200, body = Caller), (status = 401), (status = 403)))]
pub async fn me(caller: Caller) -> Json<Caller> {
    Json(caller)
}
