//! What lets one operation run, and tells the limiter how it ended.

use std::fmt;
use std::mem;
use std::sync::Arc;

use tokio::time::Instant;

use super::core::Core;

/// Lets one operation run. How it is given back says how the operation ended:
///
/// | | counts as |
/// |---|---|
/// | [`success`](Self::success) | a latency |
/// | [`failure`](Self::failure) | overload: a time-out, "too busy" |
/// | [`ignore`](Self::ignore) | nothing: a failure that is no sign of overload, such as "not found" |
/// | dropped | cancelled: nothing |
#[must_use = "dropped at once, it lets nothing run"]
pub struct Permit<'a> {
    core: &'a Core,
    seat: Seat,
}

/// A [`Permit`] that keeps its limiter alive, to be moved to another task.
#[must_use = "dropped at once, it lets nothing run"]
pub struct OwnedPermit {
    core: Arc<Core>,
    seat: Seat,
    given_back: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) partition: usize,
    /// Nanoseconds, by the limiter's clock.
    pub(super) started: u64,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) fn new(core: &'a Core, seat: Seat) -> Self {
        Self { core, seat }
    }

    /// The operation succeeded.
    #[inline]
    pub fn success(self) {
        let (core, seat) = self.into_seat();
        core.succeeded(seat.partition, seat.started, None);
    }

    /// [`success`](Self::success), for one who knows the time.
    #[inline]
    pub fn success_at(self, now: Instant) {
        let (core, seat) = self.into_seat();
        core.succeeded(seat.partition, seat.started, Some(now));
    }

    /// The operation failed in a way that tells of overload.
    #[inline]
    pub fn failure(self) {
        let (core, seat) = self.into_seat();
        core.failed(seat.partition, None);
    }

    /// [`failure`](Self::failure), for one who knows the time.
    #[inline]
    pub fn failure_at(self, now: Instant) {
        let (core, seat) = self.into_seat();
        core.failed(seat.partition, Some(now));
    }

    /// The operation ended in a way that says nothing about load. As dropping the permit.
    #[inline]
    pub fn ignore(self) {}

    #[inline]
    fn into_seat(self) -> (&'a Core, Seat) {
        let parts = (self.core, self.seat);
        mem::forget(self);
        parts
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.core.give_back(self.seat.partition);
    }
}

impl OwnedPermit {
    #[inline]
    pub(super) fn new(core: Arc<Core>, seat: Seat) -> Self {
        Self {
            core,
            seat,
            given_back: false,
        }
    }

    /// See [`Permit::success`].
    pub fn success(mut self) {
        self.given_back = true;
        self.core
            .succeeded(self.seat.partition, self.seat.started, None);
    }

    /// See [`Permit::success_at`].
    pub fn success_at(mut self, now: Instant) {
        self.given_back = true;
        self.core
            .succeeded(self.seat.partition, self.seat.started, Some(now));
    }

    /// See [`Permit::failure`].
    pub fn failure(mut self) {
        self.given_back = true;
        self.core.failed(self.seat.partition, None);
    }

    /// See [`Permit::failure_at`].
    pub fn failure_at(mut self, now: Instant) {
        self.given_back = true;
        self.core.failed(self.seat.partition, Some(now));
    }

    /// See [`Permit::ignore`].
    pub fn ignore(self) {}
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if !self.given_back {
            self.core.give_back(self.seat.partition);
        }
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("partition", &self.seat.partition)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit")
            .field("partition", &self.seat.partition)
            .finish_non_exhaustive()
    }
}
