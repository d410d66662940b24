//! The slots of a ring with stamps, as both sides see them. Invariants are those of [`ring`](super).

use std::mem::MaybeUninit;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use aqueduct_core::sync::{AtomicU64, Ordering, UnsafeCell};

use crate::cursor::Cursor;

/// Where the slots are. They are as old as the ring (I8).
pub(super) struct View<T> {
    first: NonNull<Slot<T>>,
    pub(super) mask: u64,
}

pub(super) struct Slot<T> {
    pub(super) stamp: AtomicU64,
    pub(super) value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<T> {}

impl<T> View<T> {
    /// How many slots a capacity takes.
    pub(super) fn number_for(capacity: usize) -> usize {
        // At least two, so that the lowest bit of a turn is free for "full" (I5).
        capacity.next_power_of_two().max(2)
    }

    /// Of slots that are there, a power of two in number (I8).
    pub(super) fn new(first: NonNull<Slot<T>>, number: usize) -> Self {
        debug_assert!(number.is_power_of_two());
        let mask = number as u64 - 1;
        Self { first, mask }
    }

    pub(super) fn number(self) -> usize {
        self.mask as usize + 1
    }

    /// The slot at a position.
    ///
    /// # Safety
    ///
    /// The ring lives.
    #[inline(always)]
    pub(super) unsafe fn slot<'a>(self, position: u64) -> &'a Slot<T> {
        // SAFETY: I8: the mask is below the number of slots; they live, as the caller promises.
        unsafe { &*self.first.as_ptr().add((position & self.mask) as usize) }
    }

    /// The stamp of a free slot at a position.
    #[inline(always)]
    pub(super) fn turn(self, position: u64) -> u64 {
        Cursor::wrapped(position) & !self.mask
    }

    /// Whether a message is there to be taken.
    ///
    /// # Safety
    ///
    /// The ring lives.
    #[inline(always)]
    pub(super) unsafe fn is_full(self, position: u64) -> bool {
        // SAFETY: I8, as the caller promises.
        // Acquire pairs with the Release in `write_unseen`: the value is seen.
        unsafe { self.slot(position) }.stamp.load(Ordering::Acquire) == self.turn(position) | 1
    }

    /// Takes the value out of a full slot.
    ///
    /// # Safety
    ///
    /// The ring lives, and the caller has claimed `position` for receiving; it is full, and was not read yet (I1).
    #[inline(always)]
    pub(super) unsafe fn read(self, position: u64) -> T {
        // SAFETY: I1, as the caller promises.
        unsafe {
            self.slot(position)
                .value
                .with(|cell| (*cell).assume_init_read())
        }
    }
}

impl<T> UnwindSafe for View<T> {}
impl<T> RefUnwindSafe for View<T> {}
