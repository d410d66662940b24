//! Waiting for a seat in a group with a limit.
//!
//! A member that waits for room for another task gives up its own seat meanwhile, for it does not run: otherwise tasks
//! that spawn into their own full group would wait for each other for ever. It has its seat back before it goes on, so
//! that no more than the limit ever run.
//!
//! ```text
//!   not a member:   wait for a place ──▶ go on
//!   a member:       lend its seat ──▶ wait for a place ──▶ wait for its seat ──▶ go on
//! ```

use crate::refs::Arc;
use std::num::NonZeroUsize;

use aqueduct_core::sync::{AtomicUsize, Ordering};
use aqueduct_core::wait_queue::{PassOn, WaitQueue};

use super::word::LIVE_MAX;
use super::{Members, Reserved};
use crate::info::{Loans, Record};
use crate::policy::Policy;

/// What somebody in line wants, and has got.
pub(crate) struct Ask {
    pub(crate) want: Want,
    /// Nothing while it waits, or if the group was closed meanwhile.
    pub(crate) got: Option<Reserved>,
    /// Where to bring it back if it is not taken.
    pub(crate) group: Arc<dyn GiveBack>,
}

#[derive(Clone, Debug)]
pub(crate) enum Want {
    /// A place for a new task.
    Place,
    /// The seat that this member lent.
    Seat(Arc<Loans>),
}

/// Takes back a place that was given to somebody who went away. A lent seat needs no such care: it is its owner's again
/// either way.
pub(crate) trait GiveBack: Send + Sync {
    fn unreserve(&self);
}

impl PassOn for Ask {
    fn pass_on(self, _: &WaitQueue<Self>) {
        if let (Want::Place, Some(Reserved::Index(_))) = (self.want, self.got) {
            self.group.unreserve();
        }
    }
}

/// How many may be alive at once: the group's limit, and those that are alive but have lent their seat, or never had one.
///
/// Who lends says so first in the loans of its task, and then here; who claims the seat back between the two takes away
/// here what is not added yet. So what is here may be below 0 for a moment, when several do. That is read as 0: too little
/// room is made good by who adds, who serves the line after it; too much would be given away.
pub(super) struct Limit(AtomicUsize);

impl Limit {
    pub(super) fn new(limit: NonZeroUsize) -> Self {
        // No more than ever are, so that it can be made larger.
        Self(AtomicUsize::new(limit.get().min(LIVE_MAX as usize)))
    }

    // Relaxed, all of them: whoever adds serves the line afterwards.

    #[inline]
    pub(super) fn get(&self) -> usize {
        self.0
            .load(Ordering::Relaxed)
            .cast_signed()
            .max(0)
            .cast_unsigned()
    }

    pub(super) fn grow(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn shrink(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<P: Policy + 'static> Members<P> {
    pub(crate) fn room(&self) -> &WaitQueue<Ask> {
        &self.room
    }

    /// Gives what is asked for, if it is there. For the queue's servers, under its lock; to be followed by
    /// [`settle`](Self::settle) after it.
    pub(crate) fn grant(&self, ask: &mut Ask) -> bool {
        let Some(limit) = &self.limit else {
            unreachable!("nobody waits for room where there is no limit");
        };
        let got = match &ask.want {
            Want::Place => self.reserve_exactly(limit),
            Want::Seat(loans) => self.take_seat(limit, loans),
        };
        ask.got = Some(got);
        got != Reserved::Full
    }

    /// To be called when a seat was freed.
    #[inline]
    pub(super) fn serve_room(&self) {
        if self.limit.is_some() && self.room.is_waited_on() {
            self.room.serve(|ask| self.grant(ask));
            self.settle();
        }
    }

    /// A member's seat goes to others while it waits. It has one, however many it waits for.
    pub(crate) fn lend_seat(&self, loans: &Loans) {
        let Some(limit) = &self.limit else { return };
        // Relaxed, as below: the count is of those who wait in one task, and says who changes the limit.
        if loans.fetch_add(1, Ordering::Relaxed) == 0 {
            limit.grow();
        }
        self.serve_room();
    }

    /// A member's seat is its own again, if there is room, or if it still waits for something else: closing the group
    /// makes room, for nothing else comes.
    ///
    /// It comes in as another member for a moment, so that nobody else takes the room of which it makes less.
    fn take_seat(&self, limit: &Limit, loans: &Loans) -> Reserved {
        self.flush_all();
        let entered = if loans.load(Ordering::Relaxed) == 1 {
            self.word.0.enter_below(|| limit.get())
        } else {
            Reserved::Closed
        };
        match entered {
            Reserved::Full => return Reserved::Full,
            Reserved::Closed => self.claim_seat(loans),
            Reserved::Index(_) => {
                self.claim_seat(loans);
                // What else follows from it is `settle`'s.
                if self.word.0.leave(1).crosses(self.unflushed_max()) {
                    self.flush_all();
                }
            }
        }
        Reserved::Index(0)
    }

    /// A member's seat is its own again at once: it does not wait any more, and runs. For a moment one more than the
    /// limit may run.
    pub(crate) fn claim_seat(&self, loans: &Loans) {
        let less_one = |lends: u32| lends.checked_sub(1);
        let before = loans.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less_one);
        if before == Ok(1) {
            self.shrink_limit();
        }
    }

    /// A member leaves: what it has lent is nobody's. It may have leaked what it waited with.
    #[inline]
    pub(super) fn forget_seat(&self, member: &Record) {
        let Some(loans) = member.loans() else { return };
        if self.limit.is_some() && loans.swap(0, Ordering::Relaxed) > 0 {
            self.shrink_limit();
        }
    }
}
