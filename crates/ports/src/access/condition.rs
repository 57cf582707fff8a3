//! What follows `when` or `unless` in a rule, in Llama Stack's words.

use super::principal::Principal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `user is owner`; `user is not owner` where `false`.
    Owner(bool),
    /// `user in owners teams`: the caller and the owner have a team in common.
    InOwners { attribute: String, holds: bool },
    /// `user with admin in roles`.
    With { value: String, attribute: String, holds: bool },
    /// `resource is unowned`.
    Unowned,
}

/// How a thing stands to the caller.
pub(super) struct Relation<'a> {
    pub own: bool,
    pub unowned: bool,
    /// Whether owner and caller have a value of this attribute in common.
    pub shared: &'a dyn Fn(&str) -> bool,
}

impl Condition {
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["user", "is", "owner"] => Self::Owner(true),
            ["user", "is", "not", "owner"] => Self::Owner(false),
            ["user", "in", "owners", attribute] => Self::InOwners { attribute: (*attribute).into(), holds: true },
            ["user", "not", "in", "owners", attribute] => {
                Self::InOwners { attribute: (*attribute).into(), holds: false }
            }
            ["user", "with", value, "in", attribute] => {
                Self::With { value: (*value).into(), attribute: (*attribute).into(), holds: true }
            }
            ["user", "with", value, "not", "in", attribute] => {
                Self::With { value: (*value).into(), attribute: (*attribute).into(), holds: false }
            }
            ["resource", "is", "unowned"] => Self::Unowned,
            _ => {
                return Err(format!(
                    "'{text}' is no condition; known are: user is [not] owner, user [not] in owners ATTRIBUTE, \
                     user with VALUE [not] in ATTRIBUTE, resource is unowned"
                ));
            }
        })
    }

    pub(super) fn holds(&self, caller: &Principal, relation: &Relation<'_>) -> bool {
        match self {
            Self::Owner(expected) => relation.own == *expected,
            Self::InOwners { attribute, holds } => (relation.shared)(attribute) == *holds,
            Self::With { value, attribute, holds } => caller.has(attribute, value) == *holds,
            Self::Unowned => relation.unowned,
        }
    }
}

/// `when` and `unless` of one rule: at most one of them is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Clause {
    #[default]
    Always,
    /// All of them hold.
    When(Vec<Condition>),
    /// Not all of them hold.
    Unless(Vec<Condition>),
}

impl Clause {
    pub fn parse(when: Vec<String>, unless: Vec<String>) -> Result<Self, String> {
        let parsed = |texts: Vec<String>| texts.iter().map(|text| Condition::parse(text)).collect::<Result<_, _>>();
        match (when.is_empty(), unless.is_empty()) {
            (true, true) => Ok(Self::Always),
            (false, true) => parsed(when).map(Self::When),
            (true, false) => parsed(unless).map(Self::Unless),
            (false, false) => Err("when and unless exclude each other".into()),
        }
    }

    pub fn holds(&self, check: impl Fn(&Condition) -> bool) -> bool {
        match self {
            Self::Always => true,
            Self::When(all) => all.iter().all(check),
            Self::Unless(all) => !all.iter().all(check),
        }
    }

    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::Always => &[],
            Self::When(all) | Self::Unless(all) => all,
        }
    }
}
