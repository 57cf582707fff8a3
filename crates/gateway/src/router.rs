//! Every route on one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::app::App;
use crate::errors::ApiError;
use crate::{
    admission, agents, batches, chat, completions, conversations, embeddings, files, inspect, messages, models,
    openapi, prompts, rerank, responses, safety, socket, text_completions, tools, turns, vectors,
};

/// Method and path of all we serve, for `/v1/inspect/routes`. A test holds it against the router.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/v1/health"),
    ("GET", "/v1/version"),
    ("GET", "/v1/providers"),
    ("GET", "/v1/providers/{provider_id}"),
    ("GET", "/v1/inspect/routes"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{*model_id}"),
    ("POST", "/v1/models"),
    ("DELETE", "/v1/models/{*model_id}"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/chat/completions"),
    ("GET", "/v1/chat/completions/{completion_id}"),
    ("DELETE", "/v1/chat/completions/{completion_id}"),
    ("GET", "/v1/chat/completions/{completion_id}/messages"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/messages"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses"),
    ("POST", "/v1/responses/compact"),
    ("GET", "/v1/responses/{response_id}"),
    ("DELETE", "/v1/responses/{response_id}"),
    ("GET", "/v1/responses/{response_id}/input_items"),
    ("POST", "/v1/responses/{response_id}/cancel"),
    ("POST", "/v1/conversations"),
    ("GET", "/v1/conversations/{conversation_id}"),
    ("POST", "/v1/conversations/{conversation_id}"),
    ("DELETE", "/v1/conversations/{conversation_id}"),
    ("GET", "/v1/conversations/{conversation_id}/items"),
    ("POST", "/v1/conversations/{conversation_id}/items"),
    ("GET", "/v1/conversations/{conversation_id}/items/{item_id}"),
    ("DELETE", "/v1/conversations/{conversation_id}/items/{item_id}"),
    ("GET", "/v1/prompts"),
    ("POST", "/v1/prompts"),
    ("GET", "/v1/prompts/{prompt_id}"),
    ("POST", "/v1/prompts/{prompt_id}"),
    ("PUT", "/v1/prompts/{prompt_id}"),
    ("DELETE", "/v1/prompts/{prompt_id}"),
    ("GET", "/v1/prompts/{prompt_id}/versions"),
    ("POST", "/v1/prompts/{prompt_id}/set-default-version"),
    ("PUT", "/v1/prompts/{prompt_id}/set-default-version"),
    ("POST", "/agents/sessions/create"),
    ("POST", "/agents/session/create"),
    ("POST", "/agents/turn/create"),
];

const ADMIN: &[(&str, &str)] = &[
    ("GET", "/health"),
    ("GET", "/version"),
    ("GET", "/providers"),
    ("GET", "/providers/{provider_id}"),
    ("GET", "/inspect/routes"),
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
    ("/v1", batches::ROUTES),
    ("/v1alpha", rerank::ROUTES),
    ("/v1alpha/admin", ADMIN),
];

/// Every route with its whole path.
pub fn routes() -> impl Iterator<Item = (&'static str, String)> {
    let own = ROUTES.iter().map(|(method, path)| (*method, (*path).to_owned()));
    let mounted = MOUNTED
        .iter()
        .flat_map(|(prefix, routes)| routes.iter().map(move |(method, path)| (*method, format!("{prefix}{path}"))));
    own.chain(mounted)
}

/// The routes that answer most of all. Not nested: a nested route is boxed and cloned once more for each request.
fn openai(prefix: &str) -> Router<Arc<App>> {
    let at = |path: &str| format!("{prefix}{path}");
    Router::new()
        .route(&at("/chat/completions"), post(chat::create).get(completions::list))
        .route(&at("/chat/completions/{completion_id}"), get(completions::get).delete(completions::remove))
        .route(&at("/chat/completions/{completion_id}/messages"), get(completions::messages))
        .route(&at("/completions"), post(text_completions::create))
        .route(&at("/embeddings"), post(embeddings::create))
        .route(&at("/models"), get(models::list).post(models::register))
        .route(&at("/models/{*model_id}"), get(models::one).delete(models::unregister))
        .route(&at("/responses"), post(responses::create).get(socket::list_or_open))
        .route(&at("/responses/compact"), post(responses::compact))
        .route(&at("/responses/{response_id}"), get(responses::get).delete(responses::remove))
        .route(&at("/responses/{response_id}/input_items"), get(responses::input_items))
        .route(&at("/responses/{response_id}/cancel"), post(responses::cancel))
}

/// The control plane as a service: ready as soon as it listens, whatever its providers do.
pub fn service(app: Arc<App>) -> host::Service {
    let open = Router::new()
        .route("/v1/health", get(inspect::health))
        .route("/v1/version", get(inspect::version))
        .route("/v1alpha/admin/health", get(inspect::health))
        .route("/v1alpha/admin/version", get(inspect::version))
        .route("/openapi.json", get(openapi::document));
    let state = Router::new()
        .route("/conversations", post(conversations::create))
        .route(
            "/conversations/{conversation_id}",
            get(conversations::get).post(conversations::update).delete(conversations::remove),
        )
        .route("/conversations/{conversation_id}/items", get(conversations::items).post(conversations::create_items))
        .route(
            "/conversations/{conversation_id}/items/{item_id}",
            get(conversations::item).delete(conversations::remove_item),
        )
        .route("/prompts", get(prompts::list).post(prompts::create))
        .route(
            "/prompts/{prompt_id}",
            get(prompts::get).post(prompts::update).put(prompts::update).delete(prompts::remove),
        )
        .route("/prompts/{prompt_id}/versions", get(prompts::versions))
        .route("/prompts/{prompt_id}/set-default-version", post(prompts::set_default).put(prompts::set_default));
    let kept = files::router().merge(vectors::router()).merge(safety::router()).merge(batches::router());
    let looked_at = Router::new()
        .route("/providers", get(inspect::providers))
        .route("/providers/{provider_id}", get(inspect::provider))
        .route("/inspect/routes", get(inspect::routes));
    let closed = Router::new()
        .route("/v1/messages", post(messages::create))
        .merge(openai("/v1"))
        .nest("/v1", state.merge(kept.clone()).merge(agents::router()).merge(tools::router()))
        .nest("/v1", looked_at.clone())
        .nest("/v1alpha", agents::router().route("/inference/rerank", post(rerank::create)))
        // Llama Stack from 0.4 has the operator's questions here.
        .nest("/v1alpha/admin", looked_at)
        .nest("/v1beta", tools::beta_router())
        // Llama Stack up to 0.3 serves the same routes under this prefix too.
        .merge(openai("/v1/openai/v1"))
        .nest("/v1/openai/v1", kept)
        .route("/agents/sessions/create", post(turns::create_session))
        .route("/agents/session/create", post(turns::create_session))
        .route("/agents/turn/create", post(turns::create_turn));
    let closed = match app.edge.admission.asks_nothing() {
        true => closed,
        false => closed.layer(from_fn_with_state(app.clone(), admission::admit)),
    };
    let allowed = app.edge.allowed.clone();
    let limit = app.edge.max_body_bytes;
    let (responder, completions) = (app.responder.clone(), app.completions.clone());
    let router: Router<Arc<App>> = open.merge(closed);
    let router = router
        .fallback(|| async { ApiError::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
        })
        .layer((host::Guard::new(&allowed), DefaultBodyLimit::max(limit)))
        .with_state(app.clone());
    let (greeted, crewed, counted, kept_well) = (app.clone(), app.clone(), app.clone(), app.clone());
    host::telemetry::register(engine::telemetry::register);
    host::Service::new("gateway", router)
        .with_task(move |stop| responder.watch_over(stop))
        .with_task(move |stop| completions.until(stop))
        .with_task(move |stop| tools::registered::greet_all(greeted, stop))
        .with_task(move |stop| admission::sweep(counted, stop))
        .with_task(move |stop| vectors::care(kept_well, stop))
        .with_task(move |stop| files::sweep(app, stop))
        .with_task(move |stop| batches::work_on_all(crewed, stop))
}
