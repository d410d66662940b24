//! A few empty blocks between two uses, so that a steady flow allocates nothing.
//!
//! A place is null or holds a block that nobody else has (I6). Blocks go in and out by a swap of the pointer alone;
//! nothing is ever read through a pointer that was not swapped out first, so it does not matter which block a
//! pointer's value meant before.

use std::ptr::null_mut;

use aqueduct_core::sync::{AtomicPtr, Ordering};

use super::SLOTS;
use super::block::{Block, Header};

pub(super) struct Spares<T>([AtomicPtr<Header<T>>; COUNT]);

impl<T> Spares<T> {
    /// Of large blocks only one is kept: allocating is little beside filling them.
    pub(super) const KEPT: usize = if Block::<T>::WHOLE > 4096 { 1 } else { COUNT };

    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicPtr::new(null_mut())))
    }

    /// A block for a whole lap, used or new.
    #[inline]
    pub(super) fn take(&self) -> Block<T> {
        self.reuse().unwrap_or_else(|| Block::alloc(SLOTS))
    }

    fn reuse(&self) -> Option<Block<T>> {
        self.0.iter().find_map(|place| {
            if place.load(Ordering::Relaxed).is_null() {
                return None;
            }
            // Acquire: the block as its last user left it. Pairs with the Release in `keep`.
            let raw = place.swap(null_mut(), Ordering::Acquire);
            // SAFETY: put there from `as_raw`, in `keep`; by the swap it is ours alone (I6).
            (!raw.is_null()).then(|| unsafe { Block::from_raw(raw) })
        })
    }

    /// Takes an empty block in, or frees it.
    ///
    /// # Safety
    ///
    /// The block is the caller's alone (I6), and not used by it again.
    pub(super) unsafe fn put(&self, block: Block<T>) {
        // SAFETY: I6, as the caller promises.
        unsafe {
            if block.is_whole() {
                block.clear();
                self.keep(block);
            } else {
                block.free();
            }
        }
    }

    /// Allocates a block for later, if there is none.
    #[cold]
    pub(super) fn stock(&self) {
        if self
            .0
            .iter()
            .all(|place| place.load(Ordering::Relaxed).is_null())
        {
            self.keep(Block::alloc(SLOTS));
        }
    }

    /// Takes a cleared block in, that is the caller's alone.
    fn keep(&self, block: Block<T>) {
        for place in &self.0[..Self::KEPT] {
            let kept = place.load(Ordering::Relaxed).is_null()
                // Release: hands the block over. Pairs with the Acquire in `reuse`.
                && place
                    .compare_exchange(
                        null_mut(),
                        block.as_raw(),
                        Ordering::Release,
                        Ordering::Relaxed,
                    )
                    .is_ok();
            if kept {
                return;
            }
        }
        // SAFETY: no place took it, so it is still ours alone (I6).
        unsafe { block.free() };
    }

    /// Frees what is kept.
    pub(super) fn clear(&self) {
        while let Some(block) = self.reuse() {
            // SAFETY: taken out, so it is ours alone (I6).
            unsafe { block.free() };
        }
    }
}

/// How many blocks are kept at most: one that was just emptied while another waits for the producers.
const COUNT: usize = if cfg!(aqueduct_loom) { 1 } else { 2 };
