//! A run of slots. Senders write each once; every receiver reads it; it is used again when nobody holds it any more.
//!
//! Where messages have a destructor, each slot counts the receivers that have yet to pass it, so that a message goes
//! as soon as the last of them has it; and that last one is given the message itself, not a clone. A message without a
//! destructor needs no count, and reading it no read-modify-write.
//!
//! # Invariants
//!
//! I1. A slot is written once in a segment's use, under the channel's lock, before the tail is published past it. From
//!     one use to the next the segment is its one holder's (`&mut`).
//! I2. A slot is read by receivers only, and by one that has seen a tail past it.
//! I3. The count of a slot starts with the receivers there are when it is written, and each of them takes off one, once,
//!     after which it does not touch the slot; or none, if it lags and skips it. So the value is there while the count
//!     is not 0; who takes it to 0, or finds that it alone is left, has the value for itself.

use std::mem::{MaybeUninit, needs_drop};
use std::panic::{RefUnwindSafe, UnwindSafe};

use aqueduct_core::sync::{AtomicUsize, Ordering, UnsafeCell};

/// The slots from one multiple of their number to the next.
pub(super) struct Segment<T> {
    values: Box<[UnsafeCell<MaybeUninit<T>>]>,
    /// How many receivers have yet to pass each slot. Empty where nobody asks.
    left: Box<[AtomicUsize]>,
}

// SAFETY: values are dropped or taken on whatever thread comes last (Send). I3: by one thread.
unsafe impl<T: Send> Send for Segment<T> {}
// SAFETY: several receivers clone one value at the same time (Sync), and the last may take it (Send). I1 to I3 keep
// writing and taking apart from that.
unsafe impl<T: Send + Sync> Sync for Segment<T> {}

// A clone or a destructor that panics leaves its slot passed, and the others as they were.
impl<T> UnwindSafe for Segment<T> {}
impl<T> RefUnwindSafe for Segment<T> {}

impl<T> Segment<T> {
    /// Whether slots count who has yet to pass them.
    pub(super) const COUNTS: bool = needs_drop::<T>();

    pub(super) fn new(slots: usize) -> Self {
        let counts = if Self::COUNTS { slots } else { 0 };
        Self {
            values: (0..slots)
                .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
                .collect(),
            left: (0..counts).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// How many slots there are: a power of two.
    #[inline(always)]
    pub(super) fn slots(&self) -> usize {
        self.values.len()
    }

    /// Puts a message into a slot, for so many receivers.
    ///
    /// # Safety
    ///
    /// The caller holds the channel's lock, the slot was not written in this use of the segment, and no tail past it
    /// was published.
    #[inline(always)]
    pub(super) unsafe fn write(&self, index: usize, value: T, receivers: usize) {
        self.values[index].with_mut(|slot| {
            // SAFETY: I1, as the caller promises; by I2 nobody reads it yet.
            unsafe { (*slot).write(value) };
        });
        if Self::COUNTS {
            self.left[index].store(receivers, Ordering::Relaxed);
        }
    }

    /// Passes a slot: gives its message, or a clone of it. Has passed it also if the clone panics.
    ///
    /// # Safety
    ///
    /// The caller is a receiver that was there when the message was sent and has not passed the slot, and it has seen a
    /// tail past it.
    #[inline(always)]
    pub(super) unsafe fn read(&self, index: usize) -> T
    where
        T: Clone,
    {
        if !Self::COUNTS {
            // SAFETY: I2: written, and not taken: without counts nobody takes.
            return unsafe { self.clone_of(index) };
        }
        // Acquire pairs with the Release in `let_go`: the others are done with the value.
        if self.left[index].load(Ordering::Acquire) == 1 {
            self.left[index].store(0, Ordering::Relaxed);
            // SAFETY: I3: the caller is who is left.
            return unsafe { self.take(index) };
        }
        let _pass = Pass {
            segment: self,
            index,
        };
        // SAFETY: I2, I3: the value is there, as the caller has not passed it.
        unsafe { self.clone_of(index) }
    }

    /// Passes a slot without its message.
    ///
    /// # Safety
    ///
    /// As [`read`](Self::read).
    pub(super) unsafe fn pass(&self, index: usize) {
        if Self::COUNTS {
            self.let_go(index);
        }
    }

    /// Takes one off the count, of a receiver that has not passed the slot. The last drops the message.
    fn let_go(&self, index: usize) {
        // Release pairs with the Acquire here and in `read`: this receiver is done with the value.
        // Acquire pairs with that Release: so are the others, if this is the last.
        if self.left[index].fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: I3: the count is 0 now.
            drop(unsafe { self.take(index) });
        }
    }

    /// # Safety
    ///
    /// The value is there, and stays.
    #[inline(always)]
    unsafe fn clone_of(&self, index: usize) -> T
    where
        T: Clone,
    {
        self.values[index].with(|slot| {
            // SAFETY: I2, I3, as the caller promises.
            unsafe { (*slot).assume_init_ref() }.clone()
        })
    }

    /// # Safety
    ///
    /// The value is there, and the caller's alone.
    unsafe fn take(&self, index: usize) -> T {
        self.values[index].with_mut(|slot| {
            // SAFETY: I3, as the caller promises.
            unsafe { (*slot).assume_init_read() }
        })
    }

    /// Drops what is left inside, to use the segment again.
    pub(super) fn reset(&mut self) {
        /// Goes on with the rest if a message's destructor panics.
        struct Rest<'a, T>(&'a mut Segment<T>, usize);

        impl<T> Rest<'_, T> {
            fn drop_all(&mut self) {
                while let Some(left) = self.0.left.get(self.1) {
                    let index = self.1;
                    self.1 += 1;
                    if left.load(Ordering::Relaxed) != 0 {
                        left.store(0, Ordering::Relaxed);
                        // SAFETY: I3: the value is there; I1: the segment is the caller's alone.
                        drop(unsafe { self.0.take(index) });
                    }
                }
            }
        }

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                self.drop_all();
            }
        }

        Rest(self, 0).drop_all();
    }
}

impl<T> Drop for Segment<T> {
    fn drop(&mut self) {
        self.reset();
    }
}

/// A receiver that is cloning a message.
struct Pass<'a, T> {
    segment: &'a Segment<T>,
    index: usize,
}

impl<T> Drop for Pass<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.segment.let_go(self.index);
    }
}
