//! What one thread keeps of a group for itself. Its lock is hardly ever waited for.

use crate::refs::Arc;

use aqueduct_core::node::Node;

use super::slab::Slab;
use super::{End, Ended, Tally};
use crate::info::{Record, TaskState};
use crate::policy::Policy;

/// How many ends a shard keeps to itself, and how many are judged together.
pub(super) const BATCH: usize = if cfg!(aqueduct_loom) { 2 } else { 64 };

pub(super) struct Shard<P: Policy + 'static, H> {
    /// Spawned here; some have ended since, on other threads.
    pub(super) born: Slab<Entry<H>>,
    /// How many in `born` are too many not to look for those that have ended.
    prune_at: usize,
    /// Ended here, and to be judged.
    pub(super) pending: Vec<Ended<P>>,
    /// Ended here, and not counted out.
    ended: usize,
    pub(super) tally: Tally,
}

pub(super) struct Entry<H> {
    pub(super) node: Arc<Node>,
    pub(super) handle: H,
}

impl<P: Policy + 'static, H> Shard<P, H> {
    pub(super) fn new() -> Self {
        Self {
            born: Slab::new(),
            prune_at: BATCH,
            pending: Vec::new(),
            ended: 0,
            tally: Tally::default(),
        }
    }

    /// Adds a task of shard `number`, which this is, and returns those that have ended, if it was time to look: to be
    /// dropped after the lock.
    #[inline]
    pub(super) fn add(&mut self, number: usize, entry: Entry<H>) -> Vec<Entry<H>> {
        let pruned = if self.born.len() < self.prune_at {
            Vec::new()
        } else {
            self.prune()
        };
        let record = record_of(&entry.node);
        record.set_place(number, self.born.next_slot());
        let _ = self.born.insert(entry);
        pruned
    }

    /// Takes a task out that has ended, if it was spawned here: to be dropped after the lock.
    #[inline]
    pub(super) fn remove(&mut self, number: usize, node: &Node) -> Option<Entry<H>> {
        let slot = record_of(node).place_in(number)?;
        self.born.remove(slot)
    }

    #[cold]
    fn prune(&mut self) -> Vec<Entry<H>> {
        let ended = self.born.extract(|entry| has_ended(&entry.node));
        for entry in &ended {
            // It may not have left yet, and its place is for others.
            record_of(&entry.node).unset_place();
        }
        self.prune_at = BATCH.max(2 * self.born.len());
        ended
    }

    /// Counts an end, and says how many there are to be flushed if it is time to.
    #[inline]
    pub(super) fn end(&mut self, must_flush: bool) -> usize {
        self.ended += 1;
        if must_flush || self.ended >= BATCH {
            self.take_ended()
        } else {
            0
        }
    }

    pub(super) fn take_ended(&mut self) -> usize {
        std::mem::take(&mut self.ended)
    }
}

/// Whether the task of a node has ended.
#[inline]
pub(super) fn has_ended(node: &Node) -> bool {
    record_of(node).state() == TaskState::Ended
}

#[inline]
pub(super) fn record_of(node: &Node) -> &Record {
    let record = node.data().downcast_ref();
    record.expect("a task's node has a record")
}

impl<O> End<O> {
    #[inline]
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        match self {
            Self::Returned(_) | Self::Handed | Self::Untriaged(_) => tally.returned = 1,
            Self::Panicked(_) => tally.panicked = 1,
            Self::CutShort => tally.cut_short = 1,
        }
        tally
    }
}
