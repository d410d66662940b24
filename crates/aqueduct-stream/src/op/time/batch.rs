//! Items by the batch: by count, time and weight.
//!
//! ```text
//!            item            full, or it is time
//!   (empty) ──────▶ (partial) ──────────────────▶ given
//!                       │ full, and no room below: only with weights
//!                       └──────▶ (full) ── next pull ──▶ given
//! ```
//!
//! # Invariants
//!
//! B1. When a pull begins, there is less inside than the size, and a batch that is full is given before anything is taken.
//!
//! B2. From the source is taken what surely has room, here and below: what fills the batches that may be given. Of items
//!     whose weights are not known, each may be such a batch.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::closing::{Closes, Closing, Grid};
use super::gate::Gate;
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{Outlet, Pull, Source};

/// # Gathering
///
/// These give items by the `Vec`, which has the room for a whole batch (up to 1024 items) from the start. The end of the
/// stream gives what is there; a stream that is dropped drops it. No operator here gives an empty batch.
impl<S: Source> Flow<S> {
    /// Gives batches of `size` items; the last may be smaller.
    ///
    /// Waits for a batch to be full, however long it takes: see [`batch`](Self::batch) for one that does not.
    ///
    /// Holds up to `size - 1` items between pulls.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    #[track_caller]
    pub fn chunks(self, size: usize) -> Flow<Batch<S>> {
        Batch::flow(self, size, Closes::Never)
    }

    /// Gives batches of `size` items, or of fewer when `wait` has passed since the first of them came.
    ///
    /// `Duration::ZERO` waits for nothing: a batch is what is there. No timer is set while batches fill without waiting.
    /// What comes in the poll in which the time is over is in the batch. For a limit by weight as well, see
    /// [`with_weight`](Flow::with_weight).
    ///
    /// Holds up to `size - 1` items between pulls.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_stream::iter;
    ///
    /// let batches = iter(1..=5).batch(2, Duration::from_millis(10));
    /// let batches: Vec<Vec<u32>> = batches.collect().await;
    /// assert_eq!(batches, [vec![1, 2], vec![3, 4], vec![5]]);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `size` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn batch(self, size: usize, wait: Duration) -> Flow<Batch<S>> {
        Batch::flow(self, size, Closes::AfterFirst(wait))
    }

    /// Gives what came in each period (tumbling windows): at the periods' ends, which are the same whenever items come. The
    /// first begins with the first pull.
    ///
    /// A period in which nothing came gives nothing. A window that has `size_max` items is given at once, and what else comes
    /// in its period is another. What comes in the poll in which a window ends is in it, also if that poll is late.
    ///
    /// Holds up to `size_max - 1` items between pulls.
    ///
    /// # Panics
    ///
    /// If `period` or `size_max` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn window(self, period: Duration, size_max: usize) -> Flow<Batch<S>> {
        Batch::flow(self, size_max, Closes::Each(Grid::new(period)))
    }

    /// Gives what came without a pause of `gap` (session windows): when nothing has come for so long.
    ///
    /// A session that has `size_max` items is given at once, and goes on in another. What comes in the poll in which the pause is
    /// over belongs to the session, also if that poll is late.
    ///
    /// Holds up to `size_max - 1` items between pulls.
    ///
    /// # Panics
    ///
    /// If `size_max` is 0. The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    #[track_caller]
    pub fn session(self, gap: Duration, size_max: usize) -> Flow<Batch<S>> {
        Batch::flow(self, size_max, Closes::AfterLast(gap))
    }
}

/// # Gathering by weight
impl<S: Source> Flow<Batch<S>> {
    /// Bounds the weight of a batch as well, such as the bytes in it.
    ///
    /// An item that would make a batch too heavy begins the next. One that is heavier than `weight_max` by itself goes alone.
    /// A batch that weighs `weight_max` is given at once.
    ///
    /// Each item is weighed once, when it comes. With room for `n` batches further down, a pull takes `n` items at most.
    ///
    /// Holds up to `size - 1` items between pulls.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_stream::iter;
    ///
    /// let lines = iter(["a", "bc", "defgh", "i", "j", "k"]);
    /// let batches = lines.batch(2, Duration::from_millis(10)).with_weight(3, |line| line.len());
    /// let batches: Vec<Vec<&str>> = batches.collect().await;
    /// assert_eq!(batches, [vec!["a", "bc"], vec!["defgh"], vec!["i", "j"], vec!["k"]]);
    /// # }
    /// ```
    pub fn with_weight<F>(self, weight_max: usize, weigh: F) -> Flow<Batch<S, ByWeight<F>>>
    where
        F: FnMut(&S::Item) -> usize,
    {
        let mut weight = ByWeight {
            max: weight_max,
            sum: 0,
            weigh,
        };
        self.rebuilt(|batch| {
            // A stream that has been pulled may have some inside.
            let inside = &batch.partial.items;
            weight.sum = inside.iter().fold(0, |sum: usize, item| {
                sum.saturating_add((weight.weigh)(item))
            });
            Batch {
                source: batch.source,
                partial: Partial {
                    items: batch.partial.items,
                    size: batch.partial.size,
                    weight,
                },
                closing: batch.closing,
            }
        })
    }
}

pin_project! {
    /// The source of [`Flow::batch`], [`Flow::chunks`], [`Flow::window`] and [`Flow::session`].
    pub struct Batch<S: Source, W = ByCount> {
        #[pin]
        source: Flow<S>,
        partial: Partial<S::Item, W>,
        closing: Closing,
    }
}

/// A batch is full by the count of its items.
#[derive(Clone, Copy, Debug)]
pub struct ByCount;

/// A batch is full by the weight of its items, too. See [`Flow::with_weight`].
#[derive(Clone, Copy)]
pub struct ByWeight<F> {
    max: usize,
    sum: usize,
    weigh: F,
}

/// How full a batch is, beside the count.
pub trait Fullness<T> {
    /// Whether weights are known at all.
    const WEIGHS: bool;

    /// The weight of an item.
    fn weigh(&mut self, item: &T) -> usize;

    /// Whether so much more is too much.
    fn is_too_much(&self, weight: usize) -> bool;

    fn add(&mut self, weight: usize);

    fn is_full(&self) -> bool;

    fn reset(&mut self);
}

impl<T> Fullness<T> for ByCount {
    const WEIGHS: bool = false;

    #[inline]
    fn weigh(&mut self, _: &T) -> usize {
        0
    }

    #[inline]
    fn is_too_much(&self, _: usize) -> bool {
        false
    }

    #[inline]
    fn add(&mut self, _: usize) {}

    #[inline]
    fn is_full(&self) -> bool {
        false
    }

    #[inline]
    fn reset(&mut self) {}
}

impl<T, F: FnMut(&T) -> usize> Fullness<T> for ByWeight<F> {
    const WEIGHS: bool = true;

    #[inline]
    fn weigh(&mut self, item: &T) -> usize {
        (self.weigh)(item)
    }

    #[inline]
    fn is_too_much(&self, weight: usize) -> bool {
        self.sum.saturating_add(weight) > self.max
    }

    #[inline]
    fn add(&mut self, weight: usize) {
        self.sum = self.sum.saturating_add(weight);
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.sum >= self.max
    }

    #[inline]
    fn reset(&mut self) {
        self.sum = 0;
    }
}

/// The batch that fills.
struct Partial<T, W> {
    items: Vec<T>,
    size: usize,
    weight: W,
}

/// A `Vec` has room for so many items from the start; beyond that it grows as it fills.
const CAPACITY_MAX: usize = 1024;

impl<T, W: Fullness<T>> Partial<T, W> {
    #[inline]
    fn is_full(&self) -> bool {
        self.items.len() >= self.size || (!self.items.is_empty() && self.weight.is_full())
    }

    #[inline]
    fn push(&mut self, item: T, weight: usize) {
        if self.items.capacity() == 0 {
            self.items.reserve_exact(self.size.min(CAPACITY_MAX));
        }
        self.items.push(item);
        self.weight.add(weight);
    }

    #[inline]
    fn take(&mut self) -> Vec<T> {
        self.weight.reset();
        std::mem::take(&mut self.items)
    }
}

/// What the source pushes to.
struct Filling<'a, T, W, O: ?Sized> {
    partial: &'a mut Partial<T, W>,
    gate: Gate<'a, O>,
    /// Something came.
    came: bool,
    /// What is inside came in this pull.
    first: bool,
}

impl<T, W, O> Filling<'_, T, W, O>
where
    W: Fullness<T>,
    O: Outlet<Vec<T>> + ?Sized,
{
    #[inline]
    fn give(&mut self) -> ControlFlow<()> {
        self.first = true;
        self.gate.push(self.partial.take())
    }
}

impl<T, W, O> Outlet<T> for Filling<'_, T, W, O>
where
    W: Fullness<T>,
    O: Outlet<Vec<T>> + ?Sized,
{
    /// See B2.
    #[inline]
    fn room(&self) -> usize {
        let batches = self.gate.room();
        if W::WEIGHS {
            return batches;
        }
        let inside = self.partial.items.len();
        batches
            .saturating_mul(self.partial.size)
            .saturating_sub(inside)
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.came = true;
        let weight = self.partial.weight.weigh(&item);
        if W::WEIGHS && !self.partial.items.is_empty() && self.partial.weight.is_too_much(weight) {
            let _ = self.give();
        }
        self.partial.push(item, weight);
        if self.partial.is_full() && self.gate.is_open() {
            return self.give();
        }
        flow_if(self.gate.is_open())
    }
}

impl<S: Source> Batch<S> {
    #[track_caller]
    fn flow(source: Flow<S>, size: usize, rule: Closes) -> Flow<Self> {
        assert!(size > 0, "a batch of no items");
        Flow::new(Self {
            source,
            partial: Partial {
                items: Vec::new(),
                size,
                weight: ByCount,
            },
            closing: Closing::new(rule),
        })
    }
}

impl<S: Source, W: Fullness<S::Item>> Source for Batch<S, W> {
    type Item = Vec<S::Item>;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Vec<S::Item>> + ?Sized,
    {
        let this = self.project();
        let closing = this.closing;
        closing.begin();
        let mut filling = Filling {
            first: this.partial.items.is_empty(),
            partial: this.partial,
            gate: Gate::new(outlet),
            came: false,
        };
        if filling.partial.is_full() && filling.give().is_break() {
            return Poll::Ready(Pull::More);
        }
        let pulled = this.source.poll_pull(cx, &mut filling);
        if filling.partial.items.is_empty() {
            closing.clear();
            return pulled;
        }
        let is_due = match pulled {
            Poll::Ready(Pull::End) => true,
            _ if filling.partial.is_full() => true,
            _ => closing.is_time(filling.came.then_some(filling.first), pulled, cx),
        };
        if !is_due {
            return pulled;
        }
        if !filling.gate.is_open() {
            // What is inside is for the next pull; a source that has ended says so again.
            return Poll::Ready(Pull::More);
        }
        let _ = filling.give();
        closing.close();
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let inside = self.partial.items.len();
        let (lower, upper) = Source::size_hint(&self.source);
        // At best all are full, at worst each has one item.
        (
            lower.saturating_add(inside).div_ceil(self.partial.size),
            upper.and_then(|upper| upper.checked_add(usize::from(inside > 0))),
        )
    }
}

impl<S: Source + fmt::Debug, W> fmt::Debug for Batch<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("source", &self.source)
            .field("inside", &self.partial.items.len())
            .field("size", &self.partial.size)
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for ByWeight<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByWeight")
            .field("max", &self.max)
            .field("sum", &self.sum)
            .finish_non_exhaustive()
    }
}
