//! Linking to the parent, and waiting.

use std::task::Waker;

use aqueduct_core::sync::Ordering;

use super::{Node, STRIDE, UNLINKED, Until};
use crate::reason::Cause;
use crate::refs::Arc;

/// A waiter's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    key: u32,
    /// The place is the waiter's for as long as the scope's epoch is this. (After what was waited for has come there is
    /// nobody in any place, and nobody comes.)
    epoch: u32,
}

impl Node {
    #[inline]
    fn is_linked(&self) -> bool {
        // Relaxed: the slot says only that a push was made. Whoever took the pushed child out has the parent's lock
        // after the pusher, and this one's after whoever waits here; the locks order all that matters.
        self.parent().is_none() || self.slot.load(Ordering::Relaxed) != UNLINKED
    }

    /// Links this scope, and before it the unlinked above it (I1). Fails with the cause if one above is cancelled.
    pub(super) fn link(self: &Arc<Self>) -> Result<(), Arc<Cause>> {
        // An anchor is linked or cancelled, so that it is at most one stride.
        let mut unlinked: [Option<&Arc<Self>>; STRIDE as usize] = [None; _];
        let mut count = 0;
        let mut node = self;
        while !node.is_linked()
            && let Some(parent) = node.parent()
        {
            if let Some(cause) = node.word.cause() {
                return Err(cause);
            }
            unlinked[count] = Some(node);
            count += 1;
            node = parent;
        }
        let top_down = unlinked[..count].iter().rev().flatten();
        for node in top_down {
            node.link_to_parent()?;
        }
        Ok(())
    }

    /// I3.
    fn link_to_parent(self: &Arc<Self>) -> Result<(), Arc<Cause>> {
        let Some(parent) = self.parent() else {
            return Ok(());
        };
        parent.word.watch();
        let mut links = parent.links.lock();
        if let Some(cause) = parent.word.cause() {
            return Err(cause);
        }
        // Another may have linked it meanwhile.
        if self.is_linked() {
            return Ok(());
        }
        // What was spread to the parent before this lock is handed on here, what comes later finds the child.
        let seen = parent.word.load();
        if seen.is_draining() {
            let _ = self.word.drain();
        }
        if seen.needs_clock() {
            self.word.set_clock();
        }
        let slot = links.push(Arc::downgrade(self));
        self.set_slot(slot);
        Ok(())
    }

    /// Leaves the parent's list. The scope's last handle is gone; `address` is where it was when it was linked.
    pub(super) fn unlink(&self, address: *const Self, parent: &Self) {
        // Relaxed: whoever linked it had a handle, and gave that up before this.
        if self.slot.load(Ordering::Relaxed) == UNLINKED {
            return;
        }
        let mut links = parent.links.lock();
        // Only now, since whoever leaves the list may change it.
        let slot = self.slot.load(Ordering::Relaxed);
        let moved = links.remove(address, slot);
        drop(links);
        // After the lock (I5): it may be the last reference by now.
        drop(moved);
    }

    /// Whether a waiter still has its place.
    #[inline]
    pub(crate) fn holds(&self, ticket: Ticket) -> bool {
        // Relaxed: who took the place away wakes the waiter after that.
        self.epoch.load(Ordering::Relaxed) == ticket.epoch
    }

    /// Takes all places away. Under the lock.
    pub(super) fn next_epoch(&self) {
        // Not one step, since it is under the lock.
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
    }

    /// Waits, or goes on to wait with another waker. None says that there is nothing to wait for any more (I2).
    pub(crate) fn wait(
        self: &Arc<Self>,
        until: Until,
        ticket: Option<Ticket>,
        waker: Waker,
    ) -> Option<Ticket> {
        if let Err(cause) = self.link() {
            self.note(&cause);
            return None;
        }
        if !self.word.watch() {
            return None;
        }
        let mut links = self.links.lock();
        let seen = self.word.load();
        let over = match until {
            Until::Cancelled => seen.is_cancelled(),
            Until::Draining => seen.is_draining(),
        };
        if over {
            drop(links);
            return None;
        }
        let mut old = None;
        let ticket = match ticket {
            Some(ticket) if self.holds(ticket) => {
                old = links.replace(until, ticket.key, waker);
                ticket
            }
            _ => Ticket {
                key: links.insert(until, waker),
                epoch: self.epoch.load(Ordering::Relaxed),
            },
        };
        drop(links);
        drop(old);
        Some(ticket)
    }

    /// Waits no longer.
    pub(crate) fn leave(&self, until: Until, ticket: Ticket) {
        let mut links = self.links.lock();
        let waker = if self.holds(ticket) {
            links.leave(until, ticket.key)
        } else {
            None
        };
        drop(links);
        drop(waker);
    }
}
