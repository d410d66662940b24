//! A ring in memory, and the handles that keep it there.
//!
//! ```text
//!       multiple of a cache line ─┐
//!   block                         ▼
//!     ├─ 0 to 48 unused ─┬────────┬──────────────┬─────────────────┐
//!     │                  │ header │ Ring         │ slots           │
//!     └──────────────────┴────────┴──────────────┴─────────────────┘
//! ```
//!
//! One allocation, which is asked for with no more alignment than an allocator gives to any: the ring is put on a cache
//! line within it. `Arc<Ring>` beside a box of slots is as large, and takes twice as long to make: what the common
//! allocators do for an alignment above their own is dear, for every channel and every actor.
//!
//! # Invariants
//!
//! I1. The header lies right before the ring and is written with it. The count in it is that of the handles, each of which
//!     has one; the block is freed by who takes the last.
//! I2. A handle's pointer, and that to the slots, were made of the block's own: they may reach all of it.
//! I3. A block has the layout of its plan: that is not empty, and has room for a ring and its slots from the first multiple of
//!     their alignment on that leaves room for a header before it.
//! I4. Handles give shared access only, and whatever thread has the last one drops the ring.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr::NonNull;

use aqueduct_core::sync::{AtomicU64, AtomicUsize, Ordering, UnsafeCell, fence};

use super::view::{Slot, View};
use super::{Consumers, Ring};
use crate::overflow::Options;
use crate::slots::assert_capacity;

/// As `Arc<Ring<T, C>>`, without weak ones.
pub(crate) struct SharedRing<T, C> {
    ring: NonNull<Ring<T, C>>,
}

/// What comes before the ring.
#[repr(C)]
struct Header {
    handles: AtomicUsize,
    block: NonNull<u8>,
}

/// How much alignment any allocation has.
const ALIGN: usize = 2 * size_of::<usize>();

/// Where things are, from a multiple of `align` on; before that is room for the header, which ends there.
struct Plan {
    align: usize,
    slots: usize,
    block: Layout,
}

// SAFETY: I4: as for `Arc`, a ring that may be shared and sent.
unsafe impl<T, C> Send for SharedRing<T, C> where Ring<T, C>: Send + Sync {}
// SAFETY: I4, as above.
unsafe impl<T, C> Sync for SharedRing<T, C> where Ring<T, C>: Send + Sync {}

impl<T, C> SharedRing<T, C> {
    fn plan(slots: usize) -> Plan {
        const { assert!(size_of::<Header>() <= ALIGN && align_of::<Header>() <= ALIGN) };
        let slots = Layout::array::<Slot<T>>(slots).ok();
        let plan = slots.and_then(|slots| {
            let (all, slots) = Layout::new::<Ring<T, C>>().extend(slots).ok()?;
            let align = all.align().max(ALIGN);
            // The block begins at a multiple of `ALIGN`: so behind a header the next multiple of `align` is at most `align`
            // away from there.
            let block = Layout::from_size_align(align.checked_add(all.size())?, ALIGN).ok()?;
            Some(Plan {
                align,
                slots,
                block,
            })
        });
        plan.expect("what does not fit into memory was refused")
    }

    fn header(&self) -> &Header {
        // SAFETY: I1, I2.
        unsafe { self.ring.cast::<Header>().sub(1).as_ref() }
    }

    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.ring == other.ring
    }

    pub(super) fn as_ptr(&self) -> *const Ring<T, C> {
        self.ring.as_ptr()
    }
}

impl<T, C: Consumers> SharedRing<T, C> {
    /// # Panics
    ///
    /// If the capacity is 0, or more than fits; or if the options do not fit.
    #[track_caller]
    pub(crate) fn new(options: Options<T>, fair: bool) -> Self {
        let capacity = options.capacity;
        assert_capacity::<Slot<T>>(capacity);
        // Before there is a block, which nobody would free: it panics if the options do not fit.
        let policy = options.into_policy(C::SHARED);
        let number = View::<T>::number_for(capacity);
        let plan = Self::plan(number);
        // SAFETY: I3: the layout is not empty.
        let Some(block) = NonNull::new(unsafe { alloc(plan.block) }) else {
            handle_alloc_error(plan.block)
        };
        let behind_header = block.addr().get() + size_of::<Header>();
        let front = behind_header.next_multiple_of(plan.align) - block.addr().get();
        // SAFETY: I3: there is room for all of it from `front` on, and for the header before that. Nobody else has the block
        // yet.
        unsafe {
            let ring = block.add(front).cast::<Ring<T, C>>();
            let slots = block.add(front + plan.slots).cast::<Slot<T>>();
            for index in 0..number {
                slots.add(index).write(Slot {
                    stamp: AtomicU64::new(0),
                    value: UnsafeCell::new(MaybeUninit::uninit()),
                });
            }
            ring.cast::<Header>().sub(1).write(Header {
                handles: AtomicUsize::new(1),
                block,
            });
            ring.write(Ring::new(capacity, policy, View::new(slots, number), fair));
            Self { ring }
        }
    }
}

impl<T, C> Deref for SharedRing<T, C> {
    type Target = Ring<T, C>;

    #[inline(always)]
    fn deref(&self) -> &Ring<T, C> {
        // SAFETY: I1: it lives while this handle does.
        unsafe { self.ring.as_ref() }
    }
}

impl<T, C> Clone for SharedRing<T, C> {
    #[inline]
    fn clone(&self) -> Self {
        // Relaxed: who has a handle may make another, and brings what it knows to whoever gets it.
        let before = self.header().handles.fetch_add(1, Ordering::Relaxed);
        if before > isize::MAX as usize {
            // So many were leaked that the count might come round.
            std::process::abort();
        }
        Self { ring: self.ring }
    }
}

impl<T, C> Drop for SharedRing<T, C> {
    #[inline]
    fn drop(&mut self) {
        // Release pairs with the Acquire below: what was done by this handle comes before the end.
        if self.header().handles.fetch_sub(1, Ordering::Release) == 1 {
            // Acquire pairs with the Release above, of all the others.
            fence(Ordering::Acquire);
            // SAFETY: I1: this was the last handle.
            unsafe { self.free() };
        }
    }
}

impl<T, C> SharedRing<T, C> {
    /// # Safety
    ///
    /// No handle is used after this.
    #[inline(never)]
    unsafe fn free(&mut self) {
        /// Frees the block, also if a message's destructor panics; what is then left in it is leaked.
        struct Free(NonNull<u8>, Layout);

        impl Drop for Free {
            fn drop(&mut self) {
                // SAFETY: I1: it was allocated by this layout, and is not used again.
                unsafe { dealloc(self.0.as_ptr(), self.1) };
            }
        }

        let number = self.slots().number();
        let _free = Free(self.header().block, Self::plan(number).block);
        // SAFETY: I1: nobody else is left, as the caller promises.
        unsafe { self.ring.drop_in_place() };
    }
}
