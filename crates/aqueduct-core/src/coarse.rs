//! A clock that is cheap to read and right to a few milliseconds, for what people look at: the age of a task.
//!
//! Reading the monotonic clock takes 28 ns on a virtual machine, a third of what a group may add to a spawned task; the
//! kernel's coarse one, which it moves on at each tick (1 to 10 ms), takes 5. Decisions never hang on it: deadlines are
//! Tokio's, whose clock tests can stop.

use std::time::Duration;

/// A moment on the coarse clock: nanoseconds since some moment of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coarse(u64);

impl Coarse {
    /// This moment, some milliseconds late.
    #[inline]
    pub fn now() -> Self {
        Self(imp::now())
    }

    /// The time from this moment to now; zero for a moment in the future.
    pub fn elapsed(self) -> Duration {
        Duration::from_nanos(imp::now().saturating_sub(self.0))
    }
}

#[cfg(target_os = "linux")]
mod imp {
    //! Invariants:
    //!
    //! I1. `CLOCK_MONOTONIC_COARSE` exists on every Linux since 2.6.32, older than what Rust supports, so the call
    //!     cannot fail with a valid pointer, and fills the struct.

    #[inline]
    pub(super) fn now() -> u64 {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is that of a live local; see I1.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::sync::OnceLock;
    use std::time::Instant;

    #[inline]
    pub(super) fn now() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
