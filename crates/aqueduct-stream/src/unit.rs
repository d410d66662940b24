//! The units of Tokio's coop budget that loops over pulls spend (P7).
//!
//! A unit is taken before a pull, and given back if that brought nothing. But not the last one: what is below may have had none
//! to look with, and said `Pending` for that. Whoever is around this loop (it may be that of a stream, which is an item of
//! another, which has a time limit) could not tell that from a source that has nothing, if it found the unit again. So it finds
//! none, and looks again when the task has its next share, for which the task is woken already.

use std::cell::Cell;
use std::task::{Context, Poll, ready};

use tokio::task::coop::{self, RestoreOnPending, has_budget_remaining};

/// A unit that is spent, or given back when it is dropped.
pub(crate) struct Unit {
    unit: RestoreOnPending,
    spent: Cell<bool>,
}

/// Takes a unit for a pull.
#[inline]
pub(crate) fn poll_proceed(cx: &mut Context<'_>) -> Poll<Unit> {
    let unit = ready!(coop::poll_proceed(cx));
    Poll::Ready(Unit {
        unit,
        spent: Cell::new(false),
    })
}

impl Unit {
    /// Spends it.
    #[inline]
    pub(crate) fn made_progress(&self) {
        self.spent.set(true);
        self.unit.made_progress();
    }
}

impl Drop for Unit {
    #[inline]
    fn drop(&mut self) {
        if !self.spent.get() && !has_budget_remaining() {
            self.unit.made_progress();
        }
    }
}
