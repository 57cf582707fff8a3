//! Every route of the public API with what it asks of its caller. The only place where that is written.

use axum::http::Method;

use super::Need;

/// Method, path as the router knows it, need. `HEAD` counts as `GET`.
pub(crate) const ROUTES: &[(&str, &str, Need)] = &[
    ("GET", "/health", Need::Nothing),
    ("GET", "/health/live", Need::Nothing),
    ("GET", "/health/ready", Need::Nothing),
    ("GET", "/openapi.json", Need::Nothing),
    ("GET", "/docs", Need::Nothing),
    ("GET", "/docs/", Need::Nothing),
    ("GET", "/docs/{*file}", Need::Nothing),
    ("GET", "/api/v1/me", Need::AnyRole),
    ("GET", "/api/v1/claims", Need::Read),
    ("GET", "/api/v1/claims/", Need::Read),
    ("POST", "/api/v1/claims", Need::Submit),
    ("POST", "/api/v1/claims/", Need::Submit),
    ("GET", "/api/v1/claims/statistics/overview", Need::Read),
    ("GET", "/api/v1/claims/{id}", Need::Read),
    ("POST", "/api/v1/claims/{id}/process", Need::Submit),
    ("POST", "/api/v1/claims/{id}/cancel", Need::Submit),
    ("GET", "/api/v1/claims/{id}/review", Need::OpenPersonalData),
    ("POST", "/api/v1/claims/{id}/review", Need::Review),
    ("POST", "/api/v1/claims/{id}/review/assign", Need::Review),
    ("POST", "/api/v1/review/{id}/action", Need::Review),
    ("GET", "/api/v1/review/{id}/messages", Need::OpenPersonalData),
    ("POST", "/api/v1/review/{id}/ask-agent", Need::Review),
    ("GET", "/api/v1/claims/{id}/questions", Need::OpenPersonalData),
    ("POST", "/api/v1/claims/{id}/questions", Need::Review),
    ("GET", "/api/v1/review/statistics", Need::Supervise),
    ("POST", "/api/v1/batches", Need::Submit),
    ("GET", "/api/v1/batches/{id}", Need::Read),
    ("GET", "/api/v1/jobs", Need::Read),
    ("GET", "/api/v1/claims/{id}/audit", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/status", Need::Read),
    ("GET", "/api/v1/claims/{id}/logs", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/steps", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/decision", Need::Read),
    ("GET", "/api/v1/claims/{id}/decisions", Need::Read),
    ("GET", "/api/v1/claims/{id}/letter", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/evidence", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/contracts", Need::OpenPersonalData),
    ("GET", "/api/v1/claims/{id}/guardrails", Need::Read),
    ("GET", "/api/v1/claims/{id}/events", Need::Read),
    ("GET", "/api/v1/claims/documents/{id}/view", Need::OpenPersonalData),
    ("GET", "/api/v1/documents/{id}/view", Need::OpenPersonalData),
    ("GET", "/api/v1/events", Need::Read),
];

/// What this request asks for. A route without a row is for administrators only: one that was forgotten stays shut.
pub(crate) fn need_of(method: &Method, matched: Option<&str>, path: &str) -> Need {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    if let Some(matched) = matched {
        let row = ROUTES.iter().find(|(verb, route, _)| *verb == method && *route == matched);
        if let Some((_, _, need)) = row {
            return *need;
        }
        // A known path with another method is answered 405 to whoever may read it.
        let least = ROUTES.iter().find(|(_, route, _)| *route == matched);
        return least.map_or(Need::Administer, |(_, _, need)| *need);
    }
    // The page and its files hold no data; what they fetch asks for itself.
    if path.starts_with("/api/") { Need::AnyRole } else { Need::Nothing }
}

/// The same for the description of the API.
pub(crate) fn need_of_route(method: &str, path: &str) -> Need {
    let row = ROUTES.iter().find(|(verb, route, _)| *verb == method && *route == path);
    row.map_or(Need::Administer, |(_, _, need)| *need)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_route_that_is_described_has_its_row() {
        let document: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
        for (path, verbs) in document["paths"].as_object().unwrap() {
            for verb in verbs.as_object().unwrap().keys() {
                let verb = verb.to_uppercase();
                let found = ROUTES.iter().any(|(method, route, _)| *method == verb && route == path);
                assert!(found, "{verb} {path} has no row: say in ROUTES who may call it");
            }
        }
    }

    #[test]
    fn what_has_no_row_is_for_administrators() {
        let need = |verb: &str, matched: Option<&str>, path: &str| need_of(&verb.parse().unwrap(), matched, path);
        assert_eq!(need("GET", Some("/api/v1/new"), "/api/v1/new"), Need::Administer);
        assert_eq!(need("HEAD", Some("/api/v1/claims"), "/api/v1/claims"), Need::Read);
        assert_eq!(need("DELETE", Some("/api/v1/claims"), "/api/v1/claims"), Need::Read, "answered 405 inside");
        assert_eq!(need("GET", None, "/claims/DEV-1"), Need::Nothing, "a page");
        assert_eq!(need("GET", None, "/api/v9/x"), Need::AnyRole);
    }
}
