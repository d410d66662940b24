//! Asking many at once: scatter and gather.
//!
//! What is asked is an iterator of asks, each with its own actor and message, and that is taken from as there is room: at most
//! [`at_most`](AskAll::at_most) of them are under way. Each is polled only when it was woken.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::iter::Fuse;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aqueduct_core::rt::deadline_in;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::Ask;
use crate::actor::Actor;
use crate::recipient::{RecipientAsk, Request};

/// So many are asked at a time, if nothing else is said.
const AT_MOST: usize = 1024;

/// An ask that was made and is not awaited yet: what [`ask_all`] takes. It is [`Ask`] and [`RecipientAsk`], and methods that
/// `#[messages]` writes give the former.
pub trait OneAsk: IntoFuture + sealed::Sealed {
    #[doc(hidden)]
    fn no_later_than(self, deadline: Instant) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

impl<A: Actor, R, E> sealed::Sealed for Ask<'_, A, R, E> {}

impl<A, R, E> OneAsk for Ask<'_, A, R, E>
where
    A: Actor,
    R: Send + 'static,
    E: Send + 'static,
{
    fn no_later_than(mut self, deadline: Instant) -> Self {
        self.deadline = Some(earlier(self.deadline, deadline));
        self
    }
}

impl<T: Request> sealed::Sealed for RecipientAsk<'_, T> {}

impl<T: Request> OneAsk for RecipientAsk<'_, T> {
    fn no_later_than(mut self, deadline: Instant) -> Self {
        self.deadline = Some(earlier(self.deadline, deadline));
        self
    }
}

fn earlier(own: Option<Instant>, all: Instant) -> Instant {
    own.map_or(all, |own| own.min(all))
}

/// Asks many at once. `asks` gives the asks, each made as a single one is: with a closure, a clone of a message, or a method
/// of `#[messages]`. Awaited, it gives all results in the order of the asks; [`as_they_come`](AskAll::as_they_come) gives them
/// as a stream.
///
/// Each ask has its own result, an answer or an [`AskError`](crate::AskError), whatever becomes of the others. To be over at
/// the first failure, take the stream, and drop it.
///
/// ```
/// use std::time::Duration;
///
/// use aqueduct_actor::{Actor, Cx, Reply, actor, ask_all};
///
/// struct Shard(u64);
///
/// enum Msg {
///     Count(Reply<u64>),
/// }
///
/// impl Actor for Shard {
///     type Msg = Msg;
///
///     async fn handle(&mut self, Msg::Count(reply): Msg, _: &mut Cx<Self>) {
///         reply.send(self.0);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let shards = [1, 2, 3].map(|n| actor(Shard(n)).spawn());
/// let counts = ask_all(shards.iter().map(|shard| shard.ask(Msg::Count)))
///     .within(Duration::from_secs(1))
///     .await;
/// let counts: Result<Vec<u64>, _> = counts.into_iter().collect();
/// assert_eq!(counts.unwrap(), [1, 2, 3]);
///
/// // Those of a pool, or of anything else that knows its actors, as they come:
/// let mut answers = ask_all(shards.iter().map(|shard| shard.ask(Msg::Count))).as_they_come();
/// while let Some((index, count)) = answers.next().await {
///     assert_eq!(count.unwrap(), index as u64 + 1);
/// }
/// # }
/// ```
pub fn ask_all<I>(asks: I) -> AskAll<I::IntoIter>
where
    I: IntoIterator,
    I::Item: OneAsk,
{
    AskAll {
        asks: asks.into_iter(),
        at_most: AT_MOST,
        deadline: None,
    }
}

/// Asks of many that are to be awaited. Made by [`ask_all`].
#[must_use = "nothing is asked until it is awaited"]
pub struct AskAll<I> {
    asks: I,
    at_most: usize,
    deadline: Option<Instant>,
}

impl<I> AskAll<I>
where
    I: Iterator,
    I::Item: OneAsk,
{
    /// Waits at most so long for all of them together. What is not in a mailbox by then is
    /// [`Unsent`](crate::AskError::Unsent), and what is not answered is [`Elapsed`](crate::AskError::Elapsed). One whose own
    /// deadline is earlier has that.
    pub fn within(mut self, limit: Duration) -> Self {
        self.deadline = deadline_in(limit);
        self
    }

    /// As [`within`](Self::within), until then.
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Has at most so many asks under way, and results that were not taken yet: 1024 if nothing else is said. The next is
    /// made when one is over.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn at_most(mut self, asks: usize) -> Self {
        assert!(asks > 0, "to ask at most none at a time is to ask nobody");
        self.at_most = asks;
        self
    }

    /// Gives the results as they come, each with the index of its ask.
    pub fn as_they_come(self) -> AskEach<I, FutureOf<I>, ResultOf<I>> {
        AskEach {
            asks: self.asks.fuse(),
            made: 0,
            running: FuturesUnordered::new(),
            results: VecDeque::new(),
            at_most: self.at_most,
            deadline: self.deadline,
        }
    }
}

type FutureOf<I> = <<I as Iterator>::Item as IntoFuture>::IntoFuture;
type ResultOf<I> = <<I as Iterator>::Item as IntoFuture>::Output;

impl<I> IntoFuture for AskAll<I>
where
    I: Iterator,
    I::Item: OneAsk,
{
    type Output = Vec<ResultOf<I>>;
    type IntoFuture = AskAllFuture<I, FutureOf<I>, ResultOf<I>>;

    fn into_future(self) -> AskAllFuture<I, FutureOf<I>, ResultOf<I>> {
        let (least, _) = self.asks.size_hint();
        AskAllFuture {
            // What an iterator says of itself may be wrong.
            results: Vec::with_capacity(least.min(AT_MOST)),
            each: self.as_they_come(),
        }
    }
}

/// Asks many, and gives all results, in the order of the asks. `F` is the future of one ask, `T` its result.
///
/// # Panics
///
/// As [`AskFuture`](crate::AskFuture); and if the iterator of asks does, with which those that were made before are dropped
/// when this is.
///
/// # Cancel safety
///
/// *Lossy, use [`AskAll::within`] to wait for some time only*: dropped before it is ready, results are lost. Each ask that is
/// under way is dropped as [`AskFuture`](crate::AskFuture) says: one without room goes with its message, one that was taken
/// may run. What the iterator has not given is not asked.
#[must_use = "futures do nothing unless polled"]
pub struct AskAllFuture<I, F, T> {
    each: AskEach<I, F, T>,
    results: Vec<Option<T>>,
}

// Nothing in it is pinned in its place: the asks that run are in boxes of their own.
impl<I, F, T> Unpin for AskAllFuture<I, F, T> {}

impl<I, F, T> Future for AskAllFuture<I, F, T>
where
    I: Iterator,
    I::Item: OneAsk + IntoFuture<IntoFuture = F, Output = T>,
    F: Future<Output = T>,
{
    type Output = Vec<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some((index, result)) = ready!(self.each.poll_each(cx)) {
            if self.results.len() <= index {
                self.results.resize_with(index + 1, || None);
            }
            self.results[index] = Some(result);
        }
        let results = std::mem::take(&mut self.results).into_iter();
        let each = |result: Option<_>| result.expect("each ask has one result");
        Poll::Ready(results.map(each).collect())
    }
}

/// The results of many asks, as they come. Made by [`AskAll::as_they_come`]; it is a `Stream` too. `F` is the future of
/// one ask, `T` its result.
///
/// It holds at most as many asks and results as [`AskAll::at_most`] says. All that fit are asked by the first poll. It goes on
/// only while it is polled: an answer waits in its ask until then, and so do asks without room.
#[must_use = "streams do nothing unless polled"]
pub struct AskEach<I, F, T> {
    // Without bounds: what holds this over an `.await` would not be `Send` by one with a lifetime in it, as of a closure.
    asks: Fuse<I>,
    made: usize,
    running: FuturesUnordered<Indexed<F>>,
    /// Not taken yet.
    results: VecDeque<(usize, T)>,
    at_most: usize,
    deadline: Option<Instant>,
}

impl<I, F, T> Unpin for AskEach<I, F, T> {}

impl<I, F, T> AskEach<I, F, T>
where
    I: Iterator,
    I::Item: OneAsk + IntoFuture<IntoFuture = F, Output = T>,
    F: Future<Output = T>,
{
    /// The next result, with the index of its ask; none after the last.
    ///
    /// # Panics
    ///
    /// As [`AskFuture`](crate::AskFuture), and if the iterator of asks does.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropped before it is ready, nothing is lost; the asks go on with the next call.
    pub async fn next(&mut self) -> Option<(usize, T)> {
        poll_fn(|cx| self.poll_each(cx)).await
    }

    fn poll_each(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, T)>> {
        loop {
            let asked = self.fill();
            // All of them, and not up to the first that is ready: the others are to be asked, too.
            let mut ended = false;
            while let Poll::Ready(polled) = Pin::new(&mut self.running).poll_next(cx) {
                match polled {
                    Some(result) => self.results.push_back(result),
                    None => {
                        ended = true;
                        break;
                    }
                }
            }
            if let Some(result) = self.results.pop_front() {
                return Poll::Ready(Some(result));
            }
            match ended {
                // The iterator may have more, for which there is room now.
                true if asked => {}
                true => return Poll::Ready(None),
                false => return Poll::Pending,
            }
        }
    }

    /// Makes as many asks as there is room for. False if there was none to be made.
    fn fill(&mut self) -> bool {
        let mut asked = false;
        while self.running.len() + self.results.len() < self.at_most {
            let Some(mut ask) = self.asks.next() else {
                break;
            };
            if let Some(deadline) = self.deadline {
                ask = ask.no_later_than(deadline);
            }
            self.running.push(Indexed {
                index: self.made,
                ask: ask.into_future(),
            });
            self.made += 1;
            asked = true;
        }
        asked
    }
}

impl<I, F, T> Stream for AskEach<I, F, T>
where
    I: Iterator,
    I::Item: OneAsk + IntoFuture<IntoFuture = F, Output = T>,
    F: Future<Output = T>,
{
    type Item = (usize, T);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_each(cx)
    }
}

pin_project! {
    struct Indexed<F> {
        index: usize,
        #[pin]
        ask: F,
    }
}

impl<F: Future> Future for Indexed<F> {
    type Output = (usize, F::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.ask.poll(cx));
        Poll::Ready((*this.index, output))
    }
}

impl<I> fmt::Debug for AskAll<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskAll")
            .field("at_most", &self.at_most)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl<I, F, T> fmt::Debug for AskAllFuture<I, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskAllFuture")
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}

impl<I, F, T> fmt::Debug for AskEach<I, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskEach")
            .field("asked", &self.made)
            .field("running", &self.running.len())
            .field("at_most", &self.at_most)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
