//! How the official server is told where to listen and what to read.

use std::collections::HashMap;
use std::path::Path;

use super::Door;

/// Where the operators mount a configuration, newest layout first.
const MOUNTED: [&str; 3] = ["/etc/llama-stack/config.yaml", "/etc/llama-stack/run.yaml", "/etc/ogx/config.yaml"];
const FILES: [&str; 3] = ["RUN_CONFIG_PATH", "OGX_CONFIG", "LLAMA_STACK_CONFIG"];
const PORTS: [&str; 3] = ["OGX_PORT", "LLS_PORT", "LLAMA_STACK_PORT"];
const PORT: u16 = 8321;

/// The command line of a Llama Stack server, of whichever release.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Server {
    config: Option<String>,
    host: Option<String>,
    port: Option<String>,
    environment: Vec<(String, String)>,
}

impl Server {
    pub fn read(words: &[&str]) -> Result<Self, String> {
        let mut server = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let (flag, mut joined) = match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                _ => (word, None),
            };
            let mut value = || joined.take().or_else(|| words.next()).ok_or_else(|| format!("{flag} has no value"));
            match flag {
                "--config" => server.config = Some(value()?.to_owned()),
                "--host" => server.host = Some(value()?.to_owned()),
                "--port" => server.port = Some(value()?.to_owned()),
                "--env" => {
                    let value = value()?;
                    let (name, value) = value.split_once('=').ok_or("--env: expected NAME=VALUE")?;
                    server.environment.push((name.to_owned(), value.to_owned()));
                }
                // One process uses every core, and there is one image.
                "--workers" | "--image-type" | "--image-name" | "--log-level" => {
                    value()?;
                }
                "--factory" => {}
                flag if flag.starts_with('-') => return Err(format!("{flag} is not a flag of this server")),
                path if server.config.is_none() => server.config = Some(path.to_owned()),
                extra => return Err(format!("{extra}: the configuration is named already")),
            }
        }
        Ok(server)
    }

    /// The file that is named first and, where only a variable names it, is there: the operator sets
    /// `LLAMA_STACK_CONFIG` even when it mounts nothing.
    fn file(&self, variable: impl Fn(&str) -> Option<String>, is_file: impl Fn(&Path) -> bool) -> Option<String> {
        let there = |path: &String| is_file(Path::new(path));
        self.config
            .clone()
            .or_else(|| FILES.iter().filter_map(|name| variable(name)).find(there))
            .or_else(|| MOUNTED.map(String::from).into_iter().find(there))
    }

    pub fn door(self, environment: &HashMap<String, String>, is_file: impl Fn(&Path) -> bool) -> Door {
        let variable = |name: &str| {
            let given = self.environment.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value);
            given.or_else(|| environment.get(name)).filter(|value| !value.is_empty()).cloned()
        };
        let file = self.file(variable, is_file);
        let port = self.port.clone().or_else(|| PORTS.iter().find_map(|name| variable(name)));
        let host = self.host.clone().unwrap_or_else(|| "0.0.0.0".into());
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
        let mut arguments = vec!["gateway".to_owned()];
        match port.map_or(Ok(PORT), |port| port.parse::<u16>().map_err(|_| port)) {
            Ok(port) => arguments.extend(["--listen".into(), format!("{host}:{port}")]),
            Err(port) => return Door::Refuse(format!("'{port}' is not a port")),
        }
        arguments.extend(file.into_iter().flat_map(|file| ["--config".to_owned(), file]));
        Door::Start { arguments, environment: self.environment }
    }
}
