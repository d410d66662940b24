//! Wakers collected under a lock, to be called after it.
//!
//! # Invariants
//!
//! I1. The wakers from `next` until `len` are there, the other places are not initialised.
//!
//! # Why not `[Option<Waker>; N]`
//!
//! Writing and checking sixteen empty places costs four times as much as waking one waiter does (measured: 30 ns
//! against 7), and one is how many a batch mostly holds.

use std::any::Any;
use std::fmt;
use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::thread;

/// A few wakers, inline. What is left in a batch when it is dropped is woken then, also when one of them panics.
pub struct WakeBatch {
    wakers: [MaybeUninit<Waker>; WakeBatch::SIZE],
    next: usize,
    len: usize,
}

impl WakeBatch {
    /// How many wakers fit, which bounds how long a lock is held at a stretch.
    pub const SIZE: usize = if cfg!(aqueduct_loom) { 2 } else { 16 };

    /// Creates an empty batch.
    #[inline]
    pub const fn new() -> Self {
        Self {
            wakers: [const { MaybeUninit::uninit() }; Self::SIZE],
            next: 0,
            len: 0,
        }
    }

    /// Whether there is no room for another waker.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len == Self::SIZE
    }

    /// Adds a waker.
    ///
    /// # Panics
    ///
    /// If the batch is full.
    #[inline]
    pub fn push(&mut self, waker: Waker) {
        self.wakers[self.len].write(waker);
        self.len += 1;
    }

    /// Calls the wakers, in the order in which they came, and leaves the batch empty.
    ///
    /// # Panics
    ///
    /// If a waker does. Those behind it are called when the batch is dropped or asked again.
    #[inline]
    pub fn wake_all(&mut self) {
        while let Some(waker) = self.take_next() {
            waker.wake();
        }
        self.next = 0;
        self.len = 0;
    }

    #[inline]
    fn take_next(&mut self) -> Option<Waker> {
        if self.next == self.len {
            return None;
        }
        let waker = &self.wakers[self.next];
        self.next += 1;
        // SAFETY: by I1 the waker is there, and by the line above it no longer counts as being there.
        Some(unsafe { waker.assume_init_read() })
    }

    /// Calls all that are left, whatever they do, and lets the first panic go on unless one is under way.
    #[cold]
    fn wake_the_rest(&mut self) {
        let mut panic = None;
        while let Some(waker) = self.take_next() {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                keep_first(&mut panic, payload);
            }
        }
        match panic {
            Some(payload) if !thread::panicking() => resume_unwind(payload),
            // Not dropped, as in `keep_first`.
            panic => mem::forget(panic),
        }
    }
}

impl Drop for WakeBatch {
    #[inline]
    fn drop(&mut self) {
        if self.next < self.len {
            self.wake_the_rest();
        }
    }
}

/// Of several panics, keeps the first. The others are not dropped, as that may panic too, and there are more to be woken.
#[cold]
pub fn keep_first(first: &mut Option<Box<dyn Any + Send>>, payload: Box<dyn Any + Send>) {
    match first {
        Some(_) => mem::forget(payload),
        None => *first = Some(payload),
    }
}

impl Default for WakeBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WakeBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeBatch")
            .field("len", &(self.len - self.next))
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;
