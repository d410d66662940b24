//! Deadlines: a value of each scope, and one timer at most.
//!
//! ```text
//!               somebody waits: a timer is set            the timer fires in time
//!    clock ─────────────────────────────────▶ no clock ─────────────────────────▶ cancelled
//!      ▲ │                                        │                                   ▲
//!      │ └──── somebody looks, and it is late ────│───────────────────────────────────┘
//!      └──────────────────────────────────────────┘
//!             the runtime of the timer goes: those who wait are woken, and set one where they live
//! ```
//!
//! Each scope knows the nearest deadline of itself and its ancestors, and which of them *owns* it. The owner's word has
//! the bit *clock* as long as there is no timer, and hands it on to those linked below it. So who only looks compares
//! clocks, and from the first wait on those who wait do not: they believe the timer.
//!
//! Who computes and asks now and then does not ([`overdue`]): the thread that would let the timer fire may be that very
//! one, or all of them busy.
//!
//! # Invariants
//!
//! I1. If the owner has no timer, each question about a scope below meets *clock* on its way up: at the owner, or at an
//!     anchor below it. (Links hand the bit on, and so does [`Node::spread_clock`].)
//! I2. Who takes *clock* away looks again at what made it superfluous, and if that is gone, spreads it anew. Both sides
//!     change the same word, so whoever is second sees what the first did before.
//!
//! # Why not a timer when the deadline is set
//!
//! Most scopes with a deadline end long before it, and many without anybody having waited.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use aqueduct_core::rt::Instant;

use crate::node::{Node, WeakNode};
use crate::reason::{Cause, ReasonKind};
use crate::refs::Arc;
pub(crate) use aqueduct_core::rt::Alarm;

/// The nearest deadline of a scope and its ancestors.
pub(crate) type Deadline = Option<Instant>;

impl Node {
    /// Gives a scope that nobody else has seen a deadline, unless it has a nearer one.
    pub(crate) fn set_deadline(&mut self, at: Instant) {
        if self.deadline.is_none_or(|before| at < before) {
            self.deadline = Some(at);
            self.owner = None;
            self.word.set_clock();
        }
    }
}

/// The scope that is cancelled because the deadline of this one, whose word says *clock*, has passed.
#[cold]
pub(crate) fn passed(node: &Node) -> Option<&Node> {
    let at = node.deadline?;
    let owner = node.owner_or_self();
    if owner.word.load().needs_clock() {
        if Instant::now() < at {
            return None;
        }
        late(owner);
    } else {
        node.quieten(owner);
    }
    owner.word.load().is_cancelled().then_some(owner)
}

/// Whether the deadline of a scope has passed, though there is a timer and it has not fired. Then the scope is cancelled
/// here.
#[cold]
pub(crate) fn overdue(node: &Node) -> bool {
    let owner = node.owner_or_self();
    // Without a timer who asks has met *clock* on the way up (I1), and looked.
    let is_timed = !owner.word.load().needs_clock();
    let passed = is_timed && node.deadline.is_some_and(|at| Instant::now() >= at);
    if passed {
        late(owner);
    }
    passed
}

fn late(owner: &Node) {
    let cause = Cause::new(ReasonKind::Deadline).in_scope(owner.name());
    owner.cancel_here(&Arc::new(cause));
}

/// Sees to it that there is a timer for the deadline of a scope on which somebody waits.
///
/// # Panics
///
/// Outside of a Tokio runtime with timers, if there is a deadline.
#[inline]
pub(crate) fn arm(node: &Arc<Node>) {
    if node.deadline.is_some() {
        arm_slow(node);
    }
}

#[inline(never)]
fn arm_slow(node: &Arc<Node>) {
    let Some(at) = node.deadline else {
        return;
    };
    let owner = node.owner();
    if !owner.word.load().needs_clock() {
        return;
    }
    let fire = Arc::new(Fire {
        owner: Arc::downgrade(owner),
        fired: AtomicBool::new(false),
    });
    let alarm = Alarm::set(at, Waker::from(fire.clone()));
    let mut links = owner.links.lock();
    let other = if owner.word.load().is_cancelled() {
        Some(alarm)
    } else {
        links.keep_alarm(Some(alarm))
    };
    drop(links);
    drop(other);
    owner.word.clear_clock();
    // I2. Acquire pairs with the Release in `wake`; that it is seen at all is the order of changes of the word.
    if fire.fired.load(Ordering::Acquire) {
        disarm(owner);
    }
    if !std::ptr::eq(&**owner, &**node) {
        node.quieten(owner);
    }
}

/// The timer is lost.
fn disarm(owner: &Node) {
    let alarm = owner.links.lock().keep_alarm(None);
    drop(alarm);
    owner.spread_clock();
}

/// What a timer wakes.
struct Fire {
    /// Not a handle: a timer keeps no scope alive.
    owner: WeakNode,
    fired: AtomicBool,
}

impl Wake for Fire {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release pairs with the Acquire in `arm_slow`: who finds that this fired finds why.
        self.fired.store(true, Ordering::Release);
        let Some(owner) = self.owner.upgrade() else {
            return;
        };
        if owner.deadline.is_some_and(|at| Instant::now() >= at) {
            late(&owner);
        } else {
            disarm(&owner);
        }
    }
}

#[cfg(test)]
mod tests;
