//! The nanoseconds from one moment to another, in a few instructions.
//!
//! What decides by the moment does so some ten million times a second, and std's subtraction of two `Instant`s is a call
//! of 40 instructions, through memory: more than the whole of such a decision. An `Instant` shows its seconds and
//! nanoseconds nowhere, but it *hashes* them: a [`Hasher`] that keeps the two numbers has them in two instructions.
//!
//! # Invariants
//!
//! E1. Nothing is believed of how std writes an `Instant`. Each epoch tries it on moments of which it knows how far they
//!     lie apart, carries included; if one number is not what it must be, all is asked of std, as is what lies before the
//!     epoch or [`SECS_MAX`] after it.
//! E2. Either way gives the same number.
//!
//! # Why not the time stamp counter
//!
//! It is faster still, and another clock than Tokio's, which tests can stop.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use tokio::time::Instant;

/// 17 years.
const SECS_MAX: u64 = 1 << 29;

const NANOS: u64 = 1_000_000_000;

/// A moment from which time is counted.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    start: Instant,
    /// Those of the start.
    secs: u64,
    nanos: u64,
    /// So many seconds on from the start the parts are right; none if std is to be asked always (E1).
    secs_max: u64,
}

impl Epoch {
    /// Counts from this moment on.
    pub fn new(start: Instant) -> Self {
        let parts = Parts::of(start);
        let claims = Self {
            start,
            secs: parts.secs,
            nanos: parts.total(),
            secs_max: SECS_MAX,
        };
        Self {
            secs_max: if claims.are_right() { SECS_MAX } else { 0 },
            ..claims
        }
    }

    /// The moment.
    #[inline]
    pub fn start(&self) -> Instant {
        self.start
    }

    /// The nanoseconds from the start to `now`: zero for what is before.
    #[inline(always)]
    pub fn nanos(&self, now: Instant) -> u64 {
        match self.nanos_near(now) {
            Some(nanos) => nanos,
            None => self.nanos_far(now),
        }
    }

    /// As [`nanos`](Self::nanos), of a moment that is not before the start and within [`NEAR`](Self::NEAR) after it;
    /// nothing of others, nor of any on a system whose moments are unknown here.
    #[inline(always)]
    pub fn nanos_near(&self, now: Instant) -> Option<u64> {
        let now = Parts::of(now);
        let secs = now.secs.wrapping_sub(self.secs);
        let nanos = now.total().wrapping_sub(self.nanos);
        // What is before is far beyond. Seconds tell it, but for the part of the first one: there the nanoseconds do. They
        // alone would not, since they come round again after centuries.
        (secs < self.secs_max && nanos <= Self::NEAR).then_some(nanos)
    }

    /// The most that [`nanos_near`](Self::nanos_near) tells: 17 years.
    pub const NEAR: u64 = SECS_MAX * NANOS;

    /// As [`nanos`](Self::nanos), in more instructions.
    #[cold]
    pub fn nanos_far(&self, now: Instant) -> u64 {
        let nanos = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// E1.
    fn are_right(&self) -> bool {
        let steps = [0, 1, NANOS / 2, NANOS - 1, NANOS, 3 * NANOS / 2, 7 * NANOS];
        steps.into_iter().all(|step| {
            let later = self.start.checked_add(Duration::from_nanos(step));
            later.is_none_or(|later| self.nanos_near(later) == Some(step))
        })
    }
}

/// A moment as it hashes itself: on a clock of the system's own, seconds and nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    secs: u64,
    nanos: u64,
}

impl Parts {
    #[inline(always)]
    fn of(moment: Instant) -> Self {
        let mut parts = Self::default();
        moment.hash(&mut parts);
        parts
    }

    #[inline(always)]
    fn total(self) -> u64 {
        self.secs.wrapping_mul(NANOS).wrapping_add(self.nanos)
    }
}

impl Hasher for Parts {
    #[inline(always)]
    fn write_i64(&mut self, secs: i64) {
        self.secs = secs as u64;
    }

    #[inline(always)]
    fn write_u64(&mut self, secs: u64) {
        self.secs = secs;
    }

    #[inline(always)]
    fn write_u32(&mut self, nanos: u32) {
        self.nanos = nanos.into();
    }

    /// Of another kind than is known: found wrong, since all moments are the same then.
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        self.secs
    }
}

#[cfg(test)]
mod tests;
