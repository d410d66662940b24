//! What hangs on a scope: linked children, wakers, a timer. Under the scope's lock.
//!
//! One waiter is kept inline; all else takes a box, which few scopes ever need. Nothing in here calls a waker or drops
//! one: what is taken out is dropped by the caller, after the lock.

use std::task::Waker;

use super::Node;
use super::slab::Slab;
use crate::deadline::Alarm;
use crate::refs::{Arc, Weak};

/// The place of the waiter that is kept inline. A slab never has so many.
const INLINE: u32 = u32::MAX;

/// Above this many, a list of children that is mostly empty is made smaller.
const KEPT: usize = 32;

/// What a waiter waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Cancelled,
    /// Draining, or cancelled.
    Draining,
}

#[derive(Default)]
pub(crate) struct Links {
    /// Waits until cancelled.
    first: Option<Waker>,
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    children: Vec<Weak<Node>>,
    waiters: Slab,
    drainers: Slab,
    alarm: Option<Alarm>,
    /// What is to live as long as the scope is live.
    #[cfg(any(feature = "tokio-util", feature = "signal"))]
    kept: Vec<Box<dyn std::any::Any + Send>>,
}

impl More {
    fn slab(&mut self, until: Until) -> &mut Slab {
        match until {
            Until::Cancelled => &mut self.waiters,
            Until::Draining => &mut self.drainers,
        }
    }
}

impl Links {
    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(super) fn children(&self) -> &[Weak<Node>] {
        self.more.as_deref().map_or(&[], |more| &more.children)
    }

    /// Adds a child, and says where.
    pub(super) fn push(&mut self, child: Weak<Node>) -> u32 {
        let children = &mut self.more().children;
        let slot = u32::try_from(children.len()).expect("2^32 children do not fit into memory");
        children.push(child);
        slot
    }

    /// Takes the child at `slot` out, if it is the one at that address. The last child takes its slot, and is returned,
    /// to be dropped after the lock: it may be the last reference to it by now.
    ///
    /// A last child that is going away already is not worth a slot: it is taken out too, and finds itself gone. From then
    /// on its allocation may be another child's, in the very slot that it knows; so one that is alive is not it.
    pub(super) fn remove(&mut self, child: *const Node, slot: u32) -> Option<Arc<Node>> {
        let children = &mut self.more.as_deref_mut()?.children;
        let at = slot as usize;
        let here = children.get(at)?;
        if !std::ptr::eq(here.as_ptr(), child) || here.strong_count() > 0 {
            return None;
        }
        let mut moved = None;
        while let Some(last) = children.pop() {
            if children.len() == at {
                break;
            }
            if let Some(alive) = last.upgrade() {
                alive.set_slot(slot);
                children[at] = last;
                moved = Some(alive);
                break;
            }
        }
        if children.capacity() > KEPT && children.len() < children.capacity() / 4 {
            children.shrink_to(children.len() * 2);
        }
        moved
    }

    pub(super) fn insert(&mut self, until: Until, waker: Waker) -> u32 {
        if until == Until::Cancelled && self.first.is_none() {
            self.first = Some(waker);
            return INLINE;
        }
        self.more().slab(until).insert(waker)
    }

    /// Puts another waker in a waiter's place, and gives the one that was there.
    pub(super) fn replace(&mut self, until: Until, key: u32, waker: Waker) -> Option<Waker> {
        if key == INLINE {
            return self.first.replace(waker);
        }
        self.more().slab(until).replace(key, waker)
    }

    /// Gives the place of a waiter free.
    pub(super) fn leave(&mut self, until: Until, key: u32) -> Option<Waker> {
        if key == INLINE {
            return self.first.take();
        }
        let more = self.more.as_deref_mut()?;
        more.slab(until).remove(key)
    }

    /// Takes those out who wait so.
    pub(super) fn take(&mut self, until: Until) -> Wakers {
        let first = match until {
            Until::Cancelled => self.first.take(),
            Until::Draining => None,
        };
        let more = self.more.as_deref_mut();
        let rest = more.map_or_else(Slab::default, |more| std::mem::take(more.slab(until)));
        Wakers { first, rest }
    }

    pub(super) fn waiters(&self) -> usize {
        let more = self.more.as_deref();
        usize::from(self.first.is_some())
            + more.map_or(0, |more| more.waiters.len() + more.drainers.len())
    }

    /// Keeps the timer of the scope; gives the one that was there.
    pub(crate) fn keep_alarm(&mut self, alarm: Option<Alarm>) -> Option<Alarm> {
        if alarm.is_none() && self.more.is_none() {
            return None;
        }
        std::mem::replace(&mut self.more().alarm, alarm)
    }

    /// Keeps something until the scope is cancelled or dropped.
    #[cfg(any(feature = "tokio-util", feature = "signal"))]
    pub(super) fn keep(&mut self, thing: Box<dyn std::any::Any + Send>) {
        self.more().kept.push(thing);
    }

    /// What is kept of this type.
    #[cfg(feature = "tokio-util")]
    pub(super) fn kept<T: 'static>(&self) -> Option<&T> {
        let kept = &self.more.as_deref()?.kept;
        kept.iter().find_map(|thing| thing.downcast_ref())
    }

    /// Takes apart what a cancelled scope leaves behind: its children, and its wakers. The rest is dropped.
    pub(super) fn dissolve(self) -> (Vec<Weak<Node>>, [Wakers; 2]) {
        let mut more = self.more.map_or_else(More::default, |more| *more);
        let waiters = Wakers {
            first: self.first,
            rest: std::mem::take(&mut more.waiters),
        };
        let drainers = Wakers {
            first: None,
            rest: std::mem::take(&mut more.drainers),
        };
        (more.children, [waiters, drainers])
    }
}

/// Wakers that were taken out.
pub(super) struct Wakers {
    first: Option<Waker>,
    rest: Slab,
}

impl Wakers {
    pub(super) fn into_iter(self) -> impl Iterator<Item = Waker> {
        self.first.into_iter().chain(self.rest.into_wakers())
    }
}
