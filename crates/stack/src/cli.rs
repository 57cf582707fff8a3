//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns a scanned insurance claim into a decision a person can check.
#[derive(Parser)]
#[command(name = "claimstack", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Args)]
pub struct Settings {
    /// YAML configuration; the built-in one when absent (`claimstack check --show` prints it)
    #[arg(long, global = true, env = "CLAIMSTACK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where databases, documents and indexes are kept
    #[arg(long, global = true, env = "CLAIMSTACK_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Sets one key of the configuration, e.g. --set gateway.listen=127.0.0.1:9000; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// What to log: info, debug, or info,claims=debug
    #[arg(long, global = true, env = "CLAIMSTACK_LOG")]
    pub log: Option<String>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Every service in one process, each on its own loopback listener (the default)
    All,
    /// The control plane: Llama Stack and OpenAI API (8321)
    Gateway(Listen),
    /// The document reading server (8081); with FILE, reads that file and prints what it says
    Ocr(Ocr),
    /// The retrieval server (8082); with --backfill, embeds everything it searches and ends
    Rag(Rag),
    /// The decision server (8083)
    Decision(ToolServer),
    /// The claims service and its page (8080)
    Claims(Listen),
    /// Checks the configuration and says what would start
    Check {
        /// Print the configuration file in use
        #[arg(long)]
        show: bool,
    },
    /// Brings the databases up to date
    Migrate,
    /// Prints a service's OpenAPI document
    Openapi {
        #[arg(value_parser = ["gateway", "claims"], default_value = "gateway")]
        service: String,
    },
    /// The model catalogue
    #[command(subcommand)]
    Models(Models),
    /// Imports reference data, and the sample claims with --claims
    Import {
        folder: PathBuf,
        #[arg(long)]
        claims: bool,
    },
    /// Processes one document and prints the decision
    Process(Process),
    /// A claim's whole record as a file, and the check of one
    #[command(subcommand)]
    Audit(Audit),
    /// Sends every claim of a data set through the whole system and says how right and how fast it is
    Evaluate(Evaluate),
    /// Imports the sample data, processes the sample claims live and leaves the page open
    Demo {
        /// Stop after the table
        #[arg(long)]
        once: bool,
        /// Folder of the sample data
        #[arg(long, default_value = "samples")]
        samples: PathBuf,
    },
    /// Reads documents for the OCR server, on standard input and output
    #[command(hide = true)]
    OcrWorker,
}

#[derive(Args)]
pub struct Listen {
    /// Address and port, e.g. 127.0.0.1:8321
    #[arg(long)]
    pub listen: Option<SocketAddr>,
}

#[derive(Args)]
pub struct ToolServer {
    #[command(flatten)]
    pub listen: Listen,
    /// Speak MCP on standard input and output instead of HTTP
    #[arg(long)]
    pub stdio: bool,
}

#[derive(Args)]
pub struct Rag {
    #[command(flatten)]
    pub server: ToolServer,
    /// Embed all records that have no vector yet, show how far it is, and end
    #[arg(long, conflicts_with = "stdio")]
    pub backfill: bool,
}

#[derive(Args)]
pub struct Ocr {
    #[command(flatten)]
    pub server: ToolServer,
    pub file: Option<PathBuf>,
    /// With FILE: print what the tool `ocr_document` gives, as JSON
    #[arg(long)]
    pub json: bool,
    /// With FILE: draw what was read over its pages, into this PNG
    #[arg(long, value_name = "PNG", requires = "file")]
    pub overlay: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Models {
    /// What there is, with size and licence
    List,
    /// Fetches the default models, or the named ones
    Pull {
        names: Vec<String>,
        /// A folder to look in first
        #[arg(long)]
        from: Vec<PathBuf>,
    },
    /// Compares the checksums of what is here
    Verify { names: Vec<String> },
}

#[derive(Subcommand)]
pub enum Audit {
    /// Writes everything that happened to a claim into one file
    Export(AuditExport),
    /// Says whether such a file is whole, and takes its decisions again
    Verify(AuditVerify),
}

#[derive(Args)]
pub struct AuditExport {
    pub claim: String,
    /// Standard output when absent
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A claims service that is running; without it the database of the configuration is read
    #[arg(long)]
    pub url: Option<String>,
}

#[derive(Args)]
pub struct AuditVerify {
    pub file: PathBuf,
    /// The policy that decided, where the file has none and it is not the built-in one
    #[arg(long, value_name = "YAML")]
    pub policy: Option<PathBuf>,
}

#[derive(Args)]
pub struct Process {
    pub file: PathBuf,
    /// The policyholder's id
    #[arg(long)]
    pub user: String,
    /// Date of receipt (YYYY-MM-DD); today when absent
    #[arg(long)]
    pub received: Option<String>,
    /// Print the whole decision as JSON
    #[arg(long)]
    pub json: bool,
    /// A claims service that is running, e.g. http://127.0.0.1:8080; without it everything is started for this claim
    #[arg(long)]
    pub url: Option<String>,
    /// With --url: the bearer token that the service asks for
    #[arg(long, env = "CLAIMS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

#[derive(Args)]
pub struct Evaluate {
    /// Folder with intake.jsonl, its documents and the reference data; ground_truth.jsonl is read last, if it is there
    #[arg(long)]
    pub dataset: PathBuf,
    /// Where one line of results is written for each claim
    #[arg(long)]
    pub out: PathBuf,
    /// As the control plane names it; the configured one when absent
    #[arg(long)]
    pub model: Option<String>,
    /// The first N claims only
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Claims processed at one time
    #[arg(long, value_name = "J", default_value_t = 1)]
    pub jobs: usize,
}
