//! The other end of `make bench`: a model server that answers at once, a pass-through proxy to be measured beside, a
//! collector of spans, and a load generator. All on loopback; none of it is in the product.

mod collector;
mod load;
mod model;
mod proxy;

use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;

use axum::Router;
use axum::serve::ListenerExt;

const USAGE: &str = "usage: bench model --listen ADDRESS [--chunks 8] [--chunk-delay-ms 0] [--dim 768]
       bench proxy --listen ADDRESS --upstream URL [--both-ways yes]
       bench collector --listen ADDRESS
       bench load --url URL [--body JSON] [--connections 1] [--seconds 2] [--requests N] [--rate PER_SECOND]
                  [--pid PID] [--needle TEXT] [--accept TYPES]";

/// `--name value` pairs.
pub struct Arguments(HashMap<String, String>);

impl Arguments {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = HashMap::new();
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let bare = name.strip_prefix("--").ok_or_else(|| format!("{name}: not an option"))?;
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            read.insert(bare.to_owned(), value);
        }
        Ok(Self(read))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn needed(&self, name: &str) -> Result<&str, String> {
        self.text(name).ok_or_else(|| format!("--{name} is needed"))
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, String> {
        self.text(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("--{name}: {text} is no number")))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let outcome = match Arguments::read(arguments) {
        Ok(arguments) => perform(&command, &arguments).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}\n{USAGE}");
            ExitCode::from(64)
        }
    }
}

async fn perform(command: &str, arguments: &Arguments) -> Result<(), String> {
    match command {
        "model" => serve(arguments, model::router(arguments)?).await,
        "proxy" => serve(arguments, proxy::router(arguments)?).await,
        "collector" => serve(arguments, collector::router()).await,
        "load" => load::run(arguments).await,
        _ => Err("which part?".into()),
    }
}

async fn serve(arguments: &Arguments, router: Router) -> Result<(), String> {
    let listener = tokio::net::TcpListener::bind(arguments.needed("listen")?).await;
    let listener = listener.map_err(|error| error.to_string())?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await.map_err(|error| error.to_string())
}
