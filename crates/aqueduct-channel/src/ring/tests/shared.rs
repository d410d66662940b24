//! Where a ring lies, and when it goes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::*;
use crate::overflow::Options;

#[repr(align(256))]
struct Wide(u8);

fn made<T>(capacity: usize) -> SharedRing<T, Single> {
    SharedRing::new(Options::new(capacity), false)
}

/// A ring of another size first, so that blocks begin at other offsets.
fn lies_right<T>(make: impl Fn(u8) -> T, read: impl Fn(&T) -> u8) {
    let mut kept = Vec::new();
    for capacity in [1, 2, 3, 5, 8, 16, 21, 64] {
        let ring = made::<T>(capacity);
        assert_eq!(ring.as_ptr().addr() % align_of::<Ring<T, Single>>(), 0);
        let (tx, mut rx) = (Tx::first(ring.clone()), SingleRx::new(ring));
        for number in 0..capacity as u8 {
            assert!(tx.try_send(make(number)).is_ok());
        }
        assert!(tx.try_send(make(0)).is_err());
        for number in 0..capacity as u8 {
            let value = rx.pop_ready().expect("it was sent");
            assert_eq!(read(&value), number);
        }
        let slots = tx.ring.slots();
        for position in 0..capacity as u64 {
            // SAFETY: I8: the ring lives.
            let slot = unsafe { slots.slot(position) };
            assert_eq!(std::ptr::from_ref(slot).addr() % align_of::<Slot<T>>(), 0);
        }
        kept.push((tx, rx));
    }
}

#[test]
fn rings_and_slots_are_aligned() {
    lies_right(|number| number, |value| *value);
    lies_right(|number| [u64::from(number); 3], |value| value[0] as u8);
    lies_right(Wide, |value| value.0);
    assert_eq!(align_of::<Ring<u8, Single>>() % 64, 0);
}

#[test]
fn the_last_handle_takes_the_messages_along() {
    let message = std::sync::Arc::new(());
    let ring = made(4);
    let other = ring.clone();
    for _ in 0..3 {
        let position = ring.claim(|_| ()).expect("there is room");
        // SAFETY: I1: just claimed.
        unsafe { ring.write(position, message.clone()) };
    }
    assert!(ring.ptr_eq(&other));
    drop(ring);
    assert_eq!(std::sync::Arc::strong_count(&message), 4);
    drop(other);
    assert_eq!(std::sync::Arc::strong_count(&message), 1);
}

#[test]
fn a_destructor_that_panics_comes_out_of_the_last_handle() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor");
        }
    }

    let ring = made(2);
    let position = ring.claim(|_| ()).expect("there is room");
    // SAFETY: I1: just claimed.
    unsafe { ring.write(position, Bomb) };
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(ring)));
    assert!(dropped.is_err());
}

#[test]
#[should_panic(expected = "do not fit into memory")]
fn room_that_does_not_fit_is_refused() {
    made::<u64>(usize::MAX / 16);
}
