//! Who may call what: tokens, an issuer, roles, pace, and requests that another page forged.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use claims::access::{AccessConfig, AccessToken, OidcConfig, RateLimit, Role};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Method, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use support::House;

fn listed(role: Role) -> AccessToken {
    let subject = format!("{}-1", role.as_str());
    AccessToken { token: SecretString::from(format!("token-of-the-{}", role.as_str())), subject, role }
}

async fn house_of_all_roles() -> House {
    House::with(|config| config.access.tokens = Role::ALL.map(listed).to_vec()).await
}

async fn ask(house: &House, method: &str, path: &str, token: Option<&str>) -> Response {
    let request = house.http.request(method.parse::<Method>().unwrap(), format!("{}{path}", house.base));
    match token {
        Some(token) => request.bearer_auth(token).send().await.unwrap(),
        None => request.send().await.unwrap(),
    }
}

#[tokio::test]
async fn each_role_gets_as_far_as_the_table_says() {
    let house = house_of_all_roles().await;
    let body = json!({"user_id": "USR-1", "document_path": "claim.pdf"});
    let submit = |role: Role| {
        let request = house.http.post(format!("{}/api/v1/claims", house.base)).json(&body);
        request.bearer_auth(format!("token-of-the-{}", role.as_str())).send()
    };
    assert_eq!(submit(Role::Viewer).await.unwrap().status(), 403);
    let created = submit(Role::Service).await.unwrap();
    assert_eq!(created.status(), 201);
    let claim: Value = created.json().await.unwrap();
    let id = claim["id"].as_str().unwrap();
    let routes = [
        ("GET", "/api/v1/claims".to_owned(), Role::Viewer, 200),
        ("GET", format!("/api/v1/claims/{id}"), Role::Viewer, 200),
        ("GET", format!("/api/v1/documents/{id}/view"), Role::Adjuster, 200),
        ("GET", format!("/api/v1/claims/{id}/letter"), Role::Adjuster, 404),
        ("GET", format!("/api/v1/claims/{id}/contracts"), Role::Adjuster, 200),
        ("DELETE", format!("/api/v1/claims/{id}"), Role::Viewer, 405),
    ];
    for (method, path, least, answer) in routes {
        assert_eq!(ask(&house, method, &path, None).await.status(), 401, "{method} {path}");
        for role in Role::ALL {
            let status = ask(&house, method, &path, Some(&format!("token-of-the-{}", role.as_str()))).await.status();
            let expected = if role >= least { answer } else { 403 };
            assert_eq!(status, expected, "{role:?} {method} {path}");
        }
    }
    let me: Value = ask(&house, "GET", "/api/v1/me", Some("token-of-the-viewer")).await.json().await.unwrap();
    assert_eq!(me, json!({"subject": "viewer-1", "role": "viewer"}));
    for open in ["/", "/health/live", "/health/ready", "/openapi.json"] {
        assert_eq!(ask(&house, "GET", open, None).await.status(), 200, "{open}");
    }
    let internal = ask(&house, "GET", "/internal/v1/reference/parameters", Some("token-of-the-admin")).await;
    assert_eq!(internal.status(), 401, "the tools' API knows the service token only");
    assert_eq!(house.internal("/reference/parameters").await.status(), 200);
}

#[tokio::test]
async fn a_refusal_has_the_form_of_every_error_and_repeats_no_token() {
    let house = house_of_all_roles().await;
    for (token, status, challenge) in [
        (None, 401, Some("Bearer")),
        (Some("not-a-token-of-anybody"), 401, Some("Bearer error=\"invalid_token\"")),
        (Some("token-of-the-viewer"), 403, None),
    ] {
        let refused = ask(&house, "POST", "/api/v1/claims/x/process", token).await;
        assert_eq!(refused.status(), status);
        let told = refused.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(told.as_deref(), challenge);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["detail"], body["error"]["message"]);
        assert_eq!(body["error"]["code"], if status == 401 { "unauthorized" } else { "forbidden" });
        assert!(!body.to_string().contains("not-a-token"), "{body}");
    }
}

#[tokio::test]
async fn nobody_is_asked_where_nothing_is_configured() {
    let house = House::new().await;
    assert_eq!(house.get_json("/api/v1/me").await, json!({"subject": "local", "role": "admin"}));
    let beyond = "0.0.0.0:8080".parse().unwrap();
    let refused = house.config().may_listen(beyond).unwrap_err().to_string();
    assert!(refused.contains("access") && refused.contains("loopback"), "{refused}");
    assert!(house.config().may_listen("127.0.0.1:8080".parse().unwrap()).is_ok());
}

#[tokio::test]
async fn what_another_page_can_make_a_browser_send_is_refused() {
    let house = House::new().await;
    let id = house.submit().await;
    let send = |headers: &[(&'static str, &'static str)], body: &'static str| {
        let mut request = house.http.post(format!("{}/api/v1/claims/{id}/process", house.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send()
    };
    for (headers, body, expected) in [
        (&[("content-type", "text/plain")][..], "{}", 415),
        (&[("content-type", "application/x-www-form-urlencoded")], "a=1", 415),
        (&[], "{}", 415),
        (&[("origin", "http://evil.example"), ("content-type", "application/json")], "{}", 403),
        (&[("origin", "null"), ("content-type", "application/json")], "{}", 403),
        (&[("sec-fetch-site", "cross-site"), ("content-type", "application/json")], "{}", 403),
        (&[("host", "evil.example"), ("content-type", "application/json")], "{}", 403),
    ] {
        assert_eq!(send(headers, body).await.unwrap().status(), expected, "{headers:?}");
    }
    assert_eq!(house.get_json(&format!("/api/v1/claims/{id}")).await["status"], "pending", "none of them ran");
    let own = send(&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")], "").await.unwrap();
    assert_eq!(own.status(), 202);
}

#[tokio::test]
async fn a_caller_in_a_hurry_waits_and_holds_up_nobody_else() {
    let house = House::with(|config| {
        let rate_limit = RateLimit { per_second: 1, burst: 4 };
        config.access =
            AccessConfig { tokens: vec![listed(Role::Viewer), listed(Role::Admin)], rate_limit, oidc: None };
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(ask(&house, "GET", "/api/v1/me", Some("token-of-the-viewer")).await);
    }
    let refused = statuses.iter().find(|response| response.status() == 429).expect("eight do not fit into four");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait));
    assert_eq!(ask(&house, "GET", "/api/v1/me", Some("token-of-the-admin")).await.status(), 200);
    let mut guessed = Vec::new();
    for _ in 0..8 {
        guessed.push(ask(&house, "GET", "/api/v1/me", Some("a-guess")).await.status().as_u16());
    }
    assert!(guessed.starts_with(&[401]) && guessed.contains(&429), "{guessed:?}");
}

/// An Ed25519 key made of one byte: PKCS#8 with the seed at its end.
fn key(byte: u8) -> EncodingKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[head.as_slice(), &[byte; 32]].concat())
}

fn signed(byte: u8, claims: &Value) -> String {
    let header = Header { kid: Some(format!("key-{byte}")), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &key(byte)).unwrap()
}

/// An issuer on a socket of its own, with the keys it has now.
struct Issuer {
    url: String,
    keys: Arc<Mutex<Vec<u8>>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (keys, asked) = (Arc::new(Mutex::new(vec![1])), Arc::new(AtomicUsize::new(0)));
        let (held, count) = (keys.clone(), asked.clone());
        let jwks = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let held = held.lock().unwrap().clone();
            let keys = held.iter().map(|byte| {
                let mut jwk = Jwk::from_encoding_key(&key(*byte), Algorithm::EdDSA).unwrap();
                jwk.common.key_id = Some(format!("key-{byte}"));
                serde_json::to_value(jwk).unwrap()
            });
            let keys = json!({ "keys": keys.collect::<Vec<_>>() });
            std::future::ready(Json(keys))
        };
        let described = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(move || std::future::ready(Json(described.clone()))))
            .route("/keys", get(jwks));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, keys, asked }
    }

    fn claims(&self) -> Value {
        let soon = jiff::Timestamp::now().as_second() + 600;
        json!({"sub": "ann@insurer", "iss": self.url, "aud": ["claims", "other"], "exp": soon, "groups": ["adjusters"]})
    }
}

async fn house_behind(issuer: &Issuer) -> House {
    let oidc = OidcConfig {
        issuer: issuer.url.clone(),
        audience: "claims".into(),
        role_claim: Some("groups".into()),
        roles: [("adjusters".to_owned(), Role::Adjuster)].into(),
        ..OidcConfig::default()
    };
    House::with(|config| config.access.oidc = Some(oidc)).await
}

#[tokio::test]
async fn an_issuers_token_is_a_caller_with_the_role_of_its_group() {
    let issuer = Issuer::start().await;
    let house = house_behind(&issuer).await;
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 0, "nobody is asked before a token comes");
    for _ in 0..3 {
        let answer = ask(&house, "GET", "/api/v1/me", Some(&signed(1, &issuer.claims()))).await;
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"subject": "ann@insurer", "role": "adjuster"}));
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "keys are kept");

    let changed = |name: &str, value: Value| {
        let mut claims = issuer.claims();
        claims[name] = value;
        signed(1, &claims)
    };
    for (token, status) in [
        (changed("aud", json!("somebody-else")), 401),
        (changed("iss", json!("https://other")), 401),
        (changed("exp", json!(1)), 401),
        (changed("nbf", json!(4_000_000_000_i64)), 401),
        (changed("sub", Value::Null), 401),
        (changed("sub", json!("a\nb")), 401),
        (changed("groups", json!(["cooks"])), 403),
        (changed("groups", json!(["admin"])), 403),
        (format!("eyJhbGciOiJub25lIn0.{}.", changed("x", json!(1)).split('.').nth(1).unwrap()), 401),
    ] {
        assert_eq!(ask(&house, "GET", "/api/v1/me", Some(&token)).await.status(), status, "{token}");
    }
}

#[tokio::test]
async fn a_key_that_its_issuer_does_not_have_opens_nothing() {
    let issuer = Issuer::start().await;
    *issuer.keys.lock().unwrap() = vec![1, 2];
    let house = house_behind(&issuer).await;
    assert_eq!(ask(&house, "GET", "/api/v1/me", Some(&signed(2, &issuer.claims()))).await.status(), 200);
    assert_eq!(ask(&house, "GET", "/api/v1/me", Some(&signed(9, &issuer.claims()))).await.status(), 401);
}

#[test]
fn the_description_says_whose_token_each_route_asks_for() {
    let document: Value = serde_json::from_str(&claims::openapi_json()).unwrap();
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let list = &document["paths"]["/api/v1/claims"]["get"];
    assert_eq!(list["security"], json!([{"bearer": []}]));
    assert_eq!(list["x-least-role"], "viewer");
    for status in ["401", "403", "429"] {
        assert!(list["responses"][status].is_object(), "{status}");
    }
    assert_eq!(document["paths"]["/api/v1/documents/{id}/view"]["get"]["x-least-role"], "adjuster");
    assert!(document["paths"]["/health/live"]["get"].get("security").is_none());
}
