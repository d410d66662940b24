//! The allocator of the benches: the system's, and on request a count of the bytes that are live.
//!
//! A count is its thread's own: what other threads allocate and free meanwhile, as other tests of the same process do,
//! is none of it. It is off while time is measured; what is left then is one load of a thread-local.
//!
//! Invariants:
//!
//! I1. Every call is passed on to [`System`] unchanged, with the caller's own layout and pointer. Counting looks at
//!     sizes alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts, on the threads that are inside [`count`].
pub(crate) struct Counting;

thread_local! {
    // Made without code to run and dropped without any, so that the allocator may read it at any time.
    static LIVE: Cell<Option<isize>> = const { Cell::new(None) };
}

/// Bytes that this thread has asked for, and not given back, since its [`count`] began; 0 outside one.
pub(crate) fn live() -> isize {
    LIVE.get().unwrap_or(0)
}

/// Runs `work`, in which [`live`] tells what this thread has allocated.
///
/// # Panics
///
/// Inside another `count` of the same thread.
pub(crate) fn count<R>(work: impl FnOnce() -> R) -> R {
    assert!(LIVE.get().is_none(), "this thread is counting already");
    LIVE.set(Some(0));
    let _off = Off;
    work()
}

/// Ends the count, also when what is counted panics.
struct Off;

impl Drop for Off {
    fn drop(&mut self) {
        LIVE.set(None);
    }
}

#[inline]
fn note(change: isize) {
    if let Some(live) = LIVE.get() {
        LIVE.set(Some(live + change));
    }
}

/// A layout's size fits, for a layout is never larger than `isize::MAX`.
fn size(layout: Layout) -> isize {
    layout.size() as isize
}

// SAFETY: `System` keeps the contract, and by I1 gets exactly what the caller promised.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(size(layout));
        // SAFETY: the caller's promise, passed on (I1).
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(size(layout));
        // SAFETY: the caller's promise, passed on (I1).
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-size(layout));
        // SAFETY: the caller's promise, passed on (I1).
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(new_size as isize - size(layout));
        // SAFETY: the caller's promise, passed on (I1).
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[cfg(test)]
mod tests;
