//! What a bounded channel does with a value for which there is no room.

use std::collections::VecDeque;
use std::fmt;

use aqueduct_core::sync::{AtomicBool, AtomicU64, AtomicUsize, Lock, Ordering};

/// What a full channel does with one value more. Set when the channel is built; both `send` and `try_send` obey it.
///
/// | | `send` | `try_send` |
/// |---|---|---|
/// | `Wait` | waits for room | `Full(value)` |
/// | `Reject` | `SendError(value)` at once | `Full(value)` |
/// | `DropNewest` | drops `value`, says `Ok` | drops `value`, says `Ok` |
/// | `DropOldest` | drops the oldest, says `Ok` | drops the oldest, says `Ok` |
/// | `Spill` | puts it in the second queue; waits where that is full too | the same, or `Full(value)` |
///
/// What is dropped is counted in [`Stats::dropped`](crate::Stats::dropped) and handed to the channel's `on_drop`.
/// A permit is room that was promised: it is never taken back, and sending with it never overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The sender waits for room.
    #[default]
    Wait,
    /// The value is handed back.
    Reject,
    /// The value is dropped.
    DropNewest,
    /// The oldest value in the channel is dropped for it. Needs a kind whose head senders can reach: `spmc`, `mpmc`.
    ///
    /// Where all that is inside belongs to receivers that are being woken for it, and to permits, there is nothing to
    /// drop for it; the new value is dropped then.
    DropOldest,
    /// The value goes to a second queue, which receivers drain after the channel's own. Order is kept: while the
    /// second queue holds something, all sends go there. (A permit's room is in the channel itself: what is sent with
    /// one may overtake what was spilled.)
    Spill,
}

/// A second, first-in first-out queue for [`Overflow::Spill`], in memory or elsewhere.
///
/// It is used under a lock of its own that senders and receivers share, one at a time and only while the channel is
/// full. A call must not come back to the channel, and should not take long.
pub trait Spill<T>: Send {
    /// Adds a value at the end, or hands it back if the queue is full.
    ///
    /// # Errors
    ///
    /// The value, if there is no room for it.
    fn push(&mut self, value: T) -> Result<(), T>;

    /// Takes the oldest value. Nothing only if [`len`](Self::len) is 0: what can be read no more is not to be counted.
    fn pop(&mut self) -> Option<T>;

    /// How many values it holds.
    fn len(&self) -> usize;

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A [`Spill`] in memory, with a cap on its items. It gives its memory back when it is drained.
pub struct MemorySpill<T> {
    values: VecDeque<T>,
    max: usize,
}

impl<T> MemorySpill<T> {
    /// Holds at most `max` values.
    pub fn new(max: usize) -> Self {
        Self {
            values: VecDeque::new(),
            max,
        }
    }
}

impl<T: Send> Spill<T> for MemorySpill<T> {
    fn push(&mut self, value: T) -> Result<(), T> {
        if self.values.len() >= self.max {
            return Err(value);
        }
        self.values.push_back(value);
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let value = self.values.pop_front();
        if self.values.is_empty() {
            self.values = VecDeque::new();
        }
        value
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}

impl<T> fmt::Debug for MemorySpill<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySpill")
            .field("len", &self.values.len())
            .field("max", &self.max)
            .finish()
    }
}

type OnDrop<T> = Box<dyn Fn(T) + Send + Sync>;

/// A channel's answer to overflow, with what belongs to it. Read off the hot path only.
pub(crate) struct Policy<T> {
    overflow: Overflow,
    on_drop: Option<OnDrop<T>>,
    dropped: AtomicU64,
    spill: Option<Spilling<T>>,
}

struct Spilling<T> {
    /// How many values are in the second queue; written under the lock.
    len: AtomicUsize,
    /// How many values ever entered it; written under the lock.
    pushed: AtomicU64,
    /// Whether it refused a value, and none was taken out since; written under the lock.
    full: AtomicBool,
    queue: Lock<Box<dyn Spill<T>>>,
}

impl<T> Policy<T> {
    pub(crate) fn overflow(&self) -> Overflow {
        self.overflow
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Counts a value that overflow has cost, and hands it over.
    pub(crate) fn drop_value(&self, value: T) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.hand_over(value);
    }

    /// Hands a dropped value to the callback.
    pub(crate) fn hand_over(&self, value: T) {
        match &self.on_drop {
            Some(on_drop) => on_drop(value),
            None => drop(value),
        }
    }

    /// How many values have been spilled and not yet received.
    #[inline]
    pub(crate) fn spilled(&self) -> usize {
        // Acquire pairs with the Release in `Spilled::note`: the ring's content at that time is seen.
        self.spill
            .as_ref()
            .map_or(0, |spill| spill.len.load(Ordering::Acquire))
    }

    /// Whether the second queue would refuse a value, as far as is known. To be asked by who waits, after the barrier.
    pub(crate) fn is_spill_full(&self) -> bool {
        self.spill
            .as_ref()
            .is_some_and(|spill| spill.full.load(Ordering::Relaxed))
    }

    /// How many values have ever been spilled.
    pub(crate) fn spilled_ever(&self) -> u64 {
        self.spill
            .as_ref()
            .map_or(0, |spill| spill.pushed.load(Ordering::Relaxed))
    }

    /// Runs `with` while holding the second queue. Nothing if there is none.
    pub(crate) fn with_spill<R>(&self, with: impl FnOnce(&mut dyn Spill<T>) -> R) -> Option<R> {
        self.with_spill_and(with, || {})
    }

    /// [`with_spill`](Self::with_spill), which calls `empty` under the lock if the queue is empty afterwards.
    pub(crate) fn with_spill_and<R>(
        &self,
        with: impl FnOnce(&mut dyn Spill<T>) -> R,
        empty: impl FnOnce(),
    ) -> Option<R> {
        let spill = self.spill.as_ref()?;
        let mut queue = spill.queue.lock();
        let before = queue.len();
        let result = with(&mut **queue);
        let len = queue.len();
        if len < before {
            spill.full.store(false, Ordering::Relaxed);
        }
        // Release pairs with the Acquire in `spilled`.
        spill.len.store(len, Ordering::Release);
        if len == 0 {
            empty();
        }
        Some(result)
    }

    /// Adds a value to the second queue, unless `closed` says under its lock that nobody will look there any more.
    /// `empty` is called under the lock if the value was refused by a queue that holds nothing.
    pub(crate) fn spill(
        &self,
        value: T,
        closed: impl FnOnce() -> bool,
        empty: impl FnOnce(),
    ) -> Result<(), T> {
        let Some(spill) = &self.spill else {
            return Err(value);
        };
        let mut queue = spill.queue.lock();
        if closed() {
            return Err(value);
        }
        if let Err(value) = queue.push(value) {
            spill.full.store(true, Ordering::Relaxed);
            if queue.is_empty() {
                empty();
            }
            return Err(value);
        }
        spill.pushed.fetch_add(1, Ordering::Relaxed);
        // Release pairs with the Acquire in `spilled`.
        spill.len.store(queue.len(), Ordering::Release);
        Ok(())
    }
}

/// The options that all bounded kinds share.
pub(crate) struct Options<T> {
    pub(crate) capacity: usize,
    overflow: Overflow,
    on_drop: Option<OnDrop<T>>,
    spill: Option<Box<dyn Spill<T>>>,
}

impl<T> Options<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            overflow: Overflow::Wait,
            on_drop: None,
            spill: None,
        }
    }

    pub(crate) fn overflow(&mut self, overflow: Overflow) {
        self.overflow = overflow;
    }

    pub(crate) fn on_drop(&mut self, on_drop: impl Fn(T) + Send + Sync + 'static) {
        self.on_drop = Some(Box::new(on_drop));
    }

    pub(crate) fn spill(&mut self, spill: impl Spill<T> + 'static) {
        self.overflow = Overflow::Spill;
        self.spill = Some(Box::new(spill));
    }

    /// The policy, or nothing where senders just wait.
    ///
    /// # Panics
    ///
    /// If the overflow is `Spill` without a queue to spill to, or `DropOldest` where senders cannot reach the head.
    #[track_caller]
    pub(crate) fn into_policy(self, head_is_shared: bool) -> Option<Box<Policy<T>>> {
        assert!(
            self.overflow != Overflow::Spill || self.spill.is_some(),
            "Overflow::Spill needs a queue to spill to: give one with `spill`, such as `MemorySpill::new(max)`"
        );
        assert!(
            head_is_shared || self.overflow != Overflow::DropOldest,
            "Overflow::DropOldest needs a kind whose senders can take from the head: `spmc` or `mpmc`"
        );
        (self.overflow != Overflow::Wait || self.on_drop.is_some()).then(|| {
            Box::new(Policy {
                overflow: self.overflow,
                on_drop: self.on_drop,
                dropped: AtomicU64::new(0),
                spill: self
                    .spill
                    .filter(|_| self.overflow == Overflow::Spill)
                    .map(|queue| Spilling {
                        len: AtomicUsize::new(0),
                        pushed: AtomicU64::new(0),
                        full: AtomicBool::new(false),
                        queue: Lock::new(queue),
                    }),
            })
        })
    }
}

impl<T> fmt::Debug for Options<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.capacity)
            .field("overflow", &self.overflow)
            .finish_non_exhaustive()
    }
}
