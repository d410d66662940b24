//! A place for a waker that may be read before it is known to be the reader's.

use std::ptr;
use std::task::{RawWakerVTable, Waker};

use aqueduct_core::sync::{AtomicPtr, Ordering};

/// The two words of a waker, each an atomic, so that a reader that comes at the wrong moment gets rubbish and not
/// undefined behaviour.
///
/// A slot does not own: whether its words are a waker, and whose, is what the state word says.
pub(super) struct Slot {
    data: AtomicPtr<()>,
    vtable: AtomicPtr<RawWakerVTable>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            data: AtomicPtr::new(ptr::null_mut()),
            vtable: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Writes the words of `waker`, which stays the caller's.
    pub(super) fn put(&self, waker: &Waker) {
        let vtable = ptr::from_ref(waker.vtable()).cast_mut();
        self.data.store(waker.data().cast_mut(), Ordering::Relaxed);
        self.vtable.store(vtable, Ordering::Relaxed);
    }

    /// Whether the words are those of `waker`, so that both wake the same task.
    pub(super) fn holds(&self, waker: &Waker) -> bool {
        let Words { data, vtable } = self.read();
        ptr::eq(data, waker.data()) && ptr::eq(vtable, waker.vtable())
    }

    /// Reads the words, whatever they are.
    #[inline]
    pub(super) fn read(&self) -> Words {
        Words {
            data: self.data.load(Ordering::Relaxed),
            vtable: self.vtable.load(Ordering::Relaxed),
        }
    }
}

/// What was in a slot.
#[derive(Clone, Copy)]
pub(super) struct Words {
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl Words {
    /// The waker that these words are.
    ///
    /// # Safety
    ///
    /// They were put as the words of one waker, which has been forgotten and is made again here only.
    #[inline]
    pub(super) unsafe fn into_waker(self) -> Waker {
        // SAFETY: by I2 and I3, which the caller has seen to, both come from one waker: the table is static, and the
        // data goes with it.
        unsafe { Waker::new(self.data, &*self.vtable) }
    }
}
