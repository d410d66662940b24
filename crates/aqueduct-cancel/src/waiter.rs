//! One who waits on a scope. Every future of this crate that waits has one of these.
//!
//! It leaves a waker at the scope when it first has to, and stays registered until it is dropped: polls after that write
//! nothing and take no lock.
//!
//! # Invariants
//!
//! I1. What is remembered of the registered waker is what the registered *clone* had, not the original. As long as the
//!     clone is there, nobody else's waker has the same data and table, unless waking the one is waking the other.

use std::ptr;
use std::task::{Context, Poll, RawWakerVTable, Waker};

use crate::deadline;
use crate::node::{Handle, Ticket, Until};

pub(crate) struct Waiter<'a> {
    node: Handle<'a>,
    until: Until,
    place: Option<(Ticket, Known)>,
}

/// What tells wakers apart.
#[derive(Clone, Copy)]
struct Known {
    data: usize,
    table: &'static RawWakerVTable,
}

impl Known {
    fn new(waker: &Waker) -> Self {
        Self {
            data: waker.data().addr(),
            table: waker.vtable(),
        }
    }

    #[inline(always)]
    fn is(self, waker: &Waker) -> bool {
        self.data == waker.data().addr() && ptr::eq(self.table, waker.vtable())
    }
}

impl<'a> Waiter<'a> {
    #[inline]
    pub(crate) fn new(node: Handle<'a>, until: Until) -> Self {
        Self {
            node,
            until,
            place: None,
        }
    }

    #[inline]
    pub(crate) fn node(&self) -> &Handle<'a> {
        &self.node
    }

    /// Whether what is waited for has come; if not, the task will be woken when it does.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.node.is_over(self.until) {
            return Poll::Ready(());
        }
        match self.place {
            Some((ticket, known)) if known.is(cx.waker()) && self.node.holds(ticket) => {
                Poll::Pending
            }
            _ => self.register(cx.waker()),
        }
    }

    #[inline(never)]
    fn register(&mut self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let known = Known::new(&waker);
        let ticket = self.place.map(|(ticket, _)| ticket);
        match self.node.wait(self.until, ticket, waker) {
            Some(ticket) => self.place = Some((ticket, known)),
            None => return Poll::Ready(()),
        }
        // After registering: if the timer is lost again, who is registered is woken to set another.
        deadline::arm(&self.node);
        Poll::Pending
    }
}

impl Drop for Waiter<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some((ticket, _)) = self.place {
            self.node.leave(self.until, ticket);
        }
    }
}
