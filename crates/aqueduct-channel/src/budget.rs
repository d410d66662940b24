//! What a message costs of Tokio's coop budget.

use std::task::{Context, Poll, ready};

use aqueduct_core::coop;

/// One unit of the budget is good for this many messages.
///
/// A task has 128 units before it must yield. A unit is meant for an operation that costs about 100 ns; sending or
/// receiving one message here costs 3 to 15 ns, and asking for a unit costs half as much as that. With this the budget
/// lasts for 1024 messages, which take about as long as 128 operations do elsewhere.
pub(crate) const MESSAGES_PER_UNIT: u8 = 8;

/// How many messages the unit that a handle spent last still covers.
///
/// A unit is taken before an operation and kept if that ends up waiting: the next operation uses it up. So a handle
/// that waits, however often it is polled, takes one unit at most.
#[derive(Debug, Default)]
pub(crate) struct Budget(u8);

impl Budget {
    /// Makes sure that one message more is covered, or has the task yield.
    #[inline(always)]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            self.0 = ready!(poll_unit(cx));
        }
        Poll::Ready(())
    }

    /// Counts a message. Only after [`poll`](Self::poll).
    #[inline(always)]
    pub(crate) fn spend(&mut self) {
        self.0 -= 1;
    }
}

/// Takes one unit, and says how many messages it is good for.
#[inline(never)]
pub(crate) fn poll_unit(cx: &mut Context<'_>) -> Poll<u8> {
    let coop = ready!(coop::poll_proceed(cx));
    coop.made_progress();
    Poll::Ready(MESSAGES_PER_UNIT)
}
