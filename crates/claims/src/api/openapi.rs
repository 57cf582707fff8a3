//! The OpenAPI document of the public API.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi as Written, PathItem};
use utoipa::{Modify, OpenApi};

use crate::access::{Need, need_of_route};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "claimstack claims service",
        description = "Claims: submit, process, follow, read the decision. Errors are `{error:{message,type,param,code}, detail}`."
    ),
    modifiers(&Security),
    paths(
        super::claims::list,
        super::claims::one,
        super::claims::statistics,
        super::ask::ask,
        super::ask::questions,
        super::submit::create,
        super::process::process,
        super::jobs::cancel,
        super::review::show,
        super::review::act,
        super::review::assign,
        super::review::messages,
        super::review::statistics,
        super::jobs::submit,
        super::jobs::batch,
        super::jobs::list,
        super::progress::status,
        super::progress::logs,
        super::decision::latest,
        super::decision::all,
        super::decision::evidence,
        super::guardrails::guardrails,
        super::contracts::of_claim,
        super::letter::letter,
        super::audit::export,
        super::events::of_claim,
        super::events::of_all,
        super::documents::view,
        super::me::me,
        super::health::live,
        super::health::ready,
    )
)]
struct Document;

/// Says of each route whose token it asks for, as the table of routes has it.
struct Security;

const SCHEME: &str = "bearer";

impl Modify for Security {
    fn modify(&self, document: &mut Written) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "A token of the settings, or one of the configured OpenID Connect issuer. Not looked at where the service \
             asks nobody who they are (on loopback, by default).",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme.build()));
        for (path, item) in &mut document.paths.paths {
            mark(path, item);
        }
    }
}

fn mark(path: &str, item: &mut PathItem) {
    for (method, operation) in [("GET", &mut item.get), ("POST", &mut item.post), ("DELETE", &mut item.delete)] {
        let Some(operation) = operation else { continue };
        let need = need_of_route(method, path);
        if need == Need::Nothing {
            continue;
        }
        operation.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
        operation.extensions.get_or_insert_default().insert("x-least-role".into(), need.least().as_str().into());
        for (status, meaning) in [
            ("401", "no good token came with the request"),
            ("403", "the caller's role may not do this, or the request comes from a page that may not call"),
            ("429", "too many requests of this caller"),
        ] {
            let missing = utoipa::openapi::ResponseBuilder::new().description(meaning).build();
            operation.responses.responses.entry(status.into()).or_insert_with(|| missing.into());
        }
    }
}

/// The document as pretty JSON.
pub fn openapi_json() -> String {
    serde_json::to_string_pretty(&Document::openapi()).unwrap_or_default()
}

pub async fn serve() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}
