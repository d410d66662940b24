//! Two streams of one.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};

use super::hub::{Bell, Hub};
use super::lane::{Consumer, Lane, Work};
use crate::flow::Flow;
use crate::outlet::flow_if;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// # Several streams of one
///
/// No task runs for these: whichever of the streams is polled pulls the source, under exclusive access, and puts what is for
/// the others into their queues, which are bounded. When one is full, nobody pulls until its stream has been polled. So **a
/// stream that is neither polled nor dropped holds up the others**, for good: two of them that one task pulls to the end one
/// after the other wait for ever. Pull them in tasks of their own, or at the same time (`join!`, `merge`). One that is
/// dropped holds up nobody: its items are dropped.
///
/// The source may be polled by any of the tasks; where it wakes, all streams that wait are woken. A panic of the source or
/// of a closure goes on in the task that pulled, and the other streams panic when they are polled for more than is in their
/// queues.
impl<S: Source> Flow<S> {
    /// Gives two streams: of the items of which `f` is true, and of the others.
    ///
    /// Both end when the source does. Each holds up to a [chunk](CHUNK) for its consumer. See above for what happens
    /// if one of them is not polled.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (even, odd) = aqueduct_stream::iter(1..=6).partition(|n| n % 2 == 0);
    /// let (even, odd): (Vec<_>, Vec<_>) = tokio::join!(even.collect(), odd.collect());
    /// assert_eq!((even, odd), (vec![2, 4, 6], vec![1, 3, 5]));
    /// # }
    /// ```
    pub fn partition<F>(self, f: F) -> (Flow<Partition<S, F>>, Flow<Partition<S, F>>)
    where
        F: FnMut(&S::Item) -> bool,
    {
        let bell = Arc::<Bell>::default();
        let full = Arc::<AtomicUsize>::default();
        let lanes = [(); 2].map(|()| Lane::new(bell.seat(), CHUNK, &full));
        let work = Dealing {
            source: Box::pin(self),
            f,
            lanes: lanes.clone(),
        };
        let hub = Arc::new(Hub::new(bell, work));
        let [yes, no] = lanes.map(|lane| {
            Flow::new(Partition {
                hub: Arc::clone(&hub),
                consumer: Consumer::new(lane),
            })
        });
        (yes, no)
    }
}

/// The source of both streams of [`Flow::partition`].
pub struct Partition<S: Source, F> {
    hub: Arc<Hub<Dealing<S, F>>>,
    consumer: Consumer<S::Item>,
}

// Nothing in it is pinned.
impl<S: Source, F> Unpin for Partition<S, F> {}

struct Dealing<S: Source, F> {
    source: Pin<Box<Flow<S>>>,
    f: F,
    lanes: [Arc<Lane<S::Item>>; 2],
}

struct Dealer<'a, T, F> {
    f: &'a mut F,
    lanes: &'a [Arc<Lane<T>>; 2],
    limit: usize,
    touched: &'a mut Vec<usize>,
}

impl<T, F: FnMut(&T) -> bool> Outlet<T> for Dealer<'_, T, F> {
    fn room(&self) -> usize {
        self.limit
    }

    fn push(&mut self, item: T) -> ControlFlow<()> {
        let lane = if (self.f)(&item) { 0 } else { 1 };
        let lane = &self.lanes[lane];
        let pushed = lane.push(item);
        if pushed.is_first {
            self.touched.push(lane.seat());
        }
        self.limit -= 1;
        flow_if(self.limit > 0 && !pushed.is_full)
    }
}

impl<S: Source, F: FnMut(&S::Item) -> bool> Work for Dealing<S, F> {
    type Beside = ();

    fn poll_deal(
        &mut self,
        cx: &mut Context<'_>,
        limit: usize,
        (): &(),
        touched: &mut Vec<usize>,
    ) -> Poll<Pull> {
        let mut dealer = Dealer {
            f: &mut self.f,
            lanes: &self.lanes,
            limit,
            touched,
        };
        self.source.as_mut().poll_pull(cx, &mut dealer)
    }
}

impl<S: Source, F: FnMut(&S::Item) -> bool> Source for Partition<S, F> {
    type Item = S::Item;

    fn poll_pull<O>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = &mut *self;
        this.consumer.poll_pull(&this.hub, &(), cx, outlet)
    }
}

impl<S: Source, F> Drop for Partition<S, F> {
    fn drop(&mut self) {
        self.consumer.leave(&self.hub);
    }
}

impl<S: Source, F> fmt::Debug for Partition<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partition").finish_non_exhaustive()
    }
}
