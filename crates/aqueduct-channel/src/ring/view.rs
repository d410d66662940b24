//! The slots of a ring with stamps, as both sides see them. Invariants are those of [`ring`](super).

use std::mem::MaybeUninit;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use aqueduct_core::sync::{AtomicU64, Ordering, UnsafeCell};

use crate::cursor::Cursor;

/// Where the slots are. They are owned by the ring, and as old as it is (I8).
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
    pub(super) fn new(capacity: usize) -> Self {
        // At least two, so that the lowest bit of a turn is free for "full" (I5).
        let number = capacity.next_power_of_two().max(2);
        let slots: Box<[Slot<T>]> = (0..number)
            .map(|_| Slot {
                stamp: AtomicU64::new(0),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            })
            .collect();
        Self {
            first: NonNull::from(Box::leak(slots)).cast(),
            mask: number as u64 - 1,
        }
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

    /// Frees the slots.
    ///
    /// # Safety
    ///
    /// They are not used again.
    pub(super) unsafe fn free(self) {
        let slots = std::ptr::slice_from_raw_parts_mut(self.first.as_ptr(), self.mask as usize + 1);
        // SAFETY: I8: `new` leaked them so.
        drop(unsafe { Box::from_raw(slots) });
    }
}

impl<T> UnwindSafe for View<T> {}
impl<T> RefUnwindSafe for View<T> {}
