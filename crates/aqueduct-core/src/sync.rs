//! The one door to atomics, locks and cells: the standard library's, or loom's under `--cfg aqueduct_loom`.
//!
//! Whatever is lock-free, or wakes somebody by a protocol of its own, takes its primitives from here and names no
//! other source, so that its models run the very code that ships. [`UnsafeCell`] has loom's closure form because
//! loom tracks accesses by it; outside loom the closures vanish.

pub use imp::*;

/// A mutual-exclusion lock that cannot be poisoned.
///
/// Nothing of the user's (wakers, destructors, callbacks) runs while one of these is held, so a panic under it would
/// be our own bug; there is no state to protect callers from.
#[derive(Debug, Default)]
pub struct Lock<T>(imp::Mutex<T>);

impl<T> Lock<T> {
    /// Creates an unlocked lock.
    pub fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> imp::MutexGuard<'_, T> {
        match self.0.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

#[cfg(not(aqueduct_loom))]
mod imp {
    pub use std::hint::spin_loop;
    pub use std::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
        fence,
    };
    pub use std::sync::{Arc, MutexGuard};
    pub use std::thread::yield_now;

    pub(super) use std::sync::Mutex;

    /// `std::cell::UnsafeCell` with loom's interface.
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Wraps a value.
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Calls `f` with a pointer for shared access.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Calls `f` with a pointer for exclusive access.
        #[inline(always)]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[cfg(aqueduct_loom)]
mod imp {
    pub use loom::cell::UnsafeCell;
    pub use loom::hint::spin_loop;
    pub use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
        fence,
    };
    pub use loom::sync::{Arc, MutexGuard};
    pub use loom::thread::yield_now;

    pub(super) use loom::sync::Mutex;
}
