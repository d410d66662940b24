//! A block of the list: an allocation with room for some messages, and their marks.
//!
//! ```text
//!                    slot 28  29  30  31   header
//!                       ┌───┬───┬───┬───┬───────────────────────────────────┐
//!    first block        │   │   │   │   │ next prev lap slots  ready[0..32] │
//!                       └───┴───┴───┴───┴───────────────────────────────────┘
//!                                       ▲
//!        slot 0   1  ···  29  30  31    │ a Block points here
//!           ┌───┬───┬───┬───┬───┬───┬───────────────────────────────────┐
//!    later  │   │   │   │   │   │   │ next prev lap slots  ready[0..32] │
//!           └───┴───┴───┴───┴───┴───┴───────────────────────────────────┘
//! ```
//!
//! The slots lie *before* the header, so that a block that lacks the first few of its lap is addressed like any
//! other: that is how the first block can be small without a test in the hot path.
//!
//! Values and marks are apart: with eight-byte messages a slot costs nine bytes and not sixteen. A burst of messages
//! is paid mostly in memory that is touched for the first time, which makes this the dearest figure of an unbounded
//! channel. A mark is a byte of its own and not a bit, so that marking is a plain store.
//!
//! Nothing here knows who may do what; every method that touches the block is unsafe, and cites the list's
//! invariants (`list.rs`) where it is called.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, drop_in_place};

use aqueduct_core::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering, UnsafeCell};

use super::SLOTS;

type Cell<T> = UnsafeCell<MaybeUninit<T>>;

/// What follows the slots: 64 bytes, of which the producers write the marks.
///
/// Not aligned to a cache line: what the allocator does for an alignment above its own is dearer, for every block,
/// than a line that two blocks share (a push of `usize`, 13 ns → 10).
#[repr(C)]
pub(super) struct Header<T> {
    next: AtomicPtr<Header<T>>,
    prev: AtomicPtr<Header<T>>,
    lap: AtomicU64,
    /// How many slots precede the header: the last so many of the lap.
    slots: usize,
    ready: [AtomicBool; SLOTS],
    /// Nothing; loom sees by it whether a block is retired while somebody still uses it.
    life: UnsafeCell<()>,
}

/// A pointer to a block.
pub(super) struct Block<T>(NonNull<Header<T>>);

impl<T> Clone for Block<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Block<T> {}

impl<T> Block<T> {
    /// Bytes of a block with all slots, about.
    pub(super) const WHOLE: usize = size_of::<Header<T>>() + SLOTS * size_of::<T>();

    /// The layout of a block, and where its header is.
    fn layout(slots: usize) -> (Layout, usize) {
        let header = Layout::new::<Header<T>>();
        let values = Layout::array::<Cell<T>>(slots).expect("32 messages fit into memory");
        // The slots end where the header begins, so what fills up to the header's alignment comes first.
        let align = header.align().max(values.align());
        let front = values.size().next_multiple_of(align);
        let layout = Layout::from_size_align(front + header.size(), align);
        (layout.expect("32 messages fit into memory"), front)
    }

    /// Allocates an empty block of the last `slots` slots of a lap.
    pub(super) fn alloc(slots: usize) -> Self {
        debug_assert!((1..=SLOTS).contains(&slots));
        let (layout, front) = Self::layout(slots);
        // SAFETY: I6: the block is this thread's alone. A header is not empty, so the layout is not. The header is at `front`, which is a multiple of its
        // alignment, and all of it and of the cells before it is written here, before anybody else can see it.
        unsafe {
            let start = alloc(layout);
            let Some(header) = NonNull::new(start.wrapping_add(front).cast::<Header<T>>())
                .filter(|_| !start.is_null())
            else {
                handle_alloc_error(layout)
            };
            header.write(Header {
                next: AtomicPtr::new(std::ptr::null_mut()),
                prev: AtomicPtr::new(std::ptr::null_mut()),
                lap: AtomicU64::new(0),
                slots,
                ready: no_marks(),
                life: UnsafeCell::new(()),
            });
            let block = Self(header);
            for offset in SLOTS - slots..SLOTS {
                block
                    .cell(offset)
                    .cast_mut()
                    .write(UnsafeCell::new(MaybeUninit::uninit()));
            }
            block
        }
    }

    /// Frees the block. Messages that are still inside are forgotten.
    ///
    /// # Safety
    ///
    /// The block is the caller's alone (I6), and not used again.
    pub(super) unsafe fn free(self) {
        // SAFETY: I6, as the caller promises; allocated with the same layout in `alloc`. Cells and marks have no
        // destructor outside loom.
        unsafe {
            let slots = (*self.0.as_ptr()).slots;
            if cfg!(aqueduct_loom) {
                self.retire();
                for offset in SLOTS - slots..SLOTS {
                    drop_in_place(self.cell(offset).cast_mut());
                }
                drop_in_place(self.0.as_ptr());
            }
            let (layout, front) = Self::layout(slots);
            dealloc(self.0.as_ptr().cast::<u8>().sub(front), layout);
        }
    }

    /// Whether the block has all slots of a lap, so that it can serve again.
    ///
    /// # Safety
    ///
    /// The block is alive.
    pub(super) unsafe fn is_whole(self) -> bool {
        // SAFETY: I5: alive, as the caller promises; written in `alloc` only.
        unsafe { (*self.0.as_ptr()).slots == SLOTS }
    }

    /// Makes the block ready for another lap.
    ///
    /// # Safety
    ///
    /// The block is the caller's alone (I6), and holds no message.
    pub(super) unsafe fn clear(self) {
        self.retire();
        // SAFETY: I6, as the caller promises.
        unsafe {
            (*self.0.as_ptr()).next = AtomicPtr::new(std::ptr::null_mut());
            (*self.0.as_ptr()).ready = no_marks();
        }
    }

    /// Tells loom that nobody uses the block any more.
    #[inline(always)]
    fn retire(self) {
        // SAFETY: I6: the callers have the block for themselves.
        unsafe { (*self.0.as_ptr()).life.with_mut(|_| ()) };
    }

    #[inline(always)]
    fn cell(self, offset: usize) -> *const Cell<T> {
        debug_assert!(offset < SLOTS);
        // Within the allocation by the layout, since an offset that the block lacks is never claimed.
        self.0
            .as_ptr()
            .cast::<Cell<T>>()
            .wrapping_sub(SLOTS - offset)
    }

    /// Writes a message and marks its slot: from then on the block may be retired at any time.
    ///
    /// # Safety
    ///
    /// The slot is claimed by the caller and was not marked (I1).
    #[inline(always)]
    pub(super) unsafe fn fill(self, offset: usize, value: T) {
        // SAFETY: I1 and I5: the block is alive and the cell the caller's, until the mark is stored.
        unsafe {
            (*self.0.as_ptr()).life.with(|_| ());
            (*self.cell(offset)).with_mut(|cell| (*cell).write(value));
            // Release: hands over the message, and all else that the caller did to the block. Pairs with the
            // Acquire in `is_ready`.
            (*self.0.as_ptr()).ready[offset].store(true, Ordering::Release);
        }
    }

    /// Whether a slot holds a message.
    ///
    /// # Safety
    ///
    /// The caller is the consumer and has not passed the slot (I4, I5).
    #[inline(always)]
    pub(super) unsafe fn is_ready(self, offset: usize) -> bool {
        // SAFETY: alive by I5.
        unsafe {
            // Acquire: takes over the message. Pairs with the Release in `fill`.
            (*self.0.as_ptr()).ready[offset].load(Ordering::Acquire)
        }
    }

    /// Takes a message out of its slot.
    ///
    /// # Safety
    ///
    /// The caller is the consumer, has seen the mark, and passes the slot now (I2, I4).
    #[inline(always)]
    pub(super) unsafe fn take(self, offset: usize) -> T {
        // SAFETY: the mark says that a message is there and that its producer is done (I2); it is taken once (I4).
        unsafe { (*self.cell(offset)).with(|cell| (*cell).assume_init_read()) }
    }

    /// Makes `next` the block of `lap`, after this one.
    ///
    /// # Safety
    ///
    /// The caller owns the last slot of this block, unmarked (I3), and `next` is its alone (I6).
    #[inline]
    pub(super) unsafe fn link(self, next: Self, lap: u64) {
        // SAFETY: this block is alive by I5, the next one is the caller's. Relaxed, since both are handed over with
        // what follows: `lap` and `prev` with the publication of the block, `next` with the mark of the last slot.
        unsafe {
            (*next.0.as_ptr()).lap.store(lap, Ordering::Relaxed);
            (*next.0.as_ptr())
                .prev
                .store(self.0.as_ptr(), Ordering::Relaxed);
            (*self.0.as_ptr())
                .next
                .store(next.0.as_ptr(), Ordering::Relaxed);
        }
    }

    /// The block after this one.
    ///
    /// # Safety
    ///
    /// The caller has seen the mark of the last slot of this block, which is alive.
    #[inline]
    pub(super) unsafe fn next(self) -> Self {
        // SAFETY: by I3 the link was made before that mark, so it is there.
        unsafe { Self::from_raw((*self.0.as_ptr()).next.load(Ordering::Relaxed)) }
    }

    /// The block of a lap, which is this one's or an earlier one.
    ///
    /// # Safety
    ///
    /// The caller owns an unmarked slot of that lap, and this block is of the same lap or a later one (I5).
    #[cold]
    pub(super) unsafe fn walk_back(self, lap: u64) -> Self {
        let mut block = self;
        // SAFETY: all blocks from that lap on are alive, since its own cannot be retired (I5); an earlier one is not
        // looked at.
        unsafe {
            while (*block.0.as_ptr()).lap.load(Ordering::Relaxed) != lap {
                block = Self::from_raw((*block.0.as_ptr()).prev.load(Ordering::Relaxed));
            }
        }
        block
    }

    pub(super) fn as_raw(self) -> *mut Header<T> {
        self.0.as_ptr()
    }

    /// # Safety
    ///
    /// The pointer is from `as_raw`.
    #[inline(always)]
    pub(super) unsafe fn from_raw(raw: *mut Header<T>) -> Self {
        // SAFETY: I5: from a block, as the caller promises, so it is not null.
        Self(unsafe { NonNull::new_unchecked(raw) })
    }
}

fn no_marks() -> [AtomicBool; SLOTS] {
    std::array::from_fn(|_| AtomicBool::new(false))
}
