//! The access rules over rows: which a list asks for, and whether a caller may have the one that was found.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use ports::access::{Action, Caller, Owned, Principal};
use ports::responses::StoreError;
use sha2::{Digest, Sha256};

use crate::Store;
use crate::error::{store_error, unreadable};
use crate::paging::Bind;

/// Sets of tags that this process knows to be in the database; above this it asks anew.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub struct KnownSets(Mutex<HashSet<String>>);

impl KnownSets {
    fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    fn add(&self, id: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id);
    }
}

/// The rows of a list that a caller may be shown; those it gives are still asked for one by one.
pub enum Sight {
    Everyones,
    Some {
        own: Option<String>,
        unowned: bool,
        /// The set of the caller's tags that rows may share.
        set: String,
    },
}

impl Sight {
    /// A condition on the columns `owner` and `access`; its values are appended to `binds`.
    pub fn condition<'a>(&'a self, binds: &mut Vec<Bind<'a>>) -> String {
        let Self::Some { own, unowned, set } = self else { return "1 = 1".into() };
        let mut next = |value: &'a str| {
            binds.push(Bind::Text(value));
            format!("${}", binds.len())
        };
        let mut ways = Vec::new();
        ways.extend(own.as_deref().map(|own| format!("owner = {}", next(own))));
        ways.extend(unowned.then(|| "owner = ''".to_owned()));
        if !set.is_empty() {
            ways.push(format!(
                "access in (select theirs.set_id from access_tags mine join access_tags theirs on mine.tag = theirs.tag
                            where mine.set_id = {})",
                next(set)
            ));
        }
        if ways.is_empty() { "1 = 0".into() } else { format!("({})", ways.join(" or ")) }
    }
}

impl Store {
    pub(crate) async fn sight(&self, caller: Option<&Principal>, kind: &str) -> Result<Sight, StoreError> {
        let reach = self.policy.reach(caller, Action::Read, kind);
        if reach.everyones {
            return Ok(Sight::Everyones);
        }
        let set = match caller {
            Some(caller) => self.set(tags(caller, reach.shared.iter())).await?,
            None => String::new(),
        };
        let own = caller.filter(|_| reach.own).map(|caller| caller.id.clone());
        Ok(Sight::Some { own, unowned: reach.unowned, set })
    }

    /// The set of a row's owner, for its column `access`. Not to be called inside a transaction: it may need one.
    pub(crate) async fn access_of(&self, owner: Option<&Principal>) -> Result<String, StoreError> {
        match owner {
            Some(owner) => self.set(tags(owner, owner.attributes.keys())).await,
            None => Ok(String::new()),
        }
    }

    /// The name of a set of tags, once it is in the database; empty for none.
    async fn set(&self, tags: BTreeSet<String>) -> Result<String, StoreError> {
        if tags.is_empty() {
            return Ok(String::new());
        }
        let mut digest = Sha256::new();
        for tag in &tags {
            digest.update(tag.as_bytes());
            digest.update(b"\n");
        }
        let id = hex::encode(&digest.finalize()[..16]);
        if self.sets.has(&id) {
            return Ok(id);
        }
        let mut work = self.pool().await?.begin().await.map_err(store_error)?;
        for tag in &tags {
            sqlx::query("insert into access_tags (set_id, tag) values ($1, $2) on conflict do nothing")
                .bind(&id)
                .bind(tag)
                .execute(&mut *work)
                .await
                .map_err(store_error)?;
        }
        work.commit().await.map_err(store_error)?;
        self.sets.add(id.clone());
        Ok(id)
    }

    /// The record, if the caller may see it.
    pub(crate) fn shown<T: Owned>(&self, found: Option<T>, caller: Option<&Principal>) -> Option<T> {
        found.filter(|record| self.policy.permits(caller, Action::Read, record.resource()))
    }

    /// Whether there is such a record and the caller may do this with it. One that the caller does not even see is
    /// none; one that is seen and may not be touched is refused.
    pub(crate) fn may<T: Owned>(
        &self,
        action: Action,
        found: Option<T>,
        caller: Option<&Principal>,
    ) -> Result<bool, StoreError> {
        let Some(record) = self.shown(found, caller) else { return Ok(false) };
        let thing = record.resource();
        if self.policy.permits(caller, action, thing) {
            return Ok(true);
        }
        let (action, kind, id) = (action.name(), thing.kind, thing.id);
        Err(StoreError::Denied(format!("the access policy does not let this caller {action} {kind}::{id}")))
    }
}

/// `teams=red`, for every value that not everybody has.
fn tags<'a>(principal: &Principal, attributes: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    attributes.flat_map(|name| principal.telling(name).map(move |value| format!("{name}={value}"))).collect()
}

/// An owner as the column `owned_by` holds it.
pub fn written(owner: Option<&Caller>) -> Result<String, StoreError> {
    owner.map_or(Ok(String::new()), |owner| serde_json::to_string(owner).map_err(unreadable))
}

pub fn owner_in(text: &str) -> Result<Option<Caller>, StoreError> {
    if text.is_empty() { Ok(None) } else { serde_json::from_str(text).map(Some).map_err(unreadable) }
}

/// The column `owner`.
pub fn name(owner: Option<&Principal>) -> &str {
    owner.map_or("", |owner| owner.id.as_str())
}
