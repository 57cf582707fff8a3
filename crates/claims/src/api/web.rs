//! The web page, embedded in the executable.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
#[allow_missing = true]
struct Assets;

/// Styles come from files alone. `data:` pictures stand in the style sheets of the component library, `blob:` ones are
/// thumbnails; the PDF viewer compiles its decoders for scans, which are files of ours, from WebAssembly.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; \
                      font-src 'self' data:; worker-src 'self'; frame-src 'none'; object-src 'none'; \
                      frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>claimstack</title>\
    <h1>claimstack</h1><p>The claims service is running; its web page was not built into this executable.</p>\
    <p>To have it: run <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>, then build \
    <code>claimstack</code> again.</p>\
    <p lang=\"fr\">Le service des sinistres fonctionne ; la page web n'a pas été construite dans cet exécutable. \
    Pour l'obtenir : <code>npm ci &amp;&amp; npm run build</code> dans <code>web/</code>, puis reconstruire \
    <code>claimstack</code>.</p>\
    <p><a href=\"/openapi.json\">API</a> · <a href=\"/api/v1/claims\">claims</a></p></html>";

/// A file of the page; a path without a file name is a route inside the page and gets the index.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return super::error::method_not_allowed().await.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Assets::get(path) {
        return answer(path, file, &headers);
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("internal/") || last.contains('.') {
        return super::error::no_such_route().await.into_response();
    }
    match Assets::get("index.html") {
        Some(index) => answer("index.html", index, &headers),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    // Names under assets/ carry a hash of their content.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::REFERRER_POLICY, "same-origin".to_owned()),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = file.metadata.mimetype().to_owned();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    (common, [(header::CONTENT_TYPE, kind)], Body::from(file.data)).into_response()
}
