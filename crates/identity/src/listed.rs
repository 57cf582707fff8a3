//! Tokens written into a configuration, each with what it stands for.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Kept by digest: comparing those takes the same time whatever was sent, and however long it is.
#[derive(Clone)]
pub struct Listed<T>(Vec<([u8; 32], T)>);

impl<T> Listed<T> {
    pub fn new<'a>(tokens: impl IntoIterator<Item = (&'a SecretString, T)>) -> Self {
        let digest = |token: &SecretString| Sha256::digest(token.expose_secret().as_bytes()).into();
        Self(tokens.into_iter().map(|(token, stands_for)| (digest(token), stands_for)).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the token stands for. Goes to the end of the list, wherever it is found.
    pub fn find(&self, token: &str) -> Option<&T> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for (digest, stands_for) in &self.0 {
            if bool::from(digest.ct_eq(&given)) {
                found = Some(stands_for);
            }
        }
        found
    }
}
