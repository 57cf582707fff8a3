//! What is wrong with a file, and where.

#[derive(Debug, thiserror::Error)]
pub enum RunConfigError {
    /// The message names the line, the column and the keys allowed there.
    #[error("{file}: {message}")]
    Yaml { file: String, message: String },
    #[error("{file}: {path}: the environment variable {variable} is not set, and the file gives no default")]
    Unset { file: String, path: String, variable: String },
    #[error("{file}:{line}:{column}: {path}: unknown key `{key}`; allowed: {allowed}")]
    UnknownKey { file: String, line: u64, column: u64, path: String, key: String, allowed: String },
    #[error("{file}: {path}: {rule}")]
    Rule { file: String, path: String, rule: String },
}
