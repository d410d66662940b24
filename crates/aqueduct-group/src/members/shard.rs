//! What one thread keeps of a group for itself. Its lock is hardly ever waited for.

use aqueduct_core::roster::Roster;

use super::{End, Ended, Tally};
use crate::enclosing::Enclosing;
use crate::info::Record;
use crate::policy::Policy;
use crate::refs::Arc;

/// How many ends a shard keeps to itself, and how many are judged together.
pub(super) const BATCH: usize = if cfg!(aqueduct_loom) { 2 } else { 64 };

pub(super) struct Shard<P: Policy + 'static> {
    /// Spawned here; some have ended since, here or on other threads.
    pub(super) born: Roster<Arc<dyn Enclosing>, Record>,
    /// Ended here, and to be judged.
    pub(super) pending: Vec<Ended<P>>,
    /// Ended here, and not counted out.
    ended: usize,
    pub(super) tally: Tally,
}

impl<P: Policy + 'static> Shard<P> {
    pub(super) fn new() -> Self {
        Self {
            born: Roster::new(),
            pending: Vec::new(),
            ended: 0,
            tally: Tally::default(),
        }
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
