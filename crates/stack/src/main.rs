//! `claimstack`: one executable, every role. The only crate that knows all the others.

mod audit;
mod check;
mod cli;
mod compose;
mod config;
mod demo;
mod doors;
mod evaluate;
mod house;
mod indexing;
mod models;
mod output;
mod overrides;
mod process;
mod reading;
mod resources;
mod submit;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command, Settings};
use config::{LogFormat, StackConfig};

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long a stop waits for the collector of spans.
const LAST_SPANS: std::time::Duration = std::time::Duration::from_secs(3);

fn main() -> ExitCode {
    if let Some(code) = doors::enter() {
        return code;
    }
    let cli = Cli::parse();
    if let Err(error) = with_environment(cli.command.as_ref()) {
        output::error(&format!("cannot start again with OMP_WAIT_POLICY set: {error}"));
    }
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::from(1)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    if let Some(Command::OcrWorker) = cli.command {
        return compose::ocr_worker().map(|()| ExitCode::SUCCESS);
    }
    let config = load(&cli.settings)?;
    let format = match config.log.format {
        LogFormat::Text => host::telemetry::LogFormat::Text,
        LogFormat::Json => host::telemetry::LogFormat::Json,
    };
    let quiet = matches!(&cli.command, Some(Command::Demo { .. } | Command::Process(_) | Command::Evaluate(_)))
        && cli.settings.log.is_none();
    let _log = host::telemetry::start(if quiet { "warn" } else { &config.log.filter }, format);
    for note in &config.notes {
        tracing::info!("{note}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    host::telemetry::configure_metrics(config.telemetry.metrics.clone());
    let exporting = host::telemetry::export(&config.telemetry.spans(), runtime.handle().clone())?;
    let outcome = runtime.block_on(perform(cli, config));
    if let Some(exporting) = exporting {
        exporting.finish(LAST_SPANS);
    }
    // A model that is still loading must not keep the process alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

async fn perform(cli: Cli, mut config: StackConfig) -> Result<ExitCode> {
    let grace = config.grace_seconds;
    match cli.command.unwrap_or(Command::All) {
        Command::All => {
            let house = house::House::whole(config).await?;
            output::addresses(&house.addresses);
            house.serve(host::Stop::on_signals()?).await?;
        }
        Command::Gateway(listen) => {
            config.gateway.listen = listen.listen.unwrap_or(config.gateway.listen);
            let service = compose::gateway(&config, false).await?;
            house::serve_one(service, config.gateway.listen, grace).await?;
        }
        Command::Ocr(cli::Ocr { file: Some(file), json, overlay, .. }) => {
            return reading::print(&config, &file, json, overlay.as_deref()).await;
        }
        Command::Ocr(ocr) if ocr.server.stdio => compose::ocr_stdio(&config).await?,
        Command::Ocr(ocr) => {
            let listen = ocr.server.listen.listen.unwrap_or(config.ocr.listen);
            house::serve_one(compose::ocr(&config).await?, listen, grace).await?;
        }
        Command::Rag(rag) if rag.backfill => indexing::run(&config).await?,
        Command::Rag(rag) if rag.server.stdio => compose::rag_stdio(&config).await?,
        Command::Rag(rag) => {
            let listen = rag.server.listen.listen.unwrap_or(config.rag.listen);
            house::serve_one(compose::rag(&config)?, listen, grace).await?;
        }
        Command::Decision(server) if server.stdio => compose::decision_stdio(&config).await?,
        Command::Decision(server) => {
            let listen = server.listen.listen.unwrap_or(config.decision.listen);
            house::serve_one(compose::decision(&config)?, listen, grace).await?;
        }
        Command::Claims(listen) => {
            config.claims.listen = listen.listen.unwrap_or(config.claims.listen);
            let settings = compose::claims_config(&config);
            settings.may_listen(config.claims.listen)?;
            let service = claims::service(settings).await?;
            house::serve_one(service, config.claims.listen, grace).await?;
        }
        Command::Check { show } => check::run(&config, cli.settings.config.as_deref(), show)?,
        Command::Migrate => {
            claims::open(&compose::claims_config(&config)).await?;
            compose::migrate(&config).await?;
            output::line("databases are up to date");
        }
        Command::Openapi { service } => output::line(&match service.as_str() {
            "claims" => claims::openapi_json(),
            _ => serde_json::to_string_pretty(&gateway::openapi::openapi())?,
        }),
        Command::Models(command) => return models_command(command, &config).await,
        Command::Import { folder, claims: with_claims } => demo::import(&config, &folder, with_claims).await?,
        Command::Process(process) => return process::run(config, process).await,
        Command::Audit(audit) => return audit::run(&config, audit).await,
        Command::Evaluate(evaluate) => return evaluate::run(config, evaluate).await,
        Command::Demo { once, samples } => return demo::run(config, &samples, once).await,
        Command::OcrWorker => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn models_command(command: cli::Models, config: &StackConfig) -> Result<ExitCode> {
    use models::{Catalogue, Progress, PullOptions, commands};
    let catalogue = Catalogue::from_env()?;
    let cache = compose::cache(config)?;
    match command {
        cli::Models::List => commands::list(&catalogue, &cache, &mut std::io::stdout().lock())?,
        cli::Models::Pull { names, from } => {
            let options = PullOptions { from, ..PullOptions::new(&cache) };
            commands::pull(&catalogue, &names, &cache, &options).await?;
        }
        cli::Models::Verify { names } => {
            let found = models::verify(&catalogue, &names, &cache, &Progress::stderr())?;
            found.iter().for_each(|file| output::line(&file.to_string()));
            if found.iter().any(|file| file.verdict != commands::Verdict::Right) {
                return Ok(ExitCode::from(1));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(settings: &Settings) -> Result<StackConfig> {
    let mut config = config::load(settings.config.as_deref(), &settings.set)?;
    if let Some(dir) = &settings.data_dir {
        config.data_dir.clone_from(dir);
    }
    if let Some(filter) = &settings.log {
        config.log.filter.clone_from(filter);
    }
    Ok(config)
}

/// Starts the executable again with the environment that OpenMP must find at its start.
#[cfg(feature = "llama")]
fn with_environment(command: Option<&Command>) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    let runs_models = matches!(
        command,
        None | Some(
            Command::All | Command::Gateway(_) | Command::Process(_) | Command::Evaluate(_) | Command::Demo { .. }
        )
    );
    match llama::missing_environment() {
        Some((name, value)) if runs_models => {
            let mut arguments = std::env::args_os();
            let own = arguments.next();
            let program = std::env::current_exe()?;
            let mut again = std::process::Command::new(program);
            if let Some(own) = own {
                again.arg0(own);
            }
            Err(again.args(arguments).env(name, value).exec())
        }
        _ => Ok(()),
    }
}

#[cfg(not(feature = "llama"))]
fn with_environment(_: Option<&Command>) -> std::io::Result<()> {
    Ok(())
}
