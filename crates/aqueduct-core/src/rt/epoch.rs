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

/// 68 years.
const SECS_MAX: u64 = 1 << 31;

const NANOS: u64 = 1_000_000_000;

/// A moment from which time is counted.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    start: Instant,
    parts: Parts,
    /// So many seconds on from the start the parts are right; none if std is to be asked always (E1).
    secs_max: u64,
}

impl Epoch {
    /// Counts from this moment on.
    pub fn new(start: Instant) -> Self {
        let parts = Parts::of(start);
        let claims = Self {
            start,
            parts,
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
    #[inline]
    pub fn nanos(&self, now: Instant) -> u64 {
        match self.by_parts(now) {
            Some(nanos) => nanos,
            None => self.by_std(now),
        }
    }

    #[inline(always)]
    fn by_parts(&self, now: Instant) -> Option<u64> {
        let now = Parts::of(now);
        let secs = now.secs.wrapping_sub(self.parts.secs);
        // What is before is far beyond.
        (secs < self.secs_max).then(|| (secs * NANOS + now.nanos).saturating_sub(self.parts.nanos))
    }

    #[cold]
    fn by_std(&self, now: Instant) -> u64 {
        let nanos = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    /// E1.
    fn are_right(&self) -> bool {
        let steps = [0, 1, NANOS / 2, NANOS - 1, NANOS, 3 * NANOS / 2, 7 * NANOS];
        self.parts.nanos < NANOS
            && steps.into_iter().all(|step| {
                let later = self.start.checked_add(Duration::from_nanos(step));
                later.is_none_or(|later| self.by_parts(later) == Some(step))
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

    /// Of another kind than is known: to be found wrong.
    fn write(&mut self, _: &[u8]) {
        self.nanos = u64::MAX;
    }

    fn finish(&self) -> u64 {
        self.secs
    }
}

#[cfg(test)]
mod tests;
