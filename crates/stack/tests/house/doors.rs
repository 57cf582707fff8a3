//! The executable under the names that the Llama Stack operator calls, as its start scripts call them.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Ask Python which release is installed, then start that one's way; what each release of the operator does.
const ASKS: &str = "set -e; version=$(python -c 'import sys; print(sys.version)'); test \"$version\" = 2; exec ";
const STARTS: [&str; 3] = [
    "uvicorn llama_stack.core.server.server:create_app --host 127.0.0.1 --port $LLS_PORT --workers $LLS_WORKERS --factory",
    "llama stack run $CONFIG --port $LLS_PORT",
    "python3 -m llama_stack.core.server.server $CONFIG",
];

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn links(folder: &Path) {
    for name in ["python", "python3", "uvicorn", "llama", "ogx"] {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_claimstack"), folder.join(name)).unwrap();
    }
}

#[tokio::test]
async fn the_operators_commands_start_the_control_plane_and_a_stop_drains_it() {
    let image = tempfile::tempdir().unwrap();
    links(image.path());
    // A file that was mounted, so that the start shows that it was read: the built-in one but for the models.
    let config = image.path().join("run.yaml");
    let built_in = include_str!("../../default.yaml");
    let (before, rest) = built_in.split_once("  providers:\n").unwrap();
    let (_, after) = rest.split_once("  # Who searches the web").unwrap();
    std::fs::write(&config, format!("{before}  providers: []\n  # Who searches the web{after}")).unwrap();
    for start in STARTS {
        let data = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("{ASKS}{start}")])
            .env("PATH", format!("{}:/usr/bin:/bin", image.path().display()))
            .env("LLS_PORT", port.to_string())
            .env("LLS_WORKERS", "1")
            .env("CONFIG", &config)
            .env("LLAMA_STACK_CONFIG", &config)
            .env("CLAIMSTACK_DATA_DIR", data.path())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("it ended before it listened");
                if line.starts_with("gateway") && line.contains(&format!(":{port}")) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), listens).await.expect(start);
        let ask = |path: &str| reqwest::get(format!("http://127.0.0.1:{port}{path}"));
        let health: serde_json::Value = ask("/v1/health").await.unwrap().json().await.unwrap();
        assert_eq!(health["status"], "OK", "{start}");
        let models: serde_json::Value = ask("/v1/models").await.unwrap().json().await.unwrap();
        assert_eq!(models["data"], serde_json::json!([]), "{start}: the mounted file was read");
        // The shell and the link gave way to the server, so the signal for the container reaches it.
        let pid = child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await.expect("drained").unwrap();
        assert!(ended.success(), "{start}: {ended}");
    }
}

#[tokio::test]
async fn what_is_no_server_of_ours_is_refused_by_name() {
    let image = tempfile::tempdir().unwrap();
    links(image.path());
    let output = Command::new(image.path().join("python3")).args(["-m", "http.server"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("python3 is a link to claimstack"), "{said}");
}
