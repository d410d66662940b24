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
//! B2. From the source is taken what surely has room, here and below: what fills the batch. Of items whose weights are not
//!     known, each may fill one, so that only as many are taken as batches may be given.
//!
//! B3. A batch by count is given between two runs of its source, and not in one. Small batches would be a pull each, so
//!     there are several runs in a pull, as long as each of them has filled a batch, and of no more than a chunk together:
//!     no unbounded loop (P5), and a unit of budget is still at most [`CHUNK`] items (P7).

use std::fmt;
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::closing::{Closes, Closing, Grid};
use super::gate::Gate;
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet, Pull, Source};

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
    pub fn chunks(self, size: usize) -> Flow<Batch<S, S::Item>> {
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
    pub fn batch(self, size: usize, wait: Duration) -> Flow<Batch<S, S::Item>> {
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
    pub fn window(self, period: Duration, size_max: usize) -> Flow<Batch<S, S::Item>> {
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
    pub fn session(self, gap: Duration, size_max: usize) -> Flow<Batch<S, S::Item>> {
        Batch::flow(self, size_max, Closes::AfterLast(gap))
    }
}

/// # Gathering by weight
impl<S: Source> Flow<Batch<S, S::Item>> {
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
    pub fn with_weight<F>(self, weight_max: usize, weigh: F) -> Flow<Batch<S, S::Item, ByWeight<F>>>
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
            weight.sum = batch.items.iter().fold(0, |sum: usize, item| {
                sum.saturating_add((weight.weigh)(item))
            });
            Batch {
                source: batch.source,
                items: batch.items,
                size: batch.size,
                fullness: weight,
                closing: batch.closing,
            }
        })
    }
}

pin_project! {
    /// The source of [`Flow::batch`], [`Flow::chunks`], [`Flow::window`] and [`Flow::session`].
    pub struct Batch<S, T, W = ByCount> {
        #[pin]
        source: Flow<S>,
        items: Vec<T>,
        size: usize,
        fullness: W,
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

/// A `Vec` has room for so many items from the start; beyond that it grows as it fills.
const CAPACITY_MAX: usize = 1024;

/// A batch that had no room for another item, with some.
#[inline]
fn grown<T>(mut items: Vec<T>, size: usize) -> Vec<T> {
    let capacity = (2 * items.len()).max(size.min(CAPACITY_MAX)).max(1);
    let mut larger = Vec::with_capacity(capacity);
    larger.append(&mut items);
    larger
}

/// Takes items by count. It is a pull's own value, of which no call takes the address, so that the loop of the source has
/// all of it in registers; what a full batch needs happens after the loop.
struct Counting<T> {
    items: Vec<T>,
    size: usize,
    /// How many there may be after this run. No more come, since [`room`](Outlet::room) says so (P1): to say it by a `Break` as
    /// well is a comparison for each item, with which an item took 1.7 times as long.
    len_max: usize,
}

impl<T> Outlet<T> for Counting<T> {
    #[inline]
    fn room(&self) -> usize {
        self.len_max.saturating_sub(self.items.len())
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        if self.items.len() == self.items.capacity() {
            self.items = grown(mem::take(&mut self.items), self.size);
        }
        self.items.push(item);
        ControlFlow::Continue(())
    }
}

impl<S: Source<Item = T>, T> Source for Batch<S, T> {
    type Item = Vec<T>;

    /// As many runs as fill batches, of a chunk of items in all. See B3.
    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Vec<T>> + ?Sized,
    {
        let mut this = self.project();
        let closing = this.closing;
        closing.begin();
        let mut gate = Gate::new(outlet);
        let mut chunk = CHUNK;
        loop {
            let before = this.items.len();
            let mut counting = Counting {
                items: mem::take(this.items),
                size: *this.size,
                len_max: (*this.size).min(before + chunk),
            };
            let pulled = this.source.as_mut().poll_pull(cx, &mut counting);
            let items = counting.items;
            let came = items.len() - before;
            if items.len() >= *this.size {
                closing.clear();
                chunk = chunk.saturating_sub(came);
                let goes_on = gate.push(items).is_continue() && chunk > 0;
                if goes_on && pulled == Poll::Ready(Pull::More) {
                    continue;
                }
                return pulled;
            }
            *this.items = items;
            if this.items.is_empty() {
                return pulled;
            }
            let came = (came > 0).then_some(before == 0);
            if pulled == Poll::Ready(Pull::End) || closing.is_time(came, pulled, cx) {
                let _ = gate.push(mem::take(this.items));
                closing.close();
            }
            return pulled;
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.batches_hint()
    }
}

/// Takes items by weight.
struct Weighing<'a, T, F, O: ?Sized> {
    items: &'a mut Vec<T>,
    size: usize,
    weight: &'a mut ByWeight<F>,
    gate: Gate<'a, O>,
    /// Something came.
    came: bool,
    /// What is inside came in this pull.
    first: bool,
}

impl<T, F, O: Outlet<Vec<T>> + ?Sized> Weighing<'_, T, F, O> {
    fn is_full(&self) -> bool {
        let is_heavy = !self.items.is_empty() && self.weight.sum >= self.weight.max;
        self.items.len() >= self.size || is_heavy
    }

    fn give(&mut self) -> ControlFlow<()> {
        self.first = true;
        self.weight.sum = 0;
        self.gate.push(mem::take(self.items))
    }
}

impl<T, F, O> Outlet<T> for Weighing<'_, T, F, O>
where
    F: FnMut(&T) -> usize,
    O: Outlet<Vec<T>> + ?Sized,
{
    /// See B2.
    #[inline]
    fn room(&self) -> usize {
        self.gate.room()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.came = true;
        let weight = (self.weight.weigh)(&item);
        let sum = self.weight.sum.saturating_add(weight);
        if !self.items.is_empty() && sum > self.weight.max {
            let _ = self.give();
        }
        if self.items.len() == self.items.capacity() {
            *self.items = grown(mem::take(self.items), self.size);
        }
        self.items.push(item);
        self.weight.sum = self.weight.sum.saturating_add(weight);
        if self.is_full() && self.gate.is_open() {
            return self.give();
        }
        flow_if(self.gate.is_open())
    }
}

impl<S, T, F> Source for Batch<S, T, ByWeight<F>>
where
    S: Source<Item = T>,
    F: FnMut(&T) -> usize,
{
    type Item = Vec<T>;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Vec<T>> + ?Sized,
    {
        let this = self.project();
        let closing = this.closing;
        closing.begin();
        let mut weighing = Weighing {
            first: this.items.is_empty(),
            items: this.items,
            size: *this.size,
            weight: this.fullness,
            gate: Gate::new(outlet),
            came: false,
        };
        if weighing.is_full() && weighing.give().is_break() {
            return Poll::Ready(Pull::More);
        }
        let pulled = this.source.poll_pull(cx, &mut weighing);
        if weighing.items.is_empty() {
            closing.clear();
            return pulled;
        }
        let came = weighing.came.then_some(weighing.first);
        let is_due = pulled == Poll::Ready(Pull::End)
            || weighing.is_full()
            || closing.is_time(came, pulled, cx);
        if !is_due {
            return pulled;
        }
        if !weighing.gate.is_open() {
            // What is inside is for the next pull; a source that has ended says so again.
            return Poll::Ready(Pull::More);
        }
        let _ = weighing.give();
        closing.close();
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.batches_hint()
    }
}

impl<S: Source<Item = T>, T> Batch<S, T> {
    #[track_caller]
    fn flow(source: Flow<S>, size: usize, rule: Closes) -> Flow<Self> {
        assert!(size > 0, "a batch of no items");
        Flow::new(Self {
            source,
            items: Vec::new(),
            size,
            fullness: ByCount,
            closing: Closing::new(rule),
        })
    }
}

impl<S: Source<Item = T>, T, W> Batch<S, T, W> {
    /// At best all are full, at worst each has one item.
    fn batches_hint(&self) -> (usize, Option<usize>) {
        let inside = self.items.len();
        let (lower, upper) = Source::size_hint(&self.source);
        (
            lower.saturating_add(inside).div_ceil(self.size),
            upper.and_then(|upper| upper.checked_add(usize::from(inside > 0))),
        )
    }
}

impl<S: fmt::Debug, T, W> fmt::Debug for Batch<S, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("source", &self.source)
            .field("inside", &self.items.len())
            .field("size", &self.size)
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
