//! The part of a store that the graph knows. Rows come and go beside it; what it no longer knows right is passed over.

use super::graph::Graph;

/// No slot, no key.
pub const NONE: u32 = u32::MAX;

/// A row as it was when it was put into the graph; a row of another birth in the same slot is another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub slot: u32,
    pub born: u64,
}

pub struct Base {
    pub graph: Graph,
    /// Vectors were divided by this before they were put in, so that 16-bit floats hold them.
    pub scale: f32,
    /// By key.
    slots: Vec<u32>,
    /// By slot.
    keys: Vec<u32>,
    /// Slots in use that the graph does not know, to be scanned.
    pub tail: Vec<u32>,
    pub live: usize,
}

impl Base {
    /// `slots` by key, `NONE` for vectors that are no row's any more; `used` are all slots in use.
    pub fn new(graph: Graph, scale: f32, slots: Vec<u32>, used: impl Iterator<Item = u32>) -> Self {
        let mut base = Self { graph, scale, slots, keys: Vec::new(), tail: Vec::new(), live: 0 };
        for (key, slot) in (0_u32..).zip(base.slots.clone()) {
            if slot != NONE {
                *base.key(slot) = key;
                base.live += 1;
            }
        }
        for slot in used {
            if *base.key(slot) == NONE {
                base.tail.push(slot);
            }
        }
        base
    }

    fn key(&mut self, slot: u32) -> &mut u32 {
        let at = slot as usize;
        if self.keys.len() <= at {
            self.keys.resize(at + 1, NONE);
        }
        &mut self.keys[at]
    }

    /// A row that the graph does not know came into the slot.
    pub fn came(&mut self, slot: u32) {
        self.tail.push(slot);
    }

    /// The slot was emptied.
    pub fn went(&mut self, slot: u32) {
        let key = std::mem::replace(self.key(slot), NONE);
        match self.slots.get_mut(key as usize) {
            Some(known) => {
                *known = NONE;
                self.live -= 1;
            }
            None => self.tail.retain(|&other| other != slot),
        }
    }

    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Vectors in the graph that are no row's any more.
    pub fn dead(&self) -> usize {
        self.slots.len() - self.live
    }

    /// Slots of the nearest rows, about; where only some are `open`, of these.
    pub fn nearest<F>(&self, vector: &[f32], count: usize, open: Option<F>) -> Result<Vec<u32>, String>
    where
        F: Fn(u32) -> bool,
    {
        let slot = |key: u32| self.slots.get(key as usize).copied().unwrap_or(NONE);
        let accept = |key: u32| slot(key) != NONE && open.as_ref().is_none_or(|open| open(slot(key)));
        let all = open.is_none() && self.dead() == 0;
        let found = self.graph.nearest(vector, count, (!all).then_some(accept))?;
        Ok(found.into_iter().map(slot).collect())
    }
}
