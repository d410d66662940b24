//! What happens to a message for which there is no room.

use aqueduct_core::sync::{Ordering, spin_loop};

use super::{Consumers, Pop, Ring, Snooze};
use crate::cursor::{Cursor, Flag};
use crate::error::SendError;
use crate::overflow::{Overflow, Policy};

impl<T, C: Consumers> Ring<T, C> {
    /// Sends what is in `value`, or answers for it. Nothing if it must wait for room.
    #[inline]
    pub(crate) fn attempt(&self, value: &mut Option<T>) -> Option<Result<(), SendError<T>>> {
        if value.is_none() {
            return None;
        }
        let claimed = self
            .claim(spin_loop)
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
                        *slot = Some(value);
                        None
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
            if tail.has(Flag::Spilling) {
                // The oldest is in the ring, the newest in the second queue: there is no room between the two.
                return Err(Forced::Promised(value));
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

    /// Whether nothing is spilled, and nothing will be: asked of a closed tail, under the second queue's lock, where a
    /// spill in the making has either seen the tail closed or has put its message in.
    pub(super) fn is_spill_drained(&self) -> bool {
        self.policy()
            .and_then(|policy| policy.with_spill(|queue| queue.is_empty()))
            .unwrap_or(true)
    }

    /// Puts a message into the second queue.
    fn spill(&self, policy: &Policy<T>, value: T) -> Result<(), T> {
        // I6: under the queue's lock. A closed tail stays closed, so a receiver that finds it closed and the queue
        // empty, under the same lock, has seen the last.
        policy.spill(
            value,
            || self.tail.word.load().has(Flag::Closed),
            || {
                self.tail.word.set(Flag::Spilling);
            },
        )?;
        C::notify(self);
        Ok(())
    }

    /// Takes the oldest spilled message, if the ring is empty and stays so.
    pub(super) fn pop_spilled(&self, tail: Cursor) -> Pop<T> {
        if !tail.has(Flag::Spilling) {
            return Pop::Empty;
        }
        let popped = self.policy().and_then(|policy| {
            policy.with_spill(|queue| {
                let head = self.head.word.load();
                let tail = self.tail.word.load();
                match tail.distance_from(head.position()) {
                    0 => {}
                    claimed if claimed > head.owed() => return Pop::Lagging,
                    _ => return Pop::Empty,
                }
                let value = queue.pop();
                if queue.is_empty() {
                    self.tail.word.clear(Flag::Spilling);
                }
                value.map_or(Pop::Empty, Pop::Value)
            })
        });
        let popped = popped.unwrap_or(Pop::Empty);
        if matches!(popped, Pop::Value(_)) {
            self.room_was_made();
            if tail.has(Flag::Closed) {
                C::notify(self);
            }
        }
        popped
    }

    pub(crate) fn spilled(&self) -> usize {
        self.policy().map_or(0, Policy::spilled)
    }
}

/// Why a forced send failed.
pub(crate) enum Forced<T> {
    /// The channel is closed.
    Closed(T),
    /// All the room is promised to permits, which are never taken back.
    Promised(T),
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
