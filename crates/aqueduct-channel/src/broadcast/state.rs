//! What a broadcast channel keeps under its lock: where the tail is, the segments, and who receives.
//!
//! Nothing in here runs code of the user's: messages are moved in, and what goes out of use is handed back to be dropped
//! after the lock. The invariants are those of [`chan`](super::chan).

use std::collections::VecDeque;

use aqueduct_core::pad::Padded;
use aqueduct_core::sync::Arc;

use super::progress::Progress;
use super::segment::Segment;

pub(super) struct State<T> {
    /// Where the next message goes.
    pub(super) tail: u64,
    /// What is before this is lost to whoever has not read it.
    pub(super) floor: u64,
    /// No receiver is further behind, those that lag counted as being at the floor.
    slowest: u64,
    /// While some lag, they are not looked for again before this.
    look_again: u64,
    /// Room that senders served in line have not used yet.
    pub(super) promised: u64,
    segments: VecDeque<Arc<Segment<T>>>,
    /// The position of the first segment's first slot.
    base: u64,
    /// The position after the last segment's last slot.
    end: u64,
    /// A segment to be used next.
    pub(super) spare: Option<Arc<Segment<T>>>,
    pub(super) receivers: Vec<Arc<Padded<Progress>>>,
    len_max: u64,
    peak: Peak,
}

/// The most segments that were needed at once, in this epoch and the last: as many are kept.
#[derive(Default)]
struct Peak {
    now: u64,
    before: u64,
}

/// How many segments an epoch has.
const EPOCH: u64 = 16;

/// Segments that went out of use.
pub(super) type Retired<T> = [Option<Arc<Segment<T>>>; 2];

impl<T> State<T> {
    pub(super) fn new() -> Self {
        Self {
            tail: 0,
            floor: 0,
            slowest: 0,
            look_again: 0,
            promised: 0,
            segments: VecDeque::new(),
            base: 0,
            end: 0,
            spare: None,
            receivers: Vec::new(),
            len_max: 0,
            peak: Peak::default(),
        }
    }

    /// Adds a receiver of what is sent from now on.
    pub(super) fn add(&mut self) -> Arc<Padded<Progress>> {
        let progress = Progress::new(self.tail, self.receivers.len());
        self.receivers.push(progress.clone());
        progress
    }

    /// Takes a receiver out.
    pub(super) fn remove(&mut self, progress: &Progress) {
        let index = progress.index();
        self.receivers.swap_remove(index);
        if let Some(moved) = self.receivers.get(index) {
            moved.set_index(index);
        }
    }

    #[cfg(all(test, not(aqueduct_loom)))]
    pub(super) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// How many messages somebody has yet to receive.
    pub(super) fn len(&mut self) -> u64 {
        self.slowest = self.find_slowest();
        let len = self.tail - self.slowest;
        self.len_max = self.len_max.max(len);
        len
    }

    pub(super) fn len_max(&self) -> u64 {
        self.len_max
    }

    /// Whether there is room for a message that was promised none.
    pub(super) fn has_room(&mut self, capacity: u64) -> bool {
        self.tail - self.slowest + self.promised < capacity || self.len() + self.promised < capacity
    }

    /// As [`has_room`](Self::has_room). If there is none, has one of the slowest receivers tell when it moves.
    pub(super) fn has_room_or_awaits(&mut self, capacity: u64) -> bool {
        loop {
            if self.has_room(capacity) {
                return true;
            }
            let (tail, slowest) = (self.tail, self.slowest);
            let holds_back = |progress: &&Arc<Padded<Progress>>| progress.position() == slowest;
            match self.receivers.iter().find(holds_back) {
                Some(progress) if progress.await_from(slowest) => return false,
                // Nobody has anything to receive: all room is promised, and who was promised it will tell.
                None if slowest == tail => return false,
                // It has moved meanwhile.
                _ => {}
            }
        }
    }

    /// Makes room where receivers lag: the oldest message is lost to those that have not read it. Says whether there
    /// were any.
    pub(super) fn drop_oldest(&mut self, capacity: u64) -> bool {
        if self.tail - self.slowest < capacity {
            return false;
        }
        if self.tail >= self.look_again {
            if self.len() < capacity {
                return false;
            }
            // It costs a look at every receiver, which is wasted while one is idle.
            self.look_again = self.tail + (capacity / 4).max(1);
        }
        self.floor = self.tail + 1 - capacity;
        self.slowest = self.floor;
        true
    }

    fn find_slowest(&self) -> u64 {
        let positions = self.receivers.iter().map(|progress| progress.position());
        positions.min().unwrap_or(self.tail).max(self.floor)
    }

    /// Whether the next message needs a segment that is not there.
    pub(super) fn wants_segment(&self) -> bool {
        self.tail == self.end && self.spare.is_none()
    }

    /// Makes sure that the next message has a slot, for which the spare segment may be used up. Returns segments that
    /// everybody has passed.
    #[inline]
    pub(super) fn extend(&mut self) -> Retired<T> {
        if self.tail == self.end {
            self.start_segment()
        } else {
            [None, None]
        }
    }

    fn start_segment(&mut self) -> Retired<T> {
        self.len();
        let retired = [self.retire(), self.retire_surplus()];
        if let Some(segment) = self.spare.take() {
            self.end += segment.slots() as u64;
            self.segments.push_back(segment);
        }
        retired
    }

    /// Retires another one, if there are more than bursts have lately needed.
    fn retire_surplus(&mut self) -> Option<Arc<Segment<T>>> {
        let slots = self.segments.front()?.slots() as u64;
        let Peak { now, before } = &mut self.peak;
        *now = (*now).max((self.end - self.slowest).div_ceil(slots) + 1);
        let wanted = (*now).max(*before);
        if (self.end / slots).is_multiple_of(EPOCH) {
            *before = std::mem::take(now);
        }
        if self.segments.len() as u64 >= wanted {
            self.retire()
        } else {
            None
        }
    }

    fn retire(&mut self) -> Option<Arc<Segment<T>>> {
        let slots = self.segments.front()?.slots() as u64;
        // I4: who has not passed it is not slower than the slowest.
        if self.base + slots > self.slowest {
            return None;
        }
        self.base += slots;
        self.segments.pop_front()
    }

    /// Puts a message into the slot at the tail, which the caller then publishes. Says for how many receivers it is.
    #[inline]
    pub(super) fn write(&mut self, value: T) -> usize {
        let receivers = self.receivers.len();
        let segment = self.segments.back().expect("`extend` was called");
        let index = self.tail as usize & (segment.slots() - 1);
        // SAFETY: I1 of the chan: `self` is what the lock guards, and the tail is moved past the slot below, once.
        unsafe { segment.write(index, value, receivers) };
        self.tail += 1;
        receivers
    }

    /// The segment with the slot at `position`, or from where on there still is something.
    pub(super) fn segment_at(&self, position: u64) -> Result<Arc<Segment<T>>, u64> {
        let first = self.floor.max(self.base);
        if position < first {
            return Err(first);
        }
        let slots = self.segments.front().map_or(1, |first| first.slots());
        let index = (position - self.base) as usize / slots;
        Ok(self.segments[index].clone())
    }
}
