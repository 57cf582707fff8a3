//! Sends one request over and over on kept connections, and tells what it took: one line of JSON.
//!
//! Without `--rate` each connection asks again as soon as it is answered. With `--rate` requests have a time at which
//! they are due, spread over the connections, and latency counts from then: a server that stalls cannot hide it.

use std::io::{Error, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Arguments;

const PATIENCE: Duration = Duration::from_secs(60);
/// The kernel's clock ticks a second, as /proc shows CPU time.
const TICKS: f64 = 100.0;

/// The runtime's timer ticks each millisecond.
const TIMER: Duration = Duration::from_millis(3);

struct Plan {
    host: String,
    request: Vec<u8>,
    needle: Vec<u8>,
    connections: u64,
    ends: Instant,
    requests: u64,
    /// Between two requests that are due.
    every: Option<Duration>,
    began: Instant,
    taken: AtomicU64,
}

/// One answer: seconds to its end and to its first piece, and the most pieces that came at once.
struct Answer {
    status: u16,
    total: f64,
    first: f64,
    at_once: usize,
    closes: bool,
}

pub async fn run(arguments: &Arguments) -> Result<(), String> {
    let url = arguments.needed("url")?;
    let rest = url.strip_prefix("http://").ok_or("--url must begin with http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !host.starts_with("127.") && !host.starts_with("localhost") && !host.starts_with("[::1]") {
        return Err("only loopback is loaded".into());
    }
    let began = Instant::now();
    let rate: f64 = arguments.number("rate", 0.0)?;
    let plan = Arc::new(Plan {
        host: host.to_owned(),
        request: request(host, path, arguments.text("body"), arguments.text("accept").unwrap_or("*/*")),
        needle: arguments.text("needle").unwrap_or_default().as_bytes().to_vec(),
        connections: arguments.number("connections", 1)?,
        ends: began + Duration::from_secs_f64(arguments.number("seconds", 2.0)?),
        requests: arguments.number("requests", u64::MAX)?,
        every: (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate)),
        began,
        taken: AtomicU64::new(0),
    });
    let pid: Option<u32> = arguments.text("pid").map(|pid| pid.parse().map_err(|_| "--pid: no number")).transpose()?;
    let cpu = pid.map(cpu_seconds);
    let working: Vec<_> = (0..plan.connections).map(|_| tokio::spawn(connection(plan.clone()))).collect();
    let (mut answers, mut errors) = (Vec::new(), 0);
    for work in working {
        let (more, failed) = work.await.map_err(|error| error.to_string())?;
        answers.extend(more);
        errors += failed;
    }
    let wall = began.elapsed().as_secs_f64();
    let cpu = pid.zip(cpu).map(|(pid, before)| cpu_seconds(pid) - before);
    tell(&answers, errors, wall, cpu)
}

fn request(host: &str, path: &str, body: Option<&str>, accept: &str) -> Vec<u8> {
    match body {
        None => format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n"),
        Some(body) => format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    }
    .into_bytes()
}

fn tell(answers: &[Answer], errors: u64, wall: f64, cpu: Option<f64>) -> Result<(), String> {
    let sorted = |of: fn(&Answer) -> f64| {
        let mut values: Vec<f64> = answers.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let at = |values: &[f64], share: f64| match values.len() {
        0 => None,
        count => Some(values[((count - 1) as f64 * share).round() as usize] * 1e3),
    };
    let (totals, firsts) = (sorted(|answer| answer.total), sorted(|answer| answer.first));
    let good = answers.iter().filter(|answer| (200..300).contains(&answer.status)).count();
    let line = json!({
        "ok": good, "refused": answers.len() - good, "errors": errors, "wall_s": wall,
        "per_second": answers.len() as f64 / wall, "p50_ms": at(&totals, 0.5), "p99_ms": at(&totals, 0.99),
        "first_p50_ms": at(&firsts, 0.5), "first_p99_ms": at(&firsts, 0.99),
        "most_at_once": answers.iter().map(|answer| answer.at_once).max(),
        "cpu_us": cpu.filter(|_| !answers.is_empty()).map(|cpu| cpu / answers.len() as f64 * 1e6),
    });
    writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())
}

async fn connection(plan: Arc<Plan>) -> (Vec<Answer>, u64) {
    let (mut answers, mut errors) = (Vec::new(), 0);
    let mut open: Option<TcpStream> = None;
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        let turn = plan.taken.fetch_add(1, Ordering::Relaxed);
        let due = plan.every.map(|every| plan.began + every.mul_f64(turn as f64));
        if turn >= plan.requests || due.unwrap_or_else(Instant::now) >= plan.ends {
            return (answers, errors);
        }
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let stream = match open.take() {
            Some(stream) => Ok(stream),
            None => TcpStream::connect(&plan.host).await,
        };
        let Ok(mut stream) = stream else {
            errors += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let began = begin(due);
        match tokio::time::timeout(PATIENCE, exchange(&mut stream, &plan, began, &mut buffer)).await {
            Ok(Ok(answer)) => {
                open = (!answer.closes).then_some(stream);
                answers.push(answer);
            }
            _ => errors += 1,
        }
    }
}

/// When a request counts as begun: now, unless the connection was still busy when it was due. A timer may be late by
/// as much as it ticks.
fn begin(due: Option<Instant>) -> Instant {
    let now = Instant::now();
    due.filter(|due| now.duration_since(*due) > TIMER).unwrap_or(now)
}

/// Sends the request and reads its whole answer.
async fn exchange(stream: &mut TcpStream, plan: &Plan, began: Instant, buffer: &mut Vec<u8>) -> Result<Answer, Error> {
    stream.write_all(&plan.request).await?;
    buffer.clear();
    let (mut first, mut seen, mut at_once, mut scanned) = (None, 0, 0, 0);
    let mut head = None;
    let (status, closes) = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(Error::other("closed"));
        }
        let head = match &head {
            Some(head) => head,
            None => match Head::read(buffer)? {
                Some(read) => &*head.insert(read),
                None => continue,
            },
        };
        let pieces = match plan.needle.is_empty() {
            true => usize::from(buffer.len() > head.bytes),
            false => seen + count(&buffer[scanned.max(head.bytes)..], &plan.needle),
        };
        scanned = buffer.len().saturating_sub(plan.needle.len().saturating_sub(1));
        if pieces > seen {
            first.get_or_insert_with(|| began.elapsed().as_secs_f64());
            at_once = at_once.max(pieces - seen);
            seen = pieces;
        }
        if head.complete(buffer) {
            break (head.status, head.closes);
        }
    };
    let total = began.elapsed().as_secs_f64();
    Ok(Answer { status, total, first: first.unwrap_or(total), at_once, closes })
}

fn count(text: &[u8], needle: &[u8]) -> usize {
    text.windows(needle.len()).filter(|window| *window == needle).count()
}

struct Head {
    bytes: usize,
    status: u16,
    /// `None`: chunked.
    length: Option<usize>,
    closes: bool,
}

impl Head {
    fn read(buffer: &[u8]) -> Result<Option<Self>, Error> {
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Ok(Some(Self {
            bytes: end + 4,
            status: status.ok_or_else(|| Error::other("no status"))?,
            length: field("content-length:").and_then(|length| length.parse().ok()),
            closes: field("connection:").is_some_and(|value| value.contains("close")),
        }))
    }

    fn complete(&self, buffer: &[u8]) -> bool {
        match self.length {
            Some(length) => buffer.len() >= self.bytes + length,
            None => buffer.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}

/// User and system time of the process so far.
fn cpu_seconds(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS
}
