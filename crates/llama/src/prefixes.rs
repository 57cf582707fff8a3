//! Which cached sequence a prompt continues.
//!
//! A sequence is remembered by its tokens. A prompt that goes on where a sequence ended takes that sequence over; a
//! prompt that only shares the beginning (the same system text and tools, another claim) gets a copy of the shared
//! part in another sequence, so that neither conversation loses its place. The least recently used one gives way.

/// Shorter beginnings are not worth keeping a second conversation for.
const SHARED_AT_LEAST: usize = 32;
/// A sequence that loses no more than this many tokens is continued in place.
const TAIL_AT_MOST: usize = 64;

#[derive(Debug, Clone)]
struct Slot<T> {
    tokens: Vec<T>,
    used: u64,
}

/// Where a prompt goes: into `slot`, whose first `keep` tokens are valid once copied from `source`, if one is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub slot: usize,
    pub source: Option<usize>,
    pub keep: usize,
}

#[derive(Debug)]
pub struct Prefixes<T> {
    slots: Vec<Slot<T>>,
    clock: u64,
}

impl<T: PartialEq + Clone> Prefixes<T> {
    pub fn new(slots: usize) -> Self {
        Self { slots: vec![Slot { tokens: Vec::new(), used: 0 }; slots.max(1)], clock: 0 }
    }

    /// Keeps at most all but one token of the prompt: the last must be read again for its prediction.
    pub fn plan(&self, prompt: &[T]) -> Plan {
        let shared = |slot: &Slot<T>| slot.tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        let nearest = self.slots.iter().enumerate().map(|(index, slot)| (shared(slot), slot.used, index)).max();
        let Some((common, _, best)) = nearest else {
            return Plan { slot: 0, source: None, keep: 0 };
        };
        let keep = common.min(prompt.len().saturating_sub(1));
        if keep < SHARED_AT_LEAST {
            return Plan { slot: self.oldest(None).unwrap_or(best), source: None, keep: 0 };
        }
        let lost = self.slots[best].tokens.len() - keep;
        match self.oldest(Some(best)) {
            Some(slot) if lost > TAIL_AT_MOST => Plan { slot, source: Some(best), keep },
            _ => Plan { slot: best, source: None, keep },
        }
    }

    /// Makes the bookkeeping follow a plan that the cache has carried out.
    pub fn begin(&mut self, plan: Plan) {
        self.clock += 1;
        if let Some(source) = plan.source {
            self.slots[plan.slot].tokens = self.slots[source].tokens[..plan.keep].to_vec();
            self.slots[source].used = self.clock;
            self.clock += 1;
        }
        let slot = &mut self.slots[plan.slot];
        slot.tokens.truncate(plan.keep);
        slot.used = self.clock;
    }

    pub fn extend(&mut self, slot: usize, tokens: &[T]) {
        self.slots[slot].tokens.extend_from_slice(tokens);
    }

    pub fn len(&self, slot: usize) -> usize {
        self.slots[slot].tokens.len()
    }

    pub fn forget(&mut self, slot: usize) {
        self.slots[slot].tokens.clear();
        self.slots[slot].used = 0;
    }

    /// The least recently used sequence that holds something, other than `slot`.
    pub fn evictable(&self, slot: usize) -> Option<usize> {
        let held = self.slots.iter().enumerate().filter(|(index, held)| *index != slot && !held.tokens.is_empty());
        held.min_by_key(|(_, held)| held.used).map(|(index, _)| index)
    }

    fn oldest(&self, except: Option<usize>) -> Option<usize> {
        let others = self.slots.iter().enumerate().filter(|(index, _)| Some(*index) != except);
        others.min_by_key(|(_, slot)| slot.used).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: std::ops::Range<u32> = 0..200;

    fn prompt(tail: std::ops::Range<u32>) -> Vec<u32> {
        SYSTEM.chain(tail).collect()
    }

    fn run(prefixes: &mut Prefixes<u32>, prompt: &[u32]) -> Plan {
        let plan = prefixes.plan(prompt);
        prefixes.begin(plan);
        prefixes.extend(plan.slot, &prompt[plan.keep..]);
        assert_eq!(prefixes.len(plan.slot), prompt.len());
        plan
    }

    #[test]
    fn a_longer_turn_of_the_same_conversation_stays_in_its_slot() {
        let mut prefixes = Prefixes::new(3);
        let first = run(&mut prefixes, &prompt(1000..1100));
        assert_eq!(first.keep, 0);
        let next = run(&mut prefixes, &prompt(1000..1300));
        assert_eq!(next, Plan { slot: first.slot, source: None, keep: 300 });
    }

    #[test]
    fn another_conversation_copies_what_they_share() {
        let mut prefixes = Prefixes::new(3);
        let first = run(&mut prefixes, &prompt(1000..1500));
        let second = run(&mut prefixes, &prompt(2000..2500));
        assert_eq!((second.source, second.keep), (Some(first.slot), 200));
        assert_ne!(second.slot, first.slot);
        let back = run(&mut prefixes, &prompt(1000..1600));
        assert_eq!(back, Plan { slot: first.slot, source: None, keep: 700 });
    }

    #[test]
    fn short_prompts_of_another_kind_leave_the_conversation_alone() {
        let mut prefixes = Prefixes::new(3);
        let agent = run(&mut prefixes, &prompt(1000..1500));
        for side in 0..6 {
            let question: Vec<u32> = (0..3).chain(5000 + side * 100..5050 + side * 100).collect();
            assert_ne!(run(&mut prefixes, &question).slot, agent.slot);
            let turn = run(&mut prefixes, &prompt(1000..1600 + side * 10));
            assert_eq!((turn.slot, turn.source), (agent.slot, None));
            assert!(turn.keep >= 700);
        }
    }

    #[test]
    fn the_same_prompt_reads_its_last_token_again() {
        let mut prefixes = Prefixes::new(2);
        let text = prompt(1000..1010);
        run(&mut prefixes, &text);
        assert_eq!(prefixes.plan(&text).keep, text.len() - 1);
    }

    #[test]
    fn one_slot_serves_everybody() {
        let mut prefixes = Prefixes::new(1);
        run(&mut prefixes, &prompt(1000..1500));
        assert_eq!(run(&mut prefixes, &prompt(2000..2500)), Plan { slot: 0, source: None, keep: 200 });
        assert_eq!(prefixes.evictable(0), None);
    }

    #[test]
    fn the_least_recently_used_gives_way() {
        let mut prefixes = Prefixes::new(2);
        let old = run(&mut prefixes, &(10_000..10_100).collect::<Vec<_>>());
        let new = run(&mut prefixes, &(20_000..20_100).collect::<Vec<_>>());
        assert_eq!(prefixes.evictable(new.slot), Some(old.slot));
        assert_eq!(run(&mut prefixes, &(30_000..30_100).collect::<Vec<_>>()).slot, old.slot);
    }
}
