//! Wakers collected under a lock, to be called after it.

use std::fmt;
use std::task::Waker;

/// A few wakers, inline. What is left in a batch when it is dropped is woken then, also when one of them panics.
pub struct WakeBatch {
    wakers: [Option<Waker>; WakeBatch::SIZE],
    len: usize,
}

impl WakeBatch {
    /// How many wakers fit, which bounds how long a lock is held at a stretch.
    pub const SIZE: usize = if cfg!(aqueduct_loom) { 2 } else { 16 };

    /// Creates an empty batch.
    pub const fn new() -> Self {
        Self {
            wakers: [const { None }; Self::SIZE],
            len: 0,
        }
    }

    /// Whether there is no room for another waker.
    pub fn is_full(&self) -> bool {
        self.len == Self::SIZE
    }

    /// Adds a waker.
    ///
    /// # Panics
    ///
    /// If the batch is full.
    pub fn push(&mut self, waker: Waker) {
        self.wakers[self.len] = Some(waker);
        self.len += 1;
    }

    /// Calls the wakers and leaves the batch empty.
    pub fn wake_all(&mut self) {
        while self.len > 0 {
            // Counted down first, so that a waker that panics is not called again on unwinding.
            let index = self.next();
            if let Some(waker) = self.wakers[index].take() {
                waker.wake();
            }
        }
    }

    /// The oldest waker is called first.
    fn next(&mut self) -> usize {
        let filled = self.wakers.iter().position(Option::is_some).unwrap_or(0);
        self.len -= 1;
        filled
    }
}

impl Drop for WakeBatch {
    fn drop(&mut self) {
        self.wake_all();
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
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
