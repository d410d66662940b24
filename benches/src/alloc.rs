//! The allocator of the benches: the system's, and on request a count of the bytes that are live.
//!
//! Counting costs two atomic operations an allocation, which would fall on those peers that allocate while they run, so
//! it is off while time is measured; what is left then is one plain load.
//!
//! Invariants:
//!
//! I1. Every call is passed on to [`System`] unchanged, with the caller's own layout and pointer. Counting looks at
//!     sizes alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Counts, for the whole process: what is measured runs on one thread while the others are asleep.
pub(crate) struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicIsize = AtomicIsize::new(0);
static TURN: Mutex<()> = Mutex::new(());

/// Bytes asked for and not yet given back since [`count`] began.
pub(crate) fn live() -> isize {
    LIVE.load(Relaxed)
}

/// Runs `work`, in which [`live`] tells what it has allocated. One count at a time: another one waits.
pub(crate) fn count<R>(work: impl FnOnce() -> R) -> R {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    LIVE.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let _off = Off;
    work()
}

/// Ends the count, also when what is counted panics.
struct Off;

impl Drop for Off {
    fn drop(&mut self) {
        COUNTS.store(false, Relaxed);
    }
}

#[inline]
fn note(change: isize) {
    if COUNTS.load(Relaxed) {
        LIVE.fetch_add(change, Relaxed);
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
