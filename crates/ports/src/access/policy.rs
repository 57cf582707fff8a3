//! Rules over things, in order: the first that fits decides, and what none fits is denied.

use regex::Regex;
use serde::Deserialize;

use super::condition::{Clause, Condition, Relation};
use super::principal::Principal;
use super::{OneOrMany, Resource, kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Read,
    Update,
    Delete,
}

impl Action {
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// `model::llama`, `model::*`, or `regex:` with a pattern that fits from the beginning.
#[derive(Debug, Clone)]
enum Pattern {
    Exact(String),
    Below(String),
    Regex(Regex),
}

#[derive(Debug, Clone)]
pub struct Rule {
    permit: bool,
    principal: Option<String>,
    actions: Vec<Action>,
    resource: Option<Pattern>,
    pub(super) clause: Clause,
}

/// Without rules of its own: everything to the owner, to who shares a role, team, project or namespace with the owner,
/// and to everyone what nobody owns.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Vec<Rule>")]
pub struct Policy {
    pub(super) rules: Vec<Rule>,
}

impl Default for Policy {
    fn default() -> Self {
        let shared = ["roles", "teams", "projects", "namespaces"]
            .map(|attribute| Condition::InOwners { attribute: attribute.into(), holds: true });
        let conditions = shared.into_iter().chain([Condition::Owner(true), Condition::Unowned]);
        let rule = |condition| Rule {
            permit: true,
            principal: None,
            actions: Action::ALL.to_vec(),
            resource: None,
            clause: Clause::When(vec![condition]),
        };
        Self { rules: conditions.map(rule).collect() }
    }
}

impl From<Vec<Rule>> for Policy {
    fn from(rules: Vec<Rule>) -> Self {
        if rules.is_empty() { Self::default() } else { Self { rules } }
    }
}

impl Policy {
    /// Without a caller nobody is asked who they are: what nobody owns is everybody's.
    pub fn permits(&self, caller: Option<&Principal>, action: Action, resource: Resource<'_>) -> bool {
        let Some(caller) = caller else { return resource.owner.is_none() };
        let relation = Relation {
            own: resource.owner.is_some_and(|owner| owner.id == caller.id),
            unowned: resource.owner.is_none(),
            shared: &|attribute| resource.owner.is_some_and(|owner| caller.shares(attribute, owner)),
        };
        let name = format!("{}::{}", resource.kind, resource.id);
        let fits = |rule: &&Rule| rule.covers(caller, action, |pattern| pattern.fits(&name));
        let deciding = self.rules.iter().filter(fits).find(|rule| rule.applies(caller, &relation));
        deciding.is_some_and(|rule| rule.permit)
    }

    /// Whether the caller may use a configured tool server; to rules it is the tool group `mcp::<label>`.
    pub fn opens_connector(&self, caller: Option<&Principal>, label: &str) -> bool {
        let group = format!("mcp::{label}");
        self.permits(caller, Action::Read, Resource::unowned(kind::TOOL_GROUP, &group))
    }

    /// Whether some thing of this kind that stands so to the caller may be permitted, whatever its id.
    pub(super) fn may_permit(&self, caller: &Principal, action: Action, kind: &str, relation: &Relation<'_>) -> bool {
        for rule in self.rules.iter().filter(|rule| rule.applies(caller, relation)) {
            let some = rule.covers(caller, action, |pattern| pattern.may_fit(kind));
            let every = rule.covers(caller, action, |pattern| pattern.fits_all(kind));
            match rule.permit {
                true if some => return true,
                false if every => return false,
                _ => {}
            }
        }
        false
    }
}

impl Rule {
    fn covers(&self, caller: &Principal, action: Action, fits: impl Fn(&Pattern) -> bool) -> bool {
        self.actions.contains(&action)
            && self.principal.as_ref().is_none_or(|principal| *principal == caller.id)
            && self.resource.as_ref().is_none_or(fits)
    }

    fn applies(&self, caller: &Principal, relation: &Relation<'_>) -> bool {
        self.clause.holds(|condition| condition.holds(caller, relation))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(pattern) = text.strip_prefix("regex:") {
            return regex_from_start(pattern).map(Self::Regex);
        }
        Ok(match text.strip_suffix('*').filter(|above| above.ends_with("::")) {
            Some(above) => Self::Below(above.to_owned()),
            None => Self::Exact(text.to_owned()),
        })
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Below(above) => name.starts_with(above.as_str()),
            Self::Regex(regex) => regex.is_match(name),
        }
    }

    fn fits_all(&self, kind: &str) -> bool {
        matches!(self, Self::Below(above) if format!("{kind}::").starts_with(above.as_str()))
    }

    fn may_fit(&self, kind: &str) -> bool {
        let below = format!("{kind}::");
        match self {
            Self::Exact(exact) => exact.starts_with(&below),
            Self::Below(above) => below.starts_with(above.as_str()) || above.starts_with(&below),
            Self::Regex(_) => true,
        }
    }
}

/// A pattern that fits from the first character on. One that cannot be read is refused: as a rule that never fits, a
/// `forbid` would be none.
pub(super) fn regex_from_start(pattern: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(&format!("^(?:{pattern})")).size_limit(1 << 20).build();
    built.map_err(|error| format!("the pattern '{pattern}' cannot be read: {error}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScope {
    principal: Option<String>,
    actions: OneOrMany<Action>,
    resource: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    permit: Option<WrittenScope>,
    forbid: Option<WrittenScope>,
    when: Option<OneOrMany<String>>,
    unless: Option<OneOrMany<String>>,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

impl TryFrom<WrittenRule> for Rule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let (permit, scope) = match (written.permit, written.forbid) {
            (Some(scope), None) => (true, scope),
            (None, Some(scope)) => (false, scope),
            _ => return Err("a rule has either permit or forbid".into()),
        };
        let words = |given: Option<OneOrMany<String>>| given.map(OneOrMany::into_vec).unwrap_or_default();
        Ok(Self {
            permit,
            principal: scope.principal,
            actions: scope.actions.into_vec(),
            resource: scope.resource.as_deref().map(Pattern::parse).transpose()?,
            clause: Clause::parse(words(written.when), words(written.unless))?,
        })
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(WrittenRule::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
