//! Rules over paths, asked before anything is looked up.

use regex::Regex;
use serde::Deserialize;

use super::OneOrMany;
use super::condition::{Clause, Relation};
use super::policy::regex_from_start;
use super::principal::Principal;

#[derive(Debug, Clone)]
enum Path {
    Exact(String),
    Below(String),
    Regex(Regex),
}

#[derive(Debug, Clone)]
pub struct RouteRule {
    permit: bool,
    paths: Vec<Path>,
    clause: Clause,
}

/// In order: the first rule that fits decides, and a path that none fits is closed. Without rules all are open.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct RoutePolicy {
    rules: Vec<RouteRule>,
}

impl RoutePolicy {
    /// Without rules every path is open.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub fn permits(&self, caller: Option<&Principal>, path: &str) -> bool {
        if self.rules.is_empty() {
            return true;
        }
        let path = match path.trim_end_matches('/') {
            "" => "/",
            trimmed => trimmed,
        };
        let deciding = self.rules.iter().find(|rule| rule.covers(path) && rule.applies(caller));
        deciding.is_some_and(|rule| rule.permit)
    }
}

impl RouteRule {
    fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| match pattern {
            Path::Exact(exact) => exact == path,
            Path::Below(start) => path.starts_with(start.as_str()),
            Path::Regex(regex) => regex.is_match(path),
        })
    }

    /// A condition is about somebody; nobody fulfils none.
    fn applies(&self, caller: Option<&Principal>) -> bool {
        match (caller, self.clause.conditions().is_empty()) {
            (_, true) => true,
            (None, false) => false,
            (Some(caller), false) => {
                let nothing = Relation { own: false, unowned: true, shared: &|_| false };
                self.clause.holds(|condition| condition.holds(caller, &nothing))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    paths: OneOrMany<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    permit: Option<Paths>,
    forbid: Option<Paths>,
    when: Option<OneOrMany<String>>,
    unless: Option<OneOrMany<String>>,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

impl TryFrom<WrittenRule> for RouteRule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let (permit, scope) = match (written.permit, written.forbid) {
            (Some(scope), None) => (true, scope),
            (None, Some(scope)) => (false, scope),
            _ => return Err("a rule has either permit or forbid".into()),
        };
        let path = |text: String| match (text.strip_prefix("regex:"), text.strip_suffix('*')) {
            (Some(pattern), _) => regex_from_start(pattern).map(Path::Regex),
            (None, Some(start)) => Ok(Path::Below(start.to_owned())),
            (None, None) => Ok(Path::Exact(text)),
        };
        let words = |given: Option<OneOrMany<String>>| given.map(OneOrMany::into_vec).unwrap_or_default();
        Ok(Self {
            permit,
            paths: scope.paths.into_vec().into_iter().map(path).collect::<Result<_, _>>()?,
            clause: Clause::parse(words(written.when), words(written.unless))?,
        })
    }
}

impl<'de> Deserialize<'de> for RouteRule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(WrittenRule::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
