//! What happens to a message for which there is no room.

use aqueduct_core::sync::{Ordering, spin_loop};

use super::{Consumers, Pop, Ring};
use crate::cursor::{Cursor, Flag};
use crate::error::SendError;
use crate::overflow::{Overflow, Policy, Spill};
use crate::snooze::Snooze;

impl<T, C: Consumers> Ring<T, C> {
    /// Sends what is in `value`, or answers for it. Nothing if it must wait for room.
    #[inline]
    pub(crate) fn attempt(&self, value: &mut Option<T>) -> Option<Result<(), SendError<T>>> {
        if value.is_none() {
            return None;
        }
        let claimed = self
            .claim(|_| spin_loop())
            .or_else(|| self.claim_many(1).ok().map(|(position, _)| position));
        match claimed {
            Some(position) => {
                // SAFETY: I1: just claimed.
                unsafe { self.write(position, value.take()?) };
                Some(Ok(()))
            }
            None => self.overflow(value),
        }
    }

    /// There is no room, or the channel is closed, gated or spilling.
    #[cold]
    fn overflow(&self, slot: &mut Option<T>) -> Option<Result<(), SendError<T>>> {
        let value = slot.take()?;
        if self.is_closed() {
            return Some(Err(SendError(value)));
        }
        match (self.overflow_policy(), self.policy()) {
            (Overflow::DropNewest, _) => {
                self.drop_value(value);
                Some(Ok(()))
            }
            (Overflow::DropOldest, _) => {
                match self.force(value, |oldest| self.drop_value(oldest)) {
                    Ok(()) => Some(Ok(())),
                    Err(Forced::Closed(value)) => Some(Err(SendError(value))),
                    Err(Forced::Promised(value)) => {
                        // Nothing here can be evicted: it goes to receivers on their way, or is promised.
                        self.drop_value(value);
                        Some(Ok(()))
                    }
                }
            }
            (Overflow::Spill, Some(policy)) => match self.spill(policy, value) {
                Ok(()) => Some(Ok(())),
                Err(value) if self.is_closed() => Some(Err(SendError(value))),
                Err(value) => {
                    *slot = Some(value);
                    None
                }
            },
            _ => {
                *slot = Some(value);
                None
            }
        }
    }

    /// Counts a value that overflow has cost, and hands it to the callback.
    pub(crate) fn drop_value(&self, value: T) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        match self.policy() {
            Some(policy) => policy.hand_over(value),
            None => drop(value),
        }
    }

    /// Sends a message, taking the oldest one out if there is no room: usually one, more if others take the room.
    ///
    /// It passes those in line, who wait for room that receivers make.
    pub(crate) fn force(&self, value: T, evicted: impl FnMut(T)) -> Result<(), Forced<T>> {
        let forced = self.try_force(value, evicted);
        if forced.is_err() {
            // Room that was made for nothing is for those in line.
            self.room_was_made();
        }
        forced
    }

    fn try_force(&self, value: T, mut evicted: impl FnMut(T)) -> Result<(), Forced<T>> {
        let mut snooze = Snooze::new();
        loop {
            let head = self.see_head();
            let tail = self.tail.word.load();
            if tail.has(Flag::Closed) {
                return Err(Forced::Closed(value));
            }
            if let (true, Some(policy)) = (tail.has(Flag::Spilling), self.policy()) {
                // Room in the ring would be of no use: what is sent comes after what was spilled.
                return self.spill(policy, value).map_err(|value| {
                    if self.is_closed() {
                        Forced::Closed(value)
                    } else {
                        Forced::Promised(value)
                    }
                });
            }
            if self.room_at(tail, head) > 0 {
                if self.tail.word.change(tail, tail.advanced(1)).is_ok() {
                    // SAFETY: I1: just claimed.
                    unsafe { self.write(tail.position(), value) };
                    return Ok(());
                }
                continue;
            }
            match C::evict(self) {
                Pop::Value(oldest) => {
                    self.evicted.fetch_add(1, Ordering::Relaxed);
                    evicted(oldest);
                }
                Pop::Lagging => snooze.snooze(),
                _ if self.room() > 0 => {}
                _ => return Err(Forced::Promised(value)),
            }
        }
    }

    /// Puts a message into the second queue.
    fn spill(&self, policy: &Policy<T>, value: T) -> Result<(), T> {
        // I6: under the queue's lock, and before the message is in. SPILLING is not set after CLOSED, so that a receiver
        // that finds CLOSED without it has seen the last.
        let mut ended = None;
        let spilled = policy.spill(
            value,
            || !self.tail.word.set_unless(Flag::Spilling, Flag::Closed),
            || ended = Some(self.tail.word.clear(Flag::Spilling)),
        );
        match ended {
            Some(before) => self.spilling_ended(before),
            None if spilled.is_ok() => C::notify(self),
            None => {}
        }
        spilled
    }

    /// SPILLING was cleared, in a tail that was `before`.
    fn spilling_ended(&self, before: Cursor) {
        self.room_was_made();
        if before.has(Flag::Closed) {
            C::notify(self);
        }
    }

    /// Takes the oldest spilled message, if the ring is empty and stays so.
    pub(super) fn pop_spilled(&self, tail: Cursor) -> Pop<T> {
        if !tail.has(Flag::Spilling) {
            return Pop::Empty;
        }
        let mut ended = None;
        let pop = |queue: &mut dyn Spill<T>| {
            let head = self.head.word.load();
            let tail = self.tail.word.load();
            match tail.distance_from(head.position()) {
                0 => queue.pop().map_or(Pop::Empty, Pop::Value),
                claimed if claimed > head.owed() => Pop::Lagging,
                _ => Pop::Empty,
            }
        };
        let popped = self.policy().and_then(|policy| {
            policy.with_spill_and(pop, || ended = Some(self.tail.word.clear(Flag::Spilling)))
        });
        match (ended, &popped) {
            (Some(before), _) => self.spilling_ended(before),
            (None, Some(Pop::Value(_))) => self.room_was_made(),
            _ => {}
        }
        popped.unwrap_or(Pop::Empty)
    }

    pub(crate) fn spilled(&self) -> usize {
        self.policy().map_or(0, Policy::spilled)
    }
}

/// Why a forced send failed.
pub(crate) enum Forced<T> {
    /// The channel is closed.
    Closed(T),
    /// All the room is promised, or the second queue is full.
    Promised(T),
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
