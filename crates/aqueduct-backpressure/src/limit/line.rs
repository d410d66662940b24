//! Who waits for a permit, and who is next. A plain data structure, which its owner keeps under a lock.
//!
//! Each partition has a list for each priority. A waiter has a slot from joining until it leaves by itself, so that its
//! number stays its own; its slot is in a list only while it waits.
//!
//! ```text
//!               served                 the waiter looks
//!   Waiting ──────────────▶ Granted ──────────────────────▶ (slot free)
//!      │  │    refused                 the waiter looks        ▲
//!      │  └───────────────▶ Refused ───────────────────────────┤
//!      └──────────────────── the waiter goes away ─────────────┘
//! ```
//!
//! # Places
//!
//! The line is for all partitions, and each has its share of the places *guaranteed*, rounded down, as of the permits. While it
//! has fewer waiting than that, its newcomer gets in; if the line is full, one leaves it who stands on a place beyond the
//! guaranteed ones of its own partition, whatever the priorities: a flood of important requests is still a flood. Places
//! that nobody is guaranteed, or that are not in use, are for who comes first. So a partition that is flooded fills what
//! the others leave idle, and no more.
//!
//! Why not a capacity for each: a partition alone would be rejected with most of the line empty.
//!
//! # Invariants
//!
//! I1. A slot is linked into the list of its partition and priority exactly while it is Waiting.
//! I2. `len` is how many are Waiting.
//! I3. A slot that is not Waiting has no waker.
//! I4. Nobody is displaced who stands on a guaranteed place of a partition, but by one of the same.

use std::task::Waker;
use std::time::Duration;

use super::order::{Order, Priority, Queue};
use super::rejected::Rejected;
use crate::codel::{Codel, Verdict};

const NIL: u32 = u32::MAX;

/// What a waiter asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) partition: usize,
    pub(super) priority: Priority,
    /// Nobody is served after it.
    pub(super) deadline: Option<Duration>,
    pub(super) since: Duration,
}

/// The number of a waiter's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Waiting,
    Granted,
    Refused(Rejected),
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    fate: Fate,
    waker: Option<Waker>,
    prev: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

/// One who was refused to make room, or because of its wait.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: Rejected,
    pub(super) waker: Option<Waker>,
}

#[derive(Clone, Debug)]
struct Partition {
    /// By priority.
    lists: [List; Priority::COUNT],
    /// How many wait.
    len: usize,
    /// How many may, whatever the others do.
    guaranteed: usize,
}

impl Partition {
    /// How many wait beyond what is guaranteed.
    fn beyond(&self) -> usize {
        self.len.saturating_sub(self.guaranteed)
    }
}

#[derive(Debug)]
pub(super) struct Line {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    partitions: Vec<Partition>,
    len: usize,
    capacity: usize,
    order: Order,
    codel: Option<Codel>,
}

impl Line {
    /// With a partition for each share, or one that has everything.
    pub(super) fn new(queue: Queue, shares: &[f64]) -> Self {
        let codel = match queue.order {
            Order::Codel { target, interval } => Some(Codel::new(target, interval)),
            Order::Fifo | Order::Lifo => None,
        };
        let empty = List {
            head: NIL,
            tail: NIL,
        };
        let partition = |share: &f64| Partition {
            lists: [empty; Priority::COUNT],
            len: 0,
            guaranteed: (share * queue.capacity as f64) as usize,
        };
        let shares = if shares.is_empty() { &[1.0] } else { shares };
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            partitions: shares.iter().map(partition).collect(),
            len: 0,
            capacity: queue.capacity,
            order: queue.order,
            codel,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a waiter in line. If the line is full, one who is less important has to leave it; with the newest first, also
    /// one who is as important and came earlier; and for one on a guaranteed place, one who stands beyond theirs.
    pub(super) fn join(&mut self, entry: Entry) -> Result<(Key, Option<Refused>), Rejected> {
        let mut displaced = None;
        if self.len >= self.capacity {
            let victim = self.victim(entry.partition, entry.priority);
            let victim = victim.ok_or(match self.capacity {
                0 => Rejected::Full,
                _ => Rejected::QueueFull,
            })?;
            displaced = Some(self.refuse(victim, Rejected::Displaced));
        }
        let slot = Slot {
            entry,
            fate: Fate::Waiting,
            waker: None,
            prev: NIL,
            next: NIL,
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("there are fewer waiters than that")
        });
        self.slots[at as usize] = Some(slot);
        self.link(at);
        Ok((Key(at), displaced))
    }

    /// Who makes room for a newcomer to a full line.
    fn victim(&self, partition: usize, newcomer: Priority) -> Option<u32> {
        let own = &self.partitions[partition];
        if own.len < own.guaranteed {
            // Some partition has more than that, or the line were not full.
            let most = (0..self.partitions.len()).max_by_key(|at| self.partitions[*at].beyond());
            return self.least_of(&[most?], Priority::LEAST_FIRST.into_iter());
        }
        let borrows = |at: &usize| *at == partition || self.partitions[*at].beyond() > 0;
        let from: Vec<usize> = (0..self.partitions.len()).filter(borrows).collect();
        let in_time = matches!(self.order, Order::Lifo);
        let less = |priority: &Priority| *priority < newcomer || (in_time && *priority == newcomer);
        self.least_of(&from, Priority::LEAST_FIRST.into_iter().filter(less))
    }

    /// The least important who waits in these partitions, and of those the one who would be served last.
    fn least_of(
        &self,
        partitions: &[usize],
        priorities: impl Iterator<Item = Priority>,
    ) -> Option<u32> {
        let in_time = matches!(self.order, Order::Lifo);
        for priority in priorities {
            let lists = partitions
                .iter()
                .map(|at| self.partitions[*at].lists[priority as usize]);
            let ends = lists.map(|list| if in_time { list.head } else { list.tail });
            let since = |at: &u32| self.slot(*at).entry.since;
            let ends = ends.filter(|at| *at != NIL);
            let victim = if in_time {
                ends.min_by_key(since)
            } else {
                ends.max_by_key(since)
            };
            if victim.is_some() {
                return victim;
            }
        }
        None
    }

    /// Who is next in a partition: the first in order of its most important priority.
    pub(super) fn next_of(&self, partition: usize) -> Option<(Priority, Key)> {
        let lists = &self.partitions[partition].lists;
        Priority::LEAST_FIRST
            .into_iter()
            .rev()
            .find_map(|priority| {
                let list = lists[priority as usize];
                let at = match self.order {
                    Order::Fifo | Order::Codel { .. } => list.head,
                    Order::Lifo => list.tail,
                };
                (at != NIL).then_some((priority, Key(at)))
            })
    }

    pub(super) fn entry(&self, key: Key) -> Entry {
        self.slot(key.0).entry
    }

    /// Whether one who is next is to be refused, for its deadline has passed or the queue stands. To be asked once for each.
    pub(super) fn judge(&mut self, key: Key, now: Duration) -> Option<Rejected> {
        let entry = self.slot(key.0).entry;
        if entry.deadline.is_some_and(|deadline| now >= deadline) {
            return Some(Rejected::Elapsed);
        }
        let codel = self.codel.as_mut()?;
        match codel.step(now, now.saturating_sub(entry.since)) {
            Verdict::Serve => None,
            Verdict::Drop => Some(Rejected::Delayed),
        }
    }

    /// A permit is one's own.
    pub(super) fn grant(&mut self, key: Key) -> Option<Waker> {
        self.end(key.0, Fate::Granted)
    }

    pub(super) fn refuse_next(&mut self, key: Key, why: Rejected) -> Refused {
        self.refuse(key.0, why)
    }

    fn refuse(&mut self, at: u32, why: Rejected) -> Refused {
        let waker = self.end(at, Fate::Refused(why));
        Refused { why, waker }
    }

    fn end(&mut self, at: u32, fate: Fate) -> Option<Waker> {
        self.unlink(at);
        let slot = self.slot_mut(at);
        slot.fate = fate;
        slot.waker.take()
    }

    pub(super) fn fate(&self, key: Key) -> Fate {
        self.slot(key.0).fate
    }

    pub(super) fn would_wake(&self, key: Key, waker: &Waker) -> bool {
        let old = &self.slot(key.0).waker;
        old.as_ref().is_some_and(|old| old.will_wake(waker))
    }

    /// Keeps the waker of one who waits, and hands out the one before, to be dropped outside of the lock.
    pub(super) fn set_waker(&mut self, key: Key, waker: Waker) -> Option<Waker> {
        self.slot_mut(key.0).waker.replace(waker)
    }

    /// The waiter has looked, or goes away: its slot is free.
    pub(super) fn leave(&mut self, key: Key) -> (Fate, Option<Waker>) {
        if self.slot(key.0).fate == Fate::Waiting {
            self.unlink(key.0);
        }
        self.free.push(key.0);
        let slot = self.slots[key.0 as usize].take();
        let slot = slot.expect("a waiter leaves once");
        (slot.fate, slot.waker)
    }

    /// Nobody is left.
    pub(super) fn emptied(&mut self) {
        if let Some(codel) = &mut self.codel {
            codel.emptied();
        }
    }

    fn link(&mut self, at: u32) {
        let Entry {
            partition,
            priority,
            ..
        } = self.slot(at).entry;
        self.partitions[partition].len += 1;
        let list = &mut self.partitions[partition].lists[priority as usize];
        let tail = std::mem::replace(&mut list.tail, at);
        if tail == NIL {
            list.head = at;
        } else {
            self.slot_mut(tail).next = at;
        }
        self.slot_mut(at).prev = tail;
        self.len += 1;
    }

    fn unlink(&mut self, at: u32) {
        let slot = self.slot_mut(at);
        let (prev, next) = (slot.prev, slot.next);
        (slot.prev, slot.next) = (NIL, NIL);
        let Entry {
            partition,
            priority,
            ..
        } = slot.entry;
        self.partitions[partition].len -= 1;
        let list = &mut self.partitions[partition].lists[priority as usize];
        if prev == NIL {
            list.head = next;
        }
        if next == NIL {
            list.tail = prev;
        }
        if prev != NIL {
            self.slot_mut(prev).next = next;
        }
        if next != NIL {
            self.slot_mut(next).prev = prev;
        }
        self.len -= 1;
    }

    fn slot(&self, at: u32) -> &Slot {
        let slot = self.slots[at as usize].as_ref();
        slot.expect("a waiter has its slot until it leaves")
    }

    fn slot_mut(&mut self, at: u32) -> &mut Slot {
        let slot = self.slots[at as usize].as_mut();
        slot.expect("a waiter has its slot until it leaves")
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
