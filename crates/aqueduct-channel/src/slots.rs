//! The array that a bounded channel keeps its messages in.
//!
//! I1. A slot is written by one thread at a time and read by one thread at a time; who that is, and that the two never
//!     overlap, is the business of the ring that owns the slots.

use std::mem::MaybeUninit;

use aqueduct_core::sync::UnsafeCell;

/// A power-of-two number of slots, indexed by a position that only grows.
///
/// The number is the capacity rounded up: a mask costs nothing for each message, an exact modulus does. The capacity
/// itself is kept by the ring, exactly; what is rounded up is address space, and pages that were never written are
/// not resident.
pub(crate) struct Slots<T> {
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

impl<T> Slots<T> {
    /// # Panics
    ///
    /// If `capacity` is 0, or that many values would not fit into memory.
    #[track_caller]
    pub(crate) fn new(capacity: usize) -> Self {
        assert_capacity::<T>(capacity);
        let slots = (0..capacity.next_power_of_two())
            .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
            .collect();
        Self { slots }
    }

    #[inline(always)]
    fn slot(&self, position: usize) -> &UnsafeCell<MaybeUninit<T>> {
        // SAFETY: the mask of a power of two is below the length, which is not 0.
        unsafe { self.slots.get_unchecked(position & (self.slots.len() - 1)) }
    }

    /// Puts a value into a slot.
    ///
    /// # Safety
    ///
    /// The slot holds nothing, and is the caller's alone (I1).
    #[inline(always)]
    pub(crate) unsafe fn write(&self, position: usize, value: T) {
        // SAFETY: I1, as the caller promises.
        self.slot(position)
            .with_mut(|slot| unsafe { (*slot).write(value) });
    }

    /// Takes the value out of a slot.
    ///
    /// # Safety
    ///
    /// The slot holds a value, and is the caller's alone (I1).
    #[inline(always)]
    pub(crate) unsafe fn read(&self, position: usize) -> T {
        // SAFETY: I1, as the caller promises.
        self.slot(position)
            .with(|slot| unsafe { (*slot).assume_init_read() })
    }
}

/// Checks what every bounded channel asks of its capacity.
///
/// # Panics
///
/// If it is 0, or that many values of type `T` would not fit into memory.
#[track_caller]
pub(crate) fn assert_capacity<T>(capacity: usize) {
    assert!(
        capacity > 0,
        "a bounded channel needs room for at least one message"
    );
    let bytes = capacity
        .checked_next_power_of_two()
        .and_then(|n| n.checked_mul(size_of::<T>().max(1)));
    assert!(
        bytes.is_some_and(|bytes| bytes <= isize::MAX as usize),
        "a bounded channel's room is allocated when it is made, and {capacity} messages do not fit into memory; \
         use an unbounded channel if there is no real limit"
    );
}
