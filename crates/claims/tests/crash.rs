//! Kill -9 at any instant: nothing acknowledged is lost, no claim is decided twice.
//!
//! The test starts itself again as a claims service of its own process, hands claims in, kills it at odd moments and
//! counts at the end. `make crash-test` does it 200 times on each database; `CRASH_ROUNDS` says how often else.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(clippy::print_stdout, reason = "the figures are what the test is for")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use claims::ClaimsConfig;
use claims::domain::AuditFile;
use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};
use support::stack::four_tools;
use support::{FakeStack, PDF, TOKEN, approval};

const FEW: usize = 5;
/// Claims that each of two callers hands in between two crashes, at most.
const A_ROUND: usize = 4;

fn rounds() -> usize {
    std::env::var("CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(FEW)
}

/// The service that is killed. By itself it is no test: without its settings there is nothing to do.
#[tokio::test]
async fn service_of_the_crash_test() {
    let Ok(settings) = std::env::var("CRASH_SERVICE") else { return };
    let settings: Value = serde_json::from_str(&settings).unwrap();
    let text = |name: &str| settings[name].as_str().map(str::to_owned);
    let config = ClaimsConfig {
        data_dir: text("data_dir").unwrap().into(),
        database_url: text("database_url").map(SecretString::from),
        document_roots: vec![text("inbox").unwrap().into()],
        stack_url: text("stack_url").unwrap(),
        service_token: Some(SecretString::from(TOKEN)),
        workers: 2,
        queue_limit: 100_000,
        max_attempts: 20,
        lease_seconds: 3,
        retry_backoff_seconds: 1,
        ..ClaimsConfig::default()
    };
    let service = claims::service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind(text("listen").unwrap()).await.unwrap();
    println!("listening");
    std::io::stdout().flush().unwrap();
    host::serve(vec![(service, listener)], host::Stop::new(), Duration::from_secs(5)).await.unwrap();
}

struct Process {
    child: Child,
    base: String,
    settings: Value,
}

impl Process {
    fn start(settings: Value) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "service_of_the_crash_test", "--nocapture"])
            .env("CRASH_SERVICE", settings.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(told.any(|line| line.contains("listening")), "the service did not start");
        // The test harness in there says after a minute that it still runs, and dies if nobody listens.
        std::thread::spawn(move || told.for_each(drop));
        Self { child, base: format!("http://{}", settings["listen"].as_str().unwrap()), settings }
    }

    /// As a power cut would: SIGKILL, no goodbye.
    fn crash(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Self::start(self.settings.clone())
    }
}

/// Small, repeatable numbers (a linear congruence): when to crash, and whom.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What the service said it had taken: key of the submission → claim, and whether it took it for processing.
#[derive(Default)]
struct Acknowledged {
    submitted: BTreeMap<String, String>,
    accepted: Vec<String>,
}

/// Hands in a few claims. Ends at the first answer that does not come: the service is dead.
async fn hand_in(http: Client, base: String, name: String, kept: Arc<Mutex<Acknowledged>>) {
    for index in 0..A_ROUND {
        let key = format!("{name}-{index}");
        let body = json!({"user_id": "USR-1", "document_path": "claim.pdf"});
        let submit = http.post(format!("{base}/api/v1/claims")).header("Idempotency-Key", &key).json(&body);
        let Ok(answer) = submit.send().await else { return };
        let Ok(claim) = answer.error_for_status().unwrap().json::<Value>().await else { return };
        let id = claim["claim_id"].as_str().unwrap().to_owned();
        kept.lock().unwrap().submitted.insert(key, id.clone());
        let process = http.post(format!("{base}/api/v1/claims/{id}/process")).json(&json!({}));
        let Ok(answer) = process.send().await else { return };
        assert_eq!(answer.status(), 202);
        kept.lock().unwrap().accepted.push(id);
    }
}

async fn torture(name: &str, database_url: Option<String>, replicas: usize) {
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let inbox = folder.path().join("inbox");
    std::fs::create_dir_all(&inbox).unwrap();
    std::fs::write(inbox.join("claim.pdf"), PDF).unwrap();
    let stack = FakeStack::start().await;
    stack.play(four_tools(approval("{claim}"), vec![]));
    let mut processes: Vec<Process> = (0..replicas)
        .map(|_| Process::start(settings(folder.path(), &inbox, &stack.url, database_url.as_deref())))
        .collect();
    let bases: Vec<String> = processes.iter().map(|process| process.base.clone()).collect();
    stack.claims_at(&bases.join(" "));

    let http = Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap();
    let kept = Arc::new(Mutex::new(Acknowledged::default()));
    let mut dice = Dice(20_261_124);
    for round in 0..rounds() {
        let victim = usize::try_from(dice.roll(replicas as u64)).unwrap();
        let callers = (0..2).map(|caller| {
            let base = bases[victim].clone();
            tokio::spawn(hand_in(http.clone(), base, format!("{round}-{caller}"), kept.clone()))
        });
        let callers: Vec<_> = callers.collect();
        // The moment of the crash is the one thing here that is meant to be real time.
        tokio::time::sleep(Duration::from_millis(10 + dice.roll(250))).await;
        let process = processes.remove(victim);
        processes.insert(victim, tokio::task::spawn_blocking(move || process.crash()).await.unwrap());
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    let (lost, twice, took_over) = count(&http, &bases[0], &kept).await;
    println!(
        "crash test on {name}: {} crashes in {} s; {} claims acknowledged, {} accepted for processing; \
         {lost} lost, {twice} decided twice, {took_over} runs taken up again",
        rounds(),
        began.elapsed().as_secs(),
        kept.submitted.len(),
        kept.accepted.len(),
    );
    assert!(kept.accepted.len() >= rounds(), "the test did too little to mean anything");
    assert_eq!((lost, twice), (0, 0));
    for process in &mut processes {
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }
}

fn settings(folder: &Path, inbox: &Path, stack: &str, database_url: Option<&str>) -> Value {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    json!({
        "data_dir": folder.join("data"), "inbox": inbox, "stack_url": stack, "database_url": database_url,
        "listen": listen.to_string(),
    })
}

/// Claims lost, claims decided twice, and runs that were cut short and taken up again.
async fn count(http: &Client, base: &str, kept: &Acknowledged) -> (usize, usize, usize) {
    let get = async |path: String| http.get(format!("{base}/api/v1/claims/{path}")).send().await.unwrap();
    let (mut lost, mut twice, mut again) = (0, 0, 0);
    for id in kept.submitted.values() {
        lost += usize::from(get(id.clone()).await.status() != 200);
    }
    for id in &kept.accepted {
        // Waits until the claim has its end, however often it was interrupted before.
        let mut events = get(format!("{id}/events")).await;
        let mut told = String::new();
        while !told.contains("event: finished") {
            told.push_str(std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap());
        }
        let audit: AuditFile = get(format!("{id}/audit")).await.json().await.unwrap();
        let ended = audit.events.iter().filter(|event| event.kind == "finished").count();
        lost += usize::from(audit.decisions.is_empty());
        twice += usize::from(audit.decisions.len() > 1 || ended > 1);
        again += audit.events.iter().filter(|event| event.kind == "requeued").count();
        assert_eq!(audit.problems(), Vec::<String>::new(), "the chain of {id}");
    }
    (lost, twice, again)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_loses_nothing_and_decides_once() {
    torture("SQLite", None, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_with_two_replicas_loses_nothing_and_decides_once() {
    let name = "postgres_with_two_replicas_loses_nothing_and_decides_once";
    let Some(server) = testkit::postgres::TempPostgres::or_skip(name) else { return };
    torture("PostgreSQL, two replicas", Some(server.url()), 2).await;
}
