//! A caller by name, with the attributes that rules speak of.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `roles`, `teams`, `projects`, `namespaces`, or what else the identity provider's mapping names.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// Values of all attributes together; a token with more is refused, since dropping some could open a `forbid`.
const MOST_VALUES: usize = 512;
const LONGEST: usize = 512;

/// Groups that a Kubernetes cluster gives to everyone: having them in common makes nobody a teammate.
const EVERYONES: [&str; 3] = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Never empty.
    pub id: String,
    pub attributes: Attributes,
}

/// What an identity provider said of a caller cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPrincipal {
    #[error("the caller has no name")]
    Nameless,
    #[error("the caller's name or attributes are longer than {MOST_VALUES} values of {LONGEST} characters")]
    TooLong,
}

impl Principal {
    pub fn new(id: impl Into<String>, attributes: Attributes) -> Result<Self, BadPrincipal> {
        let id = id.into();
        let fits = |text: &str| text.len() <= LONGEST && !text.contains(['\n', '\0']);
        let values = || attributes.iter().flat_map(|(name, values)| std::iter::once(name).chain(values));
        match () {
            () if id.trim().is_empty() => Err(BadPrincipal::Nameless),
            () if !fits(&id) || values().count() > MOST_VALUES || !values().all(|value| fits(value)) => {
                Err(BadPrincipal::TooLong)
            }
            () => Ok(Self { id, attributes }),
        }
    }

    /// Whether the value is one of the attribute's.
    pub fn has(&self, attribute: &str, value: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|values| values.iter().any(|held| held == value))
    }

    /// Whether the two have a value of this attribute in common that sets them apart from others.
    pub fn shares(&self, attribute: &str, other: &Self) -> bool {
        self.telling(attribute).any(|value| other.has(attribute, value))
    }

    /// The values of one attribute that not everybody has.
    pub fn telling(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let values = self.attributes.get(attribute).into_iter().flatten();
        values.map(String::as_str).filter(|value| !EVERYONES.contains(value))
    }
}

/// A principal that many records and calls hold: cheap to clone. As JSON a name, with attributes beside it if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Arc<Principal>);

impl Caller {
    /// Somebody of whom nothing but the name is known.
    pub fn named(id: impl Into<String>) -> Self {
        Principal { id: id.into(), attributes: Attributes::new() }.into()
    }
}

impl From<Principal> for Caller {
    fn from(principal: Principal) -> Self {
        Self(Arc::new(principal))
    }
}

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Whole { id: String, attributes: Attributes },
}

impl Serialize for Caller {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.attributes.is_empty() {
            true => self.id.serialize(serializer),
            false => Written::Whole { id: self.id.clone(), attributes: self.attributes.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Caller {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Name(id) => Self::named(id),
            Written::Whole { id, attributes } => Principal { id, attributes }.into(),
        })
    }
}
