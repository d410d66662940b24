//! Alarms in the order of their times: a heap that knows where each alarm is, so that any can be removed.
//!
//! ```text
//!    heap   (at, number, slot)  ×4 children each; the earliest first, of equals the one set first
//!             ▲ position │
//!             │          ▼
//!    slots  Taken { number, position, waker } | Free { next }
//! ```
//!
//! # Invariants
//!
//! Q1. Each place of the heap names a Taken slot of the same number, which names that place.
//!
//! Q2. A place is not before its parent, `(i - 1) / 4`.
//!
//! Q3. Numbers only grow, also when memory is given back. A key whose number is not its slot's is of an alarm that is
//!     gone.
//!
//! # Memory
//!
//! An empty queue keeps little. A queue that is mostly empty gives back the slots behind its last alarm: as alarms are
//! known by their slots they cannot be moved, so one in the last slot keeps the slots before it. That is looked at
//! once for as many removals as there are slots.

use std::mem;
use std::task::Waker;

use tokio::time::Instant;

/// A heap of four children is half as deep as one of two, and the children lie side by side.
const CHILDREN: usize = 4;

/// No memory is given back below this.
const SMALL: usize = 64;

const NO_SLOT: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Queue {
    heap: Vec<Place>,
    slots: Vec<Slot>,
    free: u32,
    next_number: u64,
    /// Removals until the slots are looked at.
    trim_in: usize,
}

/// An alarm in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    number: u64,
    slot: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Instant,
    number: u64,
    slot: u32,
}

#[derive(Debug)]
enum Slot {
    Free {
        next: u32,
    },
    Taken {
        number: u64,
        position: u32,
        waker: Waker,
    },
}

impl Queue {
    fn numbered_from(next_number: u64) -> Self {
        Self {
            heap: Vec::new(),
            slots: Vec::new(),
            free: NO_SLOT,
            next_number,
            trim_in: SMALL,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The time of the earliest.
    #[inline]
    pub(super) fn first(&self) -> Option<Instant> {
        self.heap.first().map(|place| place.at)
    }

    #[inline]
    pub(super) fn push(&mut self, at: Instant, waker: Waker) -> Key {
        let number = self.next_number;
        self.next_number += 1;
        let position = self.heap.len();
        let taken = Slot::Taken {
            number,
            position: position as u32,
            waker,
        };
        let slot = self.take_slot(taken);
        self.heap.push(Place { at, number, slot });
        self.sift_up(position);
        Key { number, slot }
    }

    /// The waker of an alarm that is still there.
    #[inline]
    pub(super) fn waker(&mut self, key: Key) -> Option<&mut Waker> {
        match self.slots.get_mut(key.slot as usize) {
            Some(Slot::Taken { number, waker, .. }) if *number == key.number => Some(waker),
            _ => None,
        }
    }

    /// Takes an alarm out, if it is still there.
    #[inline]
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        match self.slots.get(key.slot as usize) {
            Some(&Slot::Taken {
                number, position, ..
            }) if number == key.number => Some(self.take_out(position as usize)),
            _ => None,
        }
    }

    /// Takes the earliest out if its time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Waker> {
        (self.first()? <= now).then(|| self.take_out(0))
    }

    /// All that is in the queue, which is empty then and still knows whose keys are stale.
    pub(super) fn take_all(&mut self) -> Self {
        let empty = Self::numbered_from(self.next_number);
        mem::replace(self, empty)
    }

    /// In no order.
    pub(super) fn into_wakers(self) -> impl Iterator<Item = Waker> {
        self.slots.into_iter().filter_map(|slot| match slot {
            Slot::Taken { waker, .. } => Some(waker),
            Slot::Free { .. } => None,
        })
    }

    #[inline]
    fn take_slot(&mut self, taken: Slot) -> u32 {
        let slot = self.free;
        match self.slots.get_mut(slot as usize) {
            Some(free) => {
                if let Slot::Free { next } = mem::replace(free, taken) {
                    self.free = next;
                }
                slot
            }
            None => self.add_slot(taken),
        }
    }

    #[cold]
    fn add_slot(&mut self, taken: Slot) -> u32 {
        let slot = self.slots.len();
        assert!(slot < NO_SLOT as usize, "too many alarms");
        self.slots.push(taken);
        slot as u32
    }

    /// Takes out what is at a place of the heap.
    #[inline]
    fn take_out(&mut self, position: usize) -> Waker {
        let place = self.heap.swap_remove(position);
        if let Some(moved) = self.heap.get(position) {
            // The last took the place: it may belong further down or further up.
            if *moved < place {
                self.sift_up(position);
            } else {
                self.sift_down(position);
            }
        }
        let free = Slot::Free { next: self.free };
        let slot = mem::replace(&mut self.slots[place.slot as usize], free);
        self.free = place.slot;
        self.trim_in -= 1;
        if self.trim_in == 0 || self.heap.is_empty() {
            self.trim();
        }
        match slot {
            Slot::Taken { waker, .. } => waker,
            Slot::Free { .. } => unreachable!("Q1"),
        }
    }

    /// Writes to the slot of a place where that is (Q1).
    #[inline]
    fn settle(&mut self, at: usize, place: Place) {
        self.heap[at] = place;
        if let Slot::Taken { position, .. } = &mut self.slots[place.slot as usize] {
            *position = at as u32;
        }
    }

    #[inline]
    fn sift_up(&mut self, mut position: usize) {
        let place = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / CHILDREN;
            if self.heap[parent] < place {
                break;
            }
            self.settle(position, self.heap[parent]);
            position = parent;
        }
        self.settle(position, place);
    }

    fn sift_down(&mut self, mut position: usize) {
        let place = self.heap[position];
        loop {
            let first = position * CHILDREN + 1;
            let last = (first + CHILDREN).min(self.heap.len());
            let Some(least) = (first..last).min_by_key(|&child| self.heap[child]) else {
                break;
            };
            if place < self.heap[least] {
                break;
            }
            self.settle(position, self.heap[least]);
            position = least;
        }
        self.settle(position, place);
    }

    /// Gives memory back if there is much of it.
    #[inline]
    fn trim(&mut self) {
        self.trim_in = self.slots.len().max(SMALL);
        if self.slots.len() > SMALL && self.heap.len() <= self.slots.len() / 4 {
            self.trim_slots();
        }
    }

    #[cold]
    fn trim_slots(&mut self) {
        let is_taken = |slot: &Slot| matches!(slot, Slot::Taken { .. });
        let taken = self.slots.iter().rposition(is_taken);
        self.slots.truncate(taken.map_or(0, |last| last + 1));
        self.slots.shrink_to(SMALL.max(self.slots.len() * 2));
        self.heap.shrink_to(SMALL.max(self.heap.len() * 2));
        self.free = NO_SLOT;
        // The lowest are used first, so that the last become free.
        for (index, slot) in self.slots.iter_mut().enumerate().rev() {
            if let Slot::Free { next } = slot {
                *next = mem::replace(&mut self.free, index as u32);
            }
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::numbered_from(0)
    }
}

#[cfg(test)]
mod tests;
