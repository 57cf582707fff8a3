//! Every route on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::app::App;
use crate::errors::ApiError;
use crate::{agents, chat, embeddings, files, inspect, models, openapi, responses, safety, tools, turns, vectors};

/// Method and path of all we serve, for `/v1/inspect/routes`. A test holds it against the router.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/v1/health"),
    ("GET", "/v1/version"),
    ("GET", "/v1/providers"),
    ("GET", "/v1/providers/{provider_id}"),
    ("GET", "/v1/inspect/routes"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{*model_id}"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses"),
    ("GET", "/v1/responses/{response_id}"),
    ("DELETE", "/v1/responses/{response_id}"),
    ("GET", "/v1/responses/{response_id}/input_items"),
    ("POST", "/agents/sessions/create"),
    ("POST", "/agents/session/create"),
    ("POST", "/agents/turn/create"),
];

/// Routes that are served below a prefix.
const MOUNTED: &[(&str, &[(&str, &str)])] = &[
    ("/v1", agents::ROUTES),
    ("/v1alpha", agents::ROUTES),
    ("/v1", tools::ROUTES),
    ("/v1beta", tools::BETA_ROUTES),
    ("/v1", files::ROUTES),
    ("/v1", vectors::ROUTES),
    ("/v1", safety::ROUTES),
];

/// Every route with its whole path.
pub fn routes() -> impl Iterator<Item = (&'static str, String)> {
    let own = ROUTES.iter().map(|(method, path)| (*method, (*path).to_owned()));
    let mounted = MOUNTED
        .iter()
        .flat_map(|(prefix, routes)| routes.iter().map(move |(method, path)| (*method, format!("{prefix}{path}"))));
    own.chain(mounted)
}

/// The control plane as a service: ready as soon as it listens, whatever its providers do.
pub fn service(app: Arc<App>) -> host::Service {
    let open = Router::new()
        .route("/v1/health", get(inspect::health))
        .route("/v1/version", get(inspect::version))
        .route("/openapi.json", get(openapi::document));
    let openai = Router::new()
        .route("/chat/completions", post(chat::create))
        .route("/embeddings", post(embeddings::create))
        .route("/models", get(models::list))
        .route("/models/{*model_id}", get(models::one))
        .route("/responses", post(responses::create).get(responses::list))
        .route("/responses/{response_id}", get(responses::get).delete(responses::remove))
        .route("/responses/{response_id}/input_items", get(responses::input_items));
    let closed = Router::new()
        .route("/v1/providers", get(inspect::providers))
        .route("/v1/providers/{provider_id}", get(inspect::provider))
        .route("/v1/inspect/routes", get(inspect::routes))
        .nest(
            "/v1",
            agents::router()
                .merge(tools::router())
                .merge(files::router())
                .merge(vectors::router())
                .merge(safety::router()),
        )
        .nest("/v1alpha", agents::router())
        .nest("/v1beta", tools::beta_router())
        .nest("/v1", openai.clone())
        // Llama Stack up to 0.3 serves the same routes under this prefix too.
        .nest("/v1/openai/v1", openai)
        .route("/agents/sessions/create", post(turns::create_session))
        .route("/agents/session/create", post(turns::create_session))
        .route("/agents/turn/create", post(turns::create_turn));
    let closed = host::bearer(closed, app.edge.token.clone());
    let allowed = app.edge.allowed.clone();
    let limit = app.edge.max_body_bytes;
    let router: Router<Arc<App>> = open.merge(closed);
    let router = router
        .fallback(|| async { ApiError::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
        })
        .layer(DefaultBodyLimit::max(limit))
        .with_state(app.clone());
    let greeted = app.clone();
    host::Service::new("gateway", host::guard(router, &allowed))
        .with_task(move |stop| tools::registered::greet_all(greeted, stop))
        .with_task(move |stop| files::sweep(app, stop))
}
