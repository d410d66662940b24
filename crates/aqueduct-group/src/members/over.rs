//! Waiting for the end of a group beside its owner, by any number of futures.
//!
//! The owner has one waker, since it does one thing at a time. Who waits here has a place each, which it gives back when
//! it is dropped: a place keeps a waker until it is called, or until its future is polled with another.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::Members;
use crate::policy::Policy;

/// Waits until all members have left, or those that have not cannot be waited for.
pub(crate) struct Over<'a, P: Policy + 'static> {
    members: &'a Members<P>,
    slot: Option<u32>,
}

impl<P: Policy + 'static> Members<P> {
    pub(crate) fn over(&self) -> Over<'_, P> {
        Over {
            members: self,
            slot: None,
        }
    }
}

impl<P: Policy + 'static> Future for Over<'_, P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let members = self.members;
        let waker = cx.waker().clone();
        let mut core = members.core.lock();
        if members.is_over(&core) {
            return Poll::Ready(());
        }
        let place = self.slot.and_then(|slot| core.waiters.get_mut(slot));
        let old = match place {
            Some(place) => place.replace(waker),
            None => {
                self.slot = Some(core.waiters.insert(Some(waker)));
                None
            }
        };
        // Dropped after the lock: it is the user's code.
        drop(core);
        drop(old);
        Poll::Pending
    }
}

impl<P: Policy + 'static> Drop for Over<'_, P> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            let waker = self.members.core.lock().waiters.remove(slot);
            drop(waker);
        }
    }
}
