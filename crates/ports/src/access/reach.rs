//! What a list can ask a database for: a few classes of rows that hold everything the rules may permit.

use super::condition::{Condition, Relation};
use super::policy::{Action, Policy};
use super::principal::Principal;

/// Rows a caller may be shown. Never less than the rules permit; where it is more (rules about single ids, or about
/// several attributes at once) each row is asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Rows of anybody.
    pub everyones: bool,
    pub own: bool,
    pub unowned: bool,
    /// Rows whose owner has a value in common with the caller in one of these attributes.
    pub shared: Vec<String>,
}

/// Attributes that the rules compare with the owner's; beyond this everybody's rows are read and judged one by one.
const MOST_ATTRIBUTES: usize = 6;

impl Policy {
    pub fn reach(&self, caller: Option<&Principal>, action: Action, kind: &str) -> Reach {
        let Some(caller) = caller else { return Reach { unowned: true, ..Reach::default() } };
        let mut attributes: Vec<&str> = Vec::new();
        for condition in self.rules.iter().flat_map(|rule| rule.clause.conditions()) {
            if let Condition::InOwners { attribute, .. } = condition
                && !attributes.contains(&attribute.as_str())
            {
                attributes.push(attribute);
            }
        }
        if attributes.len() > MOST_ATTRIBUTES {
            return Reach { everyones: true, own: true, unowned: true, shared: Vec::new() };
        }
        // Every way in which an owner can stand to the caller: which of the attributes the two share.
        let stands = |own: bool, unowned: bool, mask: usize| {
            let shared =
                |name: &str| attributes.iter().position(|it| *it == name).is_some_and(|at| mask >> at & 1 == 1);
            self.may_permit(caller, action, kind, &Relation { own, unowned, shared: &shared })
        };
        let masks = 0..1_usize << attributes.len();
        let permitted: Vec<usize> = masks.clone().filter(|mask| stands(false, false, *mask)).collect();
        let shared = attributes.iter().enumerate();
        let shared = shared.filter(|(at, _)| permitted.iter().any(|mask| mask >> at & 1 == 1));
        Reach {
            everyones: permitted.contains(&0),
            own: masks.clone().any(|mask| stands(true, false, mask)),
            unowned: stands(false, true, 0),
            shared: shared.map(|(_, name)| (*name).to_owned()).collect(),
        }
    }
}
