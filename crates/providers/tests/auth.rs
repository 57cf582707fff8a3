//! Every kind of identity provider over real sockets, well and unwell.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ports::Clock;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use providers::auth::{
    CustomConfig, GithubConfig, IntrospectionConfig, JwtConfig, KeysAt, KeysConfig, KubernetesConfig, Mapping,
    ProviderConfig, SignedTokensConfig, Tls, default_algorithms, provider,
};
use secrecy::SecretString;
use serde_json::{Value, json};

type Answer = (u16, Value);

/// An identity provider that answers what it was told last, and remembers what it was asked.
struct Fake {
    url: String,
    told: Arc<Told>,
}

struct Told {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<(HeaderMap, String)>>,
    count: AtomicUsize,
}

impl Fake {
    async fn start(status: u16, answer: Value) -> Self {
        let told = Arc::new(Told {
            answer: Mutex::new((status, answer)),
            asked: Mutex::default(),
            count: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(any(answered)).with_state(told.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, told }
    }

    fn answers(&self, status: u16, answer: Value) {
        *self.told.answer.lock().unwrap() = (status, answer);
    }

    fn count(&self) -> usize {
        self.told.count.load(Ordering::SeqCst)
    }

    fn last(&self) -> (HeaderMap, String) {
        self.told.asked.lock().unwrap().last().cloned().unwrap()
    }
}

async fn answered(State(told): State<Arc<Told>>, headers: HeaderMap, body: String) -> Response {
    told.count.fetch_add(1, Ordering::SeqCst);
    told.asked.lock().unwrap().push((headers, body));
    let (status, answer) = told.answer.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), Json(answer)).into_response()
}

#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

async fn ask(provider: &dyn Authenticator, token: &str) -> Result<Verified, AuthError> {
    provider.authenticate(token, &AskedWith::default()).await
}

fn rejected(outcome: Result<Verified, AuthError>, told: &str) {
    match outcome {
        Err(AuthError::Rejected(why)) => assert!(why.contains(told), "{why}"),
        other => panic!("not rejected: {other:?}"),
    }
}

fn mapping(pairs: &[(&str, &str)]) -> Mapping {
    pairs.iter().map(|(claim, attribute)| ((*claim).to_owned(), (*attribute).to_owned())).collect()
}

/// An Ed25519 key made of one byte: PKCS#8 with the seed at its end.
fn key(byte: u8) -> EncodingKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[head.as_slice(), &[byte; 32]].concat())
}

fn public(byte: u8, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(&key(byte), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(kid.into());
    serde_json::to_value(jwk).unwrap()
}

fn signed(byte: u8, kid: &str, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &key(byte)).unwrap()
}

fn claims() -> Value {
    json!({"sub": "u-1", "iss": "https://id", "aud": "llama-stack", "exp": 1_000, "groups": ["red"]})
}

fn jwt(url: &str) -> JwtConfig {
    let at = KeysAt::Uri(format!("{url}/keys"));
    let tokens = SignedTokensConfig {
        keys: KeysConfig { at, token: Some(SecretString::from("for-keys")), recheck: HOUR },
        issuer: Some("https://id".into()),
        audience: "llama-stack".into(),
        algorithms: default_algorithms(),
        leeway: Duration::from_secs(30),
        tls: Tls::default(),
    };
    let mapping = mapping(&[("sub", "roles"), ("groups", "teams")]);
    JwtConfig { tokens, mapping, remembered: Duration::from_secs(60) }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn signed_tokens_are_checked_with_the_issuers_keys() {
    let odd = json!({"kty": "of-another-day", "kid": "odd"});
    let issuer = Fake::start(200, json!({"keys": [odd, public(1, "one")]})).await;
    let clock = Arc::new(Hands::default());
    let tokens = provider(ProviderConfig::Jwt(jwt(&issuer.url)), clock.clone());
    assert_eq!(issuer.count(), 0, "nobody is asked before a token comes");
    let good = signed(1, "one", &claims());
    let caller = ask(tokens.as_ref(), &good).await.unwrap().caller.unwrap();
    assert_eq!((caller.id.as_str(), caller.has("teams", "red"), caller.has("roles", "u-1")), ("u-1", true, true));
    assert_eq!(issuer.last().0["authorization"], "Bearer for-keys");
    for _ in 0..3 {
        ask(tokens.as_ref(), &good).await.unwrap();
        ask(
            tokens.as_ref(),
            &signed(1, "one", &json!({"sub": "u-2", "iss": "https://id", "aud": "llama-stack", "exp": 900})),
        )
        .await
        .unwrap();
    }
    assert_eq!(issuer.count(), 1, "keys are kept");
    rejected(ask(tokens.as_ref(), &signed(2, "one", &claims())).await, "signature");
    rejected(ask(tokens.as_ref(), &format!("{good}x")).await, "signature");
    rejected(ask(tokens.as_ref(), "opaque").await, "no signed token");
    rejected(ask(tokens.as_ref(), &"a".repeat(20_000)).await, "too long");
    let mut nobody = claims();
    nobody["sub"] = json!("");
    rejected(ask(tokens.as_ref(), &signed(1, "one", &nobody)).await, "no name");
    clock.0.store(1_030, Ordering::SeqCst);
    rejected(ask(tokens.as_ref(), &good).await, "expired");
}

#[tokio::test]
async fn only_signatures_by_a_private_key_count() {
    let issuer = Fake::start(200, json!({"keys": [public(1, "one")]})).await;
    let tokens = provider(ProviderConfig::Jwt(jwt(&issuer.url)), Arc::new(Hands::default()));
    let shared = Header { kid: Some("one".into()), ..Header::new(Algorithm::HS256) };
    let secret = EncodingKey::from_secret(public(1, "one")["x"].as_str().unwrap().as_bytes());
    rejected(ask(tokens.as_ref(), &encode(&shared, &claims(), &secret).unwrap()).await, "not accepted");
    // {"alg":"none","typ":"JWT"} with the claims of a good token and no signature.
    let claimed = signed(1, "one", &claims());
    let middle = claimed.split('.').nth(1).unwrap();
    let bare = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{middle}.");
    rejected(ask(tokens.as_ref(), &bare).await, "the token is");
    let other = Header { kid: Some("one".into()), ..Header::new(Algorithm::EdDSA) };
    let mut config = jwt(&issuer.url);
    config.tokens.algorithms = vec![Algorithm::RS256];
    let strict = provider(ProviderConfig::Jwt(config), Arc::new(Hands::default()));
    rejected(ask(strict.as_ref(), &encode(&other, &claims(), &key(1)).unwrap()).await, "not accepted");
    assert_eq!(issuer.count(), 0, "none of these is worth a question");
}

#[tokio::test]
async fn keys_that_turn_up_are_fetched_and_an_issuer_that_is_away_locks_nobody_out() {
    let issuer = Fake::start(503, json!({})).await;
    let tokens = provider(ProviderConfig::Jwt(jwt(&issuer.url)), Arc::new(Hands::default()));
    let away = ask(tokens.as_ref(), &signed(1, "one", &claims())).await;
    assert!(matches!(away, Err(AuthError::Unavailable(_))), "{away:?}");
    let again = ask(tokens.as_ref(), &signed(1, "two", &claims())).await;
    assert!(matches!(again, Err(AuthError::Unavailable(_))), "{again:?}");
    assert_eq!(issuer.count(), 1, "an issuer that is away is not asked at every request");

    issuer.answers(200, json!({"keys": [public(1, "one")]}));
    let config = JwtConfig { remembered: Duration::ZERO, ..jwt(&issuer.url) };
    let tokens = provider(ProviderConfig::Jwt(config), Arc::new(Hands::default()));
    ask(tokens.as_ref(), &signed(1, "one", &claims())).await.unwrap();
    issuer.answers(500, json!({}));
    for _ in 0..3 {
        ask(tokens.as_ref(), &signed(1, "one", &claims())).await.unwrap();
    }
    rejected(ask(tokens.as_ref(), &signed(2, "new", &claims())).await, "does not have");
    assert_eq!(issuer.count(), 2, "an unknown key is not asked about again at once");
}

#[tokio::test]
async fn opaque_tokens_are_asked_about() {
    let active = json!({"active": true, "sub": "u-1", "exp": 50, "groups": "red blue"});
    let server = Fake::start(200, active).await;
    let config = IntrospectionConfig {
        url: format!("{}/introspect", server.url),
        client_id: "us".into(),
        client_secret: SecretString::from("s e&c"),
        send_secret_in_body: false,
        mapping: mapping(&[("groups", "teams")]),
        tls: Tls::default(),
        remembered: Duration::from_secs(60),
    };
    let clock = Arc::new(Hands::default());
    let tokens = provider(ProviderConfig::Introspection(config.clone()), clock.clone());
    let (one, other) = futures::join!(ask(tokens.as_ref(), "t&1"), ask(tokens.as_ref(), "t&1"));
    assert_eq!(one, other);
    assert!(one.unwrap().caller.unwrap().has("teams", "blue"));
    let (headers, body) = server.last();
    assert_eq!((server.count(), body.as_str()), (1, "token=t%261"), "two that come together ask once");
    assert!(headers["authorization"].to_str().unwrap().starts_with("Basic "));
    clock.0.store(50, Ordering::SeqCst);
    server.answers(200, json!({"active": false}));
    rejected(ask(tokens.as_ref(), "t&1").await, "not active");
    rejected(ask(tokens.as_ref(), "t&1").await, "not active");
    assert_eq!(server.count(), 2, "a bad token is remembered too");
    server.answers(401, json!({"error": "invalid_client"}));
    let refused = ask(tokens.as_ref(), "t3").await;
    assert!(matches!(refused, Err(AuthError::Unavailable(_))), "we are refused, not the token: {refused:?}");
    let config = IntrospectionConfig { send_secret_in_body: true, ..config };
    let tokens = provider(ProviderConfig::Introspection(config), clock);
    ask(tokens.as_ref(), "t4").await.unwrap_err();
    assert_eq!(server.last().1, "token=t4&client_id=us&client_secret=s+e%26c");
}

#[tokio::test]
async fn a_cluster_says_whose_token_it_is() {
    let user = json!({"username": "system:serviceaccount:claims:agent", "groups": ["system:authenticated", "claims"]});
    let cluster = Fake::start(201, json!({"status": {"userInfo": user}})).await;
    let config = KubernetesConfig {
        api_server_url: format!("{}/", cluster.url),
        mapping: mapping(&[("username", "roles"), ("groups", "roles")]),
        tls: Tls::default(),
        remembered: Duration::from_secs(30),
    };
    let tokens = provider(ProviderConfig::Kubernetes(config), Arc::new(Hands::default()));
    let caller = ask(tokens.as_ref(), "pod").await.unwrap().caller.unwrap();
    assert_eq!(caller.id, "system:serviceaccount:claims:agent");
    assert!(caller.has("roles", "claims") && caller.has("roles", "system:authenticated"));
    let (headers, body) = cluster.last();
    assert_eq!(headers["authorization"], "Bearer pod", "asked with the caller's own token");
    assert!(body.contains("SelfSubjectReview"), "{body}");
    ask(tokens.as_ref(), "pod").await.unwrap();
    assert_eq!(cluster.count(), 1, "for a short time");
    cluster.answers(401, json!({}));
    rejected(ask(tokens.as_ref(), "stranger").await, "does not know");
    cluster.answers(201, json!({"status": {}}));
    assert!(matches!(ask(tokens.as_ref(), "odd").await, Err(AuthError::Unavailable(_))));
}

#[tokio::test]
async fn an_endpoint_of_ones_own_decides_by_the_request_too() {
    let answer = json!({"principal": "u-1", "attributes": {"projects": ["p"]}, "message": "welcome"});
    let endpoint = Fake::start(200, answer).await;
    let config = CustomConfig { endpoint: endpoint.url.clone(), tls: Tls::default() };
    let tokens = provider(ProviderConfig::Custom(config), Arc::new(Hands::default()));
    assert!(tokens.decides_by_request());
    let with = AskedWith {
        path: "/v1/models".into(),
        headers: [("user-agent".to_owned(), "x".to_owned())].into(),
        params: [("limit".to_owned(), vec!["1".to_owned()])].into(),
    };
    for _ in 0..2 {
        let caller = tokens.authenticate("key", &with).await.unwrap().caller.unwrap();
        assert_eq!((caller.id.as_str(), caller.has("projects", "p")), ("u-1", true));
    }
    assert_eq!(endpoint.count(), 2, "nothing is remembered");
    let asked: Value = serde_json::from_str(&endpoint.last().1).unwrap();
    let request = json!({"path": "/v1/models", "headers": {"user-agent": "x"}, "params": {"limit": ["1"]}});
    assert_eq!(asked, json!({"api_key": "key", "request": request}));
    for (status, answer) in [(403, json!({})), (302, json!({}))] {
        endpoint.answers(status, answer);
        rejected(tokens.authenticate("key", &with).await, "Authentication failed");
    }
    for (status, answer) in [(500, json!({})), (429, json!({})), (200, json!({"name": "u-1"}))] {
        endpoint.answers(status, answer);
        let outcome = tokens.authenticate("key", &with).await;
        assert!(matches!(outcome, Err(AuthError::Unavailable(_))), "{status}: {outcome:?}");
    }
    endpoint.answers(200, json!({"principal": "x".repeat(2_000_000)}));
    assert!(matches!(tokens.authenticate("key", &with).await, Err(AuthError::Unavailable(_))), "bounded");
}

#[tokio::test]
async fn github_names_the_bearer_and_an_address_where_nobody_is_costs_no_crash() {
    let github = Fake::start(200, json!({"login": "octo", "organizations": ["red"]})).await;
    let config = GithubConfig {
        api_base_url: github.url.clone(),
        mapping: mapping(&[("login", "roles"), ("organizations", "teams")]),
        tls: Tls::default(),
        remembered: Duration::from_secs(60),
    };
    let tokens = provider(ProviderConfig::Github(config.clone()), Arc::new(Hands::default()));
    assert_eq!(ask(tokens.as_ref(), "gh").await.unwrap().caller.unwrap().id, "octo");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = GithubConfig { api_base_url: format!("http://{nobody}"), ..config };
    let tokens = provider(ProviderConfig::Github(config), Arc::new(Hands::default()));
    assert!(matches!(ask(tokens.as_ref(), "gh").await, Err(AuthError::Unavailable(_))));
}
