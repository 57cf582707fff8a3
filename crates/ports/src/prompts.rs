//! Prompt templates, each in versions from 1; one version is the default.

use async_trait::async_trait;
use wire::llama::prompts::Prompt;

use crate::access::Principal;
use crate::responses::StoreError;

/// What became of a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revised {
    Done(Prompt),
    /// There is no such prompt for this owner.
    Unknown,
    /// The version it was to follow is not the newest, which is this one.
    Stale(u32),
}

#[async_trait]
pub trait Prompts: Send + Sync {
    /// Version 1 of a new prompt, which becomes its default.
    async fn create_prompt(
        &self,
        prompt: &Prompt,
        created_at: i64,
        caller: Option<&Principal>,
    ) -> Result<(), StoreError>;

    /// Adds the version after `follows`. Two that follow the same version: the second is `Stale`.
    async fn revise_prompt(
        &self,
        id: &str,
        follows: u32,
        text: &str,
        variables: &[String],
        make_default: bool,
        caller: Option<&Principal>,
    ) -> Result<Revised, StoreError>;

    /// One version, or the default.
    async fn prompt(
        &self,
        id: &str,
        version: Option<u32>,
        caller: Option<&Principal>,
    ) -> Result<Option<Prompt>, StoreError>;

    /// Default versions of all prompts, oldest prompt first; at most 10 000.
    async fn prompts(&self, caller: Option<&Principal>) -> Result<Vec<Prompt>, StoreError>;

    /// All versions, oldest first; nothing for an unknown prompt.
    async fn prompt_versions(&self, id: &str, caller: Option<&Principal>) -> Result<Vec<Prompt>, StoreError>;

    /// The prompt as it now is; `None` when there is no such version.
    async fn set_default_version(
        &self,
        id: &str,
        version: u32,
        caller: Option<&Principal>,
    ) -> Result<Option<Prompt>, StoreError>;

    async fn remove_prompt(&self, id: &str, caller: Option<&Principal>) -> Result<bool, StoreError>;
}
