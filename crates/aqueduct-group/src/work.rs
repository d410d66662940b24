//! A task of a group that is a closure, on a thread where it may block.
//!
//! ```text
//!              the pool gets to it
//!   queued ────────────────────────────▶ runs ────▶ leaves its group
//!      └── the group is aborted, or the runtime shut down ──▶ dropped, there and then, and leaves
//! ```
//!
//! The pool's queue may be long, and Tokio drops an aborted closure when it gets to it. But a closure that has not begun
//! is one that can be stopped, and the group need not wait: whoever takes it out of here first, runs it or drops it.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};

use aqueduct_core::node::within;
use aqueduct_core::sync::Lock;

use crate::failure::Panicked;
use crate::info::{Member, TaskState};
use crate::members::End;
use crate::policy::Policy;
use crate::task::leave;

/// A closure of a group that runs, or is dropped before.
pub(crate) struct TrackedWork<P: Policy + 'static, W> {
    /// With its node, until somebody has taken it.
    queued: Lock<Option<(Member, W)>>,
    _policy: PhantomData<fn() -> P>,
}

impl<P: Policy + 'static, W> TrackedWork<P, W> {
    pub(crate) fn new(member: Member, work: W) -> Arc<Self> {
        Arc::new(Self {
            queued: Lock::new(Some((member, work))),
            _policy: PhantomData,
        })
    }

    /// Runs it, unless it was revoked.
    pub(crate) fn run(&self)
    where
        W: FnOnce() -> End<P::Output>,
    {
        let Some((member, work)) = self.take() else {
            return;
        };
        member.record().set_state(TaskState::Running);
        let end = within(&member, || match catch_unwind(AssertUnwindSafe(work)) {
            Ok(end) => end,
            Err(payload) => End::Panicked(Panicked::new(payload)),
        });
        leave::<P>(Some((member, Ok(()))), Some(end));
    }

    /// A statement of its own, which lets go of the lock.
    fn take(&self) -> Option<(Member, W)> {
        self.queued.lock().take()
    }
}

/// To be dropped where it waits, if it does.
pub(crate) trait Revoke: Send + Sync {
    fn revoke(&self);
}

impl<P: Policy + 'static, W: Send> Revoke for TrackedWork<P, W> {
    fn revoke(&self) {
        if let Some((member, work)) = self.take() {
            end_unrun::<P, W>(member, work);
        }
    }
}

impl<P: Policy + 'static, W> Drop for TrackedWork<P, W> {
    fn drop(&mut self) {
        if let Some((member, work)) = self.take() {
            end_unrun::<P, W>(member, work);
        }
    }
}

fn end_unrun<P: Policy + 'static, W>(member: Member, work: W) {
    let dropped = within(&member, || catch_unwind(AssertUnwindSafe(|| drop(work))));
    leave::<P>(Some((member, dropped)), None);
}

/// The closures of a group, queued or not.
#[derive(Default)]
pub(crate) struct Works(Lock<Known>);

#[derive(Default)]
struct Known {
    revoked: bool,
    /// Some may have ended.
    works: Vec<Weak<dyn Revoke>>,
}

impl Works {
    /// To be revoked when all are. At once, if they have been.
    pub(crate) fn add(&self, work: Arc<dyn Revoke>) {
        let mut known = self.0.lock();
        if known.revoked {
            drop(known);
            work.revoke();
            return;
        }
        // Those that are gone make room, now and then, for as many as are left.
        let works = &mut known.works;
        if works.len() == works.capacity() {
            works.retain(|work| work.strong_count() > 0);
            works.reserve(works.len().max(8));
        }
        works.push(Arc::downgrade(&work));
    }

    /// Drops all that have not begun.
    ///
    /// # Panics
    ///
    /// If a waker does that is told of their end, after all have been dropped.
    pub(crate) fn revoke_all(&self) {
        let mut known = self.0.lock();
        known.revoked = true;
        let works = std::mem::take(&mut known.works);
        drop(known);
        let mut panic = None;
        for work in works.iter().filter_map(Weak::upgrade) {
            // The last reference, perhaps, so dropped in here.
            let revoked = catch_unwind(AssertUnwindSafe(move || work.revoke()));
            panic = panic.or(revoked.err());
        }
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}
