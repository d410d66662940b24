//! A place in line that most of its owners never take.

use std::fmt;
use std::mem::ManuallyDrop;
use std::pin::Pin;

use super::{Queue, Wait};

/// A [`Wait`] that is made when it is first needed, and costs nothing before that: not even a call when it is dropped.
pub struct LazyWait<Q: Queue> {
    wait: ManuallyDrop<Option<Wait<Q>>>,
}

impl<Q: Queue> LazyWait<Q> {
    /// Creates none.
    #[inline(always)]
    pub const fn new() -> Self {
        Self {
            wait: ManuallyDrop::new(None),
        }
    }

    /// Whether it was made.
    #[inline(always)]
    pub fn is_made(&self) -> bool {
        self.wait.is_some()
    }

    /// The place, made with `queue` if there is none yet.
    pub fn get(self: Pin<&mut Self>, queue: impl FnOnce() -> Q) -> Pin<&mut Wait<Q>> {
        // SAFETY: I3: the place is pinned as `self` is: it is made in its spot, never moved, and dropped there.
        unsafe {
            let wait = &mut *self.get_unchecked_mut().wait;
            Pin::new_unchecked(wait.get_or_insert_with(|| Wait::new(queue())))
        }
    }
}

impl<Q: Queue> Default for LazyWait<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: Queue> Drop for LazyWait<Q> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.wait.is_some() {
            // SAFETY: I3: dropped once, in its spot.
            unsafe { ManuallyDrop::drop(&mut self.wait) };
        }
    }
}

impl<Q: Queue> fmt::Debug for LazyWait<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyWait")
            .field("wait", &*self.wait)
            .finish()
    }
}
