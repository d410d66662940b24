//! The array that a bounded channel keeps its messages in.
//!
//! I1. A slot is written by one thread at a time and read by one thread at a time; who that is, and that the two never
//!     overlap, is the business of the ring that owns the slots.
//! I2. The number of slots is a power of two, and not 0.

use std::mem::MaybeUninit;
use std::panic::{RefUnwindSafe, UnwindSafe};

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

    /// A view for handles, which keep it beside their positions: one load less for each message.
    pub(crate) fn view(&self) -> View<T> {
        View {
            first: self.slots.as_ptr(),
            mask: self.slots.len() - 1,
        }
    }
}

/// Where the slots are. Valid while the [`Slots`] that gave it are.
pub(crate) struct View<T> {
    first: *const UnsafeCell<MaybeUninit<T>>,
    mask: usize,
}

impl<T> UnwindSafe for View<T> {}
impl<T> RefUnwindSafe for View<T> {}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<T> {}

impl<T> View<T> {
    /// # Safety
    ///
    /// The slots live.
    #[inline(always)]
    unsafe fn slot<'a>(self, position: usize) -> &'a UnsafeCell<MaybeUninit<T>> {
        // SAFETY: I2: the mask is below the number of slots; they live, as the caller promises.
        unsafe { &*self.first.add(position & self.mask) }
    }

    /// Puts a value into a slot.
    ///
    /// # Safety
    ///
    /// The slots live; this one holds nothing, and is the caller's alone (I1).
    #[inline(always)]
    pub(crate) unsafe fn write(self, position: usize, value: T) {
        // SAFETY: I1, as the caller promises.
        unsafe { self.slot(position) }.with_mut(|slot| unsafe { (*slot).write(value) });
    }

    /// Takes the value out of a slot.
    ///
    /// # Safety
    ///
    /// The slots live; this one holds a value, and is the caller's alone (I1).
    #[inline(always)]
    pub(crate) unsafe fn read(self, position: usize) -> T {
        // SAFETY: I1, as the caller promises.
        unsafe { self.slot(position).with(|slot| (*slot).assume_init_read()) }
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
