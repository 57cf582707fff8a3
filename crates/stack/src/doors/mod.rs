//! Other names under which the executable is started: the Llama Stack operator runs `python`, `uvicorn` or `llama` in
//! the image it is given, whatever server lies inside. Links of those names lead here.

mod server;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use server::Server;

/// What to do instead of reading the command line as our own.
#[derive(Debug, PartialEq, Eq)]
pub enum Door {
    /// None of the other names: the command line is ours.
    Own,
    /// The answer to the operator's question which Llama Stack is installed.
    Answer(&'static str),
    /// The control plane, with our own arguments and more environment.
    Start { arguments: Vec<String>, environment: Vec<(String, String)> },
    /// Nothing that we stand in for.
    Refuse(String),
}

/// The operator's scripts ask Python which release is installed; 2 means one that starts without a module path.
const NEWEST: &str = "2";

/// Which door `arguments` (with the program's name in front) came through. `is_file` says what lies in the image.
pub fn which(arguments: &[OsString], environment: &HashMap<String, String>, is_file: impl Fn(&Path) -> bool) -> Door {
    let mut words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let words: Vec<String> = words.collect();
    let found = match (program.as_str(), words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
        ("python" | "python3", ["-c", ..]) => return Door::Answer(NEWEST),
        ("python" | "python3", ["-m", module, rest @ ..]) if module.starts_with("llama_stack.") => Server::read(rest),
        // The application's path comes first; ours is the only one here.
        ("uvicorn", [application, rest @ ..]) if !application.starts_with('-') => Server::read(rest),
        ("llama" | "ogx", ["stack", "run", rest @ ..]) | ("ogx", ["run", rest @ ..]) => Server::read(rest),
        ("claimstack", ["server", rest @ ..]) => Server::read(rest),
        ("python" | "python3" | "uvicorn" | "llama" | "ogx", _) => {
            Err(format!("{program} is a link to claimstack, which only starts its own server by that name"))
        }
        _ => return Door::Own,
    };
    match found {
        Ok(server) => server.door(environment, is_file),
        Err(reason) => Door::Refuse(reason),
    }
}

/// Goes through the door the process came by; comes back when the command line is ours.
pub fn enter() -> Option<std::process::ExitCode> {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, ExitCode};

    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment: HashMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match which(&arguments, &environment, |path| path.is_file()) {
        Door::Own => None,
        Door::Answer(text) => {
            crate::output::line(text);
            Some(ExitCode::SUCCESS)
        }
        Door::Refuse(reason) => {
            crate::output::error(&reason);
            Some(ExitCode::from(64))
        }
        // In place of this process, so that the signals meant for it arrive.
        Door::Start { arguments, environment } => {
            let error = match std::env::current_exe() {
                Ok(program) => Command::new(program).arg0("claimstack").args(arguments).envs(environment).exec(),
                Err(error) => error,
            };
            crate::output::error(&format!("cannot start again as the control plane: {error}"));
            Some(ExitCode::from(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V05: &str =
        "uvicorn llama_stack.core.server.server:create_app --host 0.0.0.0 --port 8321 --workers 2 --factory";

    fn door(line: &str, environment: &[(&str, &str)], files: &[&str]) -> Door {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        which(&words, &environment, |path| files.iter().any(|file| path == Path::new(file)))
    }

    /// Our own arguments, in one line.
    fn started(line: &str, environment: &[(&str, &str)], files: &[&str]) -> String {
        match door(line, environment, files) {
            Door::Start { arguments, .. } => arguments.join(" "),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_operators_question_is_answered_and_each_of_its_commands_starts_the_server() {
        assert_eq!(door("python -c import.llama_stack", &[], &[]), Door::Answer("2"));
        let (run, config) = ("/etc/llama-stack/run.yaml", "/etc/llama-stack/config.yaml");
        let with_run = "gateway --listen 0.0.0.0:8321 --config /etc/llama-stack/run.yaml";
        for line in [
            "llama stack run /etc/llama-stack/run.yaml",
            "/usr/local/bin/llama stack run /etc/llama-stack/run.yaml --image-type venv",
            "python3 -m llama_stack.core.server.server /etc/llama-stack/run.yaml",
            "python3 -m llama_stack.distribution.server.server --config /etc/llama-stack/run.yaml",
            "ogx run /etc/llama-stack/run.yaml",
            "claimstack server --config=/etc/llama-stack/run.yaml",
        ] {
            assert_eq!(started(line, &[], &[run, config]), with_run, "{line}");
        }
        assert_eq!(started(V05, &[("LLAMA_STACK_CONFIG", run)], &[run]), with_run);
    }

    #[test]
    fn a_configuration_that_only_a_variable_names_may_be_missing() {
        assert_eq!(started(V05, &[("LLAMA_STACK_CONFIG", "/none.yaml")], &[]), "gateway --listen 0.0.0.0:8321");
        // One that the command names must be there: the start says that it cannot be read.
        assert!(started("llama stack run /none.yaml", &[], &[]).ends_with("--config /none.yaml"));
    }

    #[test]
    fn files_and_ports_are_looked_for_in_order() {
        let every =
            ["/a", "/b", "/c", "/etc/llama-stack/config.yaml", "/etc/llama-stack/run.yaml", "/etc/ogx/config.yaml"];
        let names = [("RUN_CONFIG_PATH", "/a"), ("OGX_CONFIG", "/b"), ("LLAMA_STACK_CONFIG", "/c")];
        for from in 0..every.len() {
            let line = started("claimstack server", &names, &every[from..]);
            assert!(line.ends_with(&format!("--config {}", every[from])), "{line}");
        }
        let ports = [("OGX_PORT", "1"), ("LLS_PORT", "2"), ("LLAMA_STACK_PORT", "3")];
        assert_eq!(started("claimstack server --port 9", &ports, &[]), "gateway --listen 0.0.0.0:9");
        for from in 0..ports.len() {
            let line = started("claimstack server", &ports[from..], &[]);
            assert_eq!(line, format!("gateway --listen 0.0.0.0:{}", ports[from].1));
        }
        assert_eq!(started("claimstack server --host ::", &[("LLS_PORT", "")], &[]), "gateway --listen [::]:8321");
    }

    #[test]
    fn variables_on_the_command_line_reach_the_server_and_win() {
        let line = "llama stack run /r.yaml --env LLS_PORT=7 --env VLLM_URL=http://v/v1?a=b";
        let Door::Start { arguments, environment } = door(line, &[("LLS_PORT", "8")], &[]) else { panic!("{line}") };
        assert!(arguments.contains(&"0.0.0.0:7".to_owned()), "{arguments:?}");
        assert_eq!(environment[1], ("VLLM_URL".to_owned(), "http://v/v1?a=b".to_owned()));
    }

    #[test]
    fn our_own_commands_pass_and_other_uses_of_the_names_are_refused() {
        for line in ["claimstack", "claimstack gateway --listen 127.0.0.1:1", "/x/claimstack-debug server"] {
            assert_eq!(door(line, &[], &[]), Door::Own, "{line}");
        }
        for line in [
            "python script.py",
            "python3 -m http.server",
            "llama model list",
            "uvicorn --factory",
            "claimstack server --port http",
            "claimstack server --prot 1",
            "claimstack server --port",
            "llama stack run a.yaml b.yaml",
        ] {
            assert!(matches!(door(line, &[], &[]), Door::Refuse(_)), "{line}");
        }
    }
}
