//! A list of values of which each is held by others too, in blocks of one allocation.
//!
//! What a group keeps of each task must outlive the task, which leaves when it likes, and the group, which may go first;
//! and it has to be found by who lists all tasks. A counted reference for each would do, at two references and an
//! allocation a task. Here a [`Roster`] makes room for up to eight values at a time and counts who holds any of them in
//! one place, beforehand: adding a value counts nothing, and letting go of one is one locked subtraction. Each value is
//! given out twice, once for whom it tells of and once for whom it is told.
//!
//! ```text
//!   Roster ─▶ block: │ count │ header │ value │ value │ value │ (room) │
//!                       ▲                 ▲
//!                       └────── Held ─────┘
//! ```
//!
//! The header is what all values of a block share: for tasks, their group.
//!
//! # Invariants
//!
//! I1. A block's count is how many [`Held`]s there are to its values, two for each value that there is still room for, and
//!     one for the roster while that lists it. At 0 it is freed.
//! I2. Values are added by the roster alone, which takes `&mut`, into the block listed last, and never move. The roster
//!     says how many are there in that one; all other blocks are full, but for a last one whose roster has let go of it,
//!     which says itself. Nothing is written to a value until its block is freed.
//! I3. Whoever brings the count to 0 comes after all that was done with the block before.
//!
//! # What it costs
//!
//! A block is freed when nothing in it is held and the roster has let go of it, so who holds one value may keep the memory
//! of seven others. Blocks begin with two values, so that a small roster is small.

use std::fmt;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use crate::sync::{AtomicUsize, Ordering, UnsafeCell, fence};

const FIRST: usize = 2;
const MOST: usize = 8;

struct Block<H, T> {
    count: AtomicUsize,
    header: H,
    /// How many values there are. Right only once the roster has let go of the block, and read then, by who frees it.
    filled: UnsafeCell<usize>,
    /// Apart from the count, which those who let go write all the time, while the roster writes here.
    cells: Box<[UnsafeCell<MaybeUninit<Cell<H, T>>>]>,
}

/// A value, on cache lines of its own, and where its block is, so that who holds it needs one pointer.
#[repr(C, align(64))]
struct Cell<H, T> {
    block: NonNull<Block<H, T>>,
    value: T,
}

type Room<H, T> = [UnsafeCell<MaybeUninit<Cell<H, T>>>];

/// The list. See the [module](self).
pub struct Roster<H, T> {
    blocks: Vec<NonNull<Block<H, T>>>,
    /// The cells of the last block. Adding does not touch the block itself.
    room: NonNull<Room<H, T>>,
    /// How many of them are filled.
    filled: usize,
    len: usize,
}

/// A value of a roster, held: it lives at least as long as this.
pub struct Held<H, T>(NonNull<Cell<H, T>>);

/// Lets go of many values, and counts those together that lie in one block and come one after the other.
pub struct LetGo<H, T> {
    /// Of the last that came, and how many there were.
    block: Option<NonNull<Block<H, T>>>,
    count: usize,
}

/// A value of a roster, held twice: what [`Roster::add`] gives. [`split`](Self::split) makes two of it, at no cost.
pub struct Pair<H, T>(Held<H, T>);

// SAFETY: all that many threads share of a block is the count, the header and the values, by reference (I2); and whoever
// frees it, on whichever thread, drops header and values there (I3).
unsafe impl<H: Send + Sync, T: Send + Sync> Send for Held<H, T> {}
// SAFETY: as above; what is done by reference to this is by reference to the value (I2).
unsafe impl<H: Send + Sync, T: Send + Sync> Sync for Held<H, T> {}
// SAFETY: as for `Held`; besides, the roster writes `filled`, which nobody else reads while it lists the block (I2).
unsafe impl<H: Send + Sync, T: Send + Sync> Send for Roster<H, T> {}
// SAFETY: by a shared reference values are only read (I2).
unsafe impl<H: Send + Sync, T: Send + Sync> Sync for Roster<H, T> {}

// Values are only ever shared.
impl<H: RefUnwindSafe, T: RefUnwindSafe> UnwindSafe for Held<H, T> {}
impl<H: RefUnwindSafe, T: RefUnwindSafe> RefUnwindSafe for Held<H, T> {}
impl<H: RefUnwindSafe, T: RefUnwindSafe> UnwindSafe for LetGo<H, T> {}
impl<H: RefUnwindSafe, T: RefUnwindSafe> RefUnwindSafe for LetGo<H, T> {}
impl<H: RefUnwindSafe, T: RefUnwindSafe> UnwindSafe for Roster<H, T> {}
impl<H: RefUnwindSafe, T: RefUnwindSafe> RefUnwindSafe for Roster<H, T> {}

impl<H, T> Roster<H, T> {
    /// A list of nothing.
    pub const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            room: NonNull::slice_from_raw_parts(NonNull::dangling(), 0),
            filled: 0,
            len: 0,
        }
    }

    /// How many values are listed.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a value, and gives it out twice. `header` is asked for the header of a new block, where one is needed.
    #[inline]
    pub fn add(&mut self, header: impl FnOnce() -> H, value: T) -> Pair<H, T> {
        if self.filled == self.room.len() {
            self.grow(header());
        }
        let block = *self.blocks.last().expect("there is room in it");
        // SAFETY: the roster lists the block, so it has not been freed (I1).
        let cell = unsafe { &self.room.as_ref()[self.filled] };
        let cell = cell.with_mut(|cell| {
            // SAFETY: nobody knows of this cell yet (I2), and the roster is borrowed mutably.
            NonNull::from(unsafe { (*cell).write(Cell { block, value }) })
        });
        self.filled += 1;
        self.len += 1;
        // It was counted beforehand.
        Pair(Held(cell))
    }

    #[cold]
    fn grow(&mut self, header: H) {
        let room = (2 * self.room.len()).clamp(FIRST, MOST);
        let block = Box::new(Block {
            count: AtomicUsize::new(2 * room + 1),
            header,
            filled: UnsafeCell::new(room),
            cells: (0..room)
                .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
                .collect(),
        });
        let block = NonNull::from(Box::leak(block));
        self.blocks.push(block);
        // SAFETY: it was made just now, and is listed (I1).
        self.room = NonNull::from(&*unsafe { block.as_ref() }.cells);
        self.filled = 0;
    }

    /// The values, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.cells().map(|cell| &cell.value)
    }

    /// The values that are wanted, in the order in which they were added, to be held.
    pub fn hold(&self, wanted: impl Fn(&T) -> bool) -> Vec<Held<H, T>> {
        let cells = self.cells().filter(|cell| wanted(&cell.value));
        let held = cells.map(|cell| {
            cell.count_one();
            // The one that was counted.
            Held(NonNull::from(cell))
        });
        held.collect()
    }

    fn cells(&self) -> impl Iterator<Item = &Cell<H, T>> {
        let last = self.blocks.len().saturating_sub(1);
        self.blocks
            .iter()
            .enumerate()
            .flat_map(move |(nth, block)| {
                // SAFETY: the roster lists it, so it has not been freed (I1), and does not go while that is borrowed.
                let block = unsafe { block.as_ref() };
                let filled = if nth == last {
                    self.filled
                } else {
                    block.cells.len()
                };
                // SAFETY: so many are there (I2).
                unsafe { block.filled_cells(filled) }
            })
    }

    /// Lists no more what nobody holds, block by block; but the last block in any case.
    pub fn prune(&mut self) {
        let Some(last) = self.blocks.pop() else {
            return;
        };
        let mut unheld = Vec::new();
        self.blocks.retain(|block| {
            // SAFETY: the roster lists it, so it has not been freed (I1).
            let full = unsafe { block.as_ref() };
            // Relaxed: at 1 there is nobody left who could make it more, or do anything with the values. Who frees it, here
            // or later, comes after those who let go (I3).
            let keep = full.count.load(Ordering::Relaxed) > 1;
            if !keep {
                self.len -= full.cells.len();
                unheld.push(*block);
            }
            keep
        });
        self.blocks.push(last);
        if self.blocks.capacity() > 4 * self.blocks.len().max(MOST) {
            self.blocks.shrink_to(2 * self.blocks.len());
        }
        // Last: a destructor may panic, and must find nothing half done.
        for block in unheld {
            // SAFETY: it is taken from the list, and has no room left (I1, I2).
            unsafe { give_up(block, 1) };
        }
    }
}

impl<H, T> Drop for Roster<H, T> {
    fn drop(&mut self) {
        let Some(last) = self.blocks.pop() else {
            return;
        };
        for block in self.blocks.drain(..) {
            // SAFETY: it is taken from the list, and has no room left (I2).
            unsafe { give_up(block, 1) };
        }
        let left = self.room.len() - self.filled;
        // SAFETY: the roster still lists it, so it has not been freed (I1), and nobody else reads this as long as it does.
        unsafe { last.as_ref() }
            .filled
            .with_mut(|filled| unsafe { *filled = self.filled });
        // SAFETY: it is taken from the list, and nothing will be put into the room that it has left (I1, I2).
        unsafe { give_up(last, 1 + 2 * left) };
    }
}

impl<H, T> Block<H, T> {
    /// The first `filled` cells.
    ///
    /// # Safety
    ///
    /// So many are filled.
    unsafe fn filled_cells(&self, filled: usize) -> impl Iterator<Item = &Cell<H, T>> {
        let cells = self.cells[..filled].iter();
        // SAFETY: those are there, and are only read (I2).
        cells.map(|cell| cell.with(|cell| unsafe { (*cell).assume_init_ref() }))
    }
}

impl<H, T> Cell<H, T> {
    /// Counts one more for its block, which must have been counted for by somebody.
    fn count_one(&self) {
        // SAFETY: this is part of the block, and somebody counts for that, so it has not been freed (I1).
        let block = unsafe { self.block.as_ref() };
        // Relaxed: somebody counts while this is done, so the count is not at 0.
        let before = block.count.fetch_add(1, Ordering::Relaxed);
        if before > isize::MAX as usize {
            // Only who forgets them can have made so many; a count that wraps around frees what is held.
            std::process::abort();
        }
    }
}

impl<H, T> Drop for Block<H, T> {
    fn drop(&mut self) {
        // SAFETY: the roster has let go of the block before (I1, I3).
        let filled = self.filled.with(|filled| unsafe { *filled });
        for cell in &self.cells[..filled] {
            // SAFETY: those are there (I2), each is dropped once, and nobody holds one any more (I1).
            cell.with_mut(|cell| unsafe { (*cell).assume_init_drop() });
        }
    }
}

/// Takes from a block's count, and frees it at 0.
///
/// # Safety
///
/// So many of the count were the caller's, and are no more.
#[inline]
unsafe fn give_up<H, T>(block: NonNull<Block<H, T>>, count: usize) {
    // SAFETY: the caller's part of the count has kept it so far (I1).
    // Release pairs with the Acquire fence below: what was done with the block comes before its end.
    let before = unsafe { block.as_ref() }
        .count
        .fetch_sub(count, Ordering::Release);
    if before == count {
        // Pairs with the Release above of all others: what they did with the block comes before its end.
        fence(Ordering::Acquire);
        // SAFETY: nobody is left who knows of it (I1, I3), and it was made from a box.
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }
}

impl<H, T> Held<H, T> {
    #[inline]
    fn cell(&self) -> &Cell<H, T> {
        // SAFETY: this counts, so the block has not been freed (I1), and the cell is there and does not change (I2).
        unsafe { self.0.as_ref() }
    }

    /// What the values of its block share.
    #[inline]
    pub fn header(&self) -> &H {
        // SAFETY: this counts, so the block has not been freed (I1).
        unsafe { &(*self.cell().block.as_ptr()).header }
    }
}

impl<H, T> Deref for Held<H, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.cell().value
    }
}

impl<H, T> Clone for Held<H, T> {
    fn clone(&self) -> Self {
        self.cell().count_one();
        Self(self.0)
    }
}

impl<H, T> Drop for Held<H, T> {
    #[inline]
    fn drop(&mut self) {
        let block = self.cell().block;
        // SAFETY: this one of the count was its own (I1).
        unsafe { give_up(block, 1) };
    }
}

// SAFETY: it is as many `Held`s as it counts, without their values (I1).
unsafe impl<H: Send + Sync, T: Send + Sync> Send for LetGo<H, T> {}
// SAFETY: by a shared reference nothing can be done with it (I1).
unsafe impl<H: Send + Sync, T: Send + Sync> Sync for LetGo<H, T> {}

impl<H, T> LetGo<H, T> {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self {
            block: None,
            count: 0,
        }
    }

    /// Lets go of a value, now or at the latest when this is dropped.
    #[inline]
    pub fn add(&mut self, held: Held<H, T>) {
        let block = Some(held.cell().block);
        std::mem::forget(held);
        if block != self.block {
            self.flush();
            self.block = block;
        }
        self.count += 1;
    }

    fn flush(&mut self) {
        let count = std::mem::take(&mut self.count);
        if let Some(block) = self.block.take() {
            // SAFETY: these were counted for the values that came (I1).
            unsafe { give_up(block, count) };
        }
    }
}

impl<H, T> Drop for LetGo<H, T> {
    fn drop(&mut self) {
        self.flush();
    }
}

impl<H, T> Default for LetGo<H, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H, T> fmt::Debug for LetGo<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LetGo").finish_non_exhaustive()
    }
}

impl<H, T> Pair<H, T> {
    /// Makes two of it.
    #[inline]
    pub fn split(self) -> (Held<H, T>, Held<H, T>) {
        let cell = self.0.0;
        std::mem::forget(self);
        // The two for which it counted.
        (Held(cell), Held(cell))
    }
}

impl<H, T> Deref for Pair<H, T> {
    type Target = Held<H, T>;

    #[inline]
    fn deref(&self) -> &Held<H, T> {
        &self.0
    }
}

impl<H, T> Drop for Pair<H, T> {
    #[inline]
    fn drop(&mut self) {
        let block = self.0.cell().block;
        // SAFETY: it counts for two (I1), of which the one inside gives up its own, after this.
        unsafe { give_up(block, 1) };
    }
}

impl<H, T> Default for Roster<H, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H, T: fmt::Debug> fmt::Debug for Roster<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<H, T: fmt::Debug> fmt::Debug for Pair<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H, T: fmt::Debug> fmt::Debug for Held<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(all(test, not(aqueduct_loom)))]
mod tests;

#[cfg(all(test, aqueduct_loom))]
#[path = "roster/tests/loom.rs"]
mod loom;
