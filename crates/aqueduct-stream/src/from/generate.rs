//! Streams of what an async block yields, or a closure returns.
//!
//! The block and its source share a queue: the source says how much room there is before it polls the block, and passes on what it
//! finds after. So items that are yielded without waiting are one chunk, and one for which there is no room waits in the block,
//! not here.
//!
//! # Invariants
//!
//! Y1. The queue, with the part of it that is being passed on, has no more items than the room that the block was last polled
//!     with.
//!
//! Y2. A waker that is kept belongs to who found no room, and is woken once there is some.
//!
//! Why a lock: a yielder may be moved to another task, and this crate has no unsafe code. As nobody else has it while the
//! block is polled, it costs two uncontended exchanges an item.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use crate::flow::Flow;
use crate::source::{CHUNK, Outlet, Pull, Source};

/// A stream of what an async closure yields; it ends when the closure returns.
///
/// What is yielded without waiting in between is one chunk. The closure runs while the stream is pulled, and goes no
/// further than there is demand; it is dropped with the stream, and with it the items that it has not yielded. Of those that
/// it has, none is inside between pulls, unless an operator such as [`take_while`](Flow::take_while) breaks a chunk off, or the
/// yielder was moved to another task, where it goes on while nobody pulls: until as many are inside as the last pull had
/// room for, which is up to a [chunk](CHUNK).
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use aqueduct_stream::generate;
///
/// let mut numbers = std::pin::pin!(generate(async |mut yielder| {
///     for n in 1..=3 {
///         yielder.give(n).await;
///         yielder.give(n * n).await;
///     }
/// }));
/// let all: Vec<u32> = aqueduct_stream::Flow::new(numbers.as_mut()).collect().await;
/// assert_eq!(all, [1, 1, 2, 4, 3, 9]);
/// # }
/// ```
pub fn generate<T, F, Fut>(f: F) -> Flow<Generate<T, Fut>>
where
    F: FnOnce(Yielder<T>) -> Fut,
    Fut: Future<Output = ()>,
{
    let (yielder, shared) = yielder();
    Flow::new(Generate {
        block: Some(f(yielder)),
        shared,
        returned: None,
    })
}

/// [`generate`] for a closure that can fail: its items are `Ok`, and the error that it returns is the last.
pub fn try_generate<T, E, F, Fut>(f: F) -> Flow<TryGenerate<T, E, Fut>>
where
    F: FnOnce(Yielder<T>) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let (yielder, shared) = yielder();
    Flow::new(TryGenerate {
        block: Some(f(yielder)),
        shared,
        returned: None,
    })
}

/// A stream of what a closure returns, until that is `None`.
///
/// Holds nothing. A chunk is as many items as it returns without a pause.
pub fn from_fn<T, F>(f: F) -> Flow<super::Iter<std::iter::FromFn<F>>>
where
    F: FnMut() -> Option<T>,
{
    super::iter(std::iter::from_fn(f))
}

/// A stream of what an async closure makes of a state, until that is `None`: an item and the next state.
///
/// Holds the state. It is dropped with the future that has it.
pub fn unfold<T, A, F, Fut>(state: A, mut f: F) -> Flow<Generate<T, impl Future<Output = ()>>>
where
    F: FnMut(A) -> Fut,
    Fut: Future<Output = Option<(T, A)>>,
{
    generate(async move |mut yielder: Yielder<T>| {
        let mut state = state;
        while let Some((item, next)) = f(state).await {
            yielder.give(item).await;
            state = next;
        }
    })
}

fn yielder<T>() -> (Yielder<T>, Taker<T>) {
    let shared = Shared(Arc::new(Mutex::new(State {
        queue: VecDeque::new(),
        passing: 0,
        room: 0,
        giver: None,
        taker: None,
        closed: false,
    })));
    (Yielder(shared.clone()), Taker(shared))
}

/// Yields the items of [`generate`].
pub struct Yielder<T>(Shared<T>);

impl<T> Yielder<T> {
    /// Gives an item to the stream, as soon as there is demand for it.
    ///
    /// Where the yielder was moved to another task, and the stream has ended or was dropped, the item is dropped.
    ///
    /// # Cancel safety
    ///
    /// *Strict* for the stream: it has the item, or the item goes with the future.
    pub fn give(&mut self, item: T) -> impl Future<Output = ()> {
        let mut item = Some(item);
        poll_fn(move |cx| self.0.poll_give(cx, &mut item))
    }
}

impl<T> fmt::Debug for Yielder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Yielder")
    }
}

struct Shared<T>(Arc<Mutex<State<T>>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct State<T> {
    queue: VecDeque<T>,
    /// How many are out of the queue to be passed on.
    passing: usize,
    room: usize,
    giver: Option<Waker>,
    /// Who waits for items, while the block is not being polled.
    taker: Option<Waker>,
    /// Nobody takes anything any more.
    closed: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_give(&self, cx: &mut Context<'_>, item: &mut Option<T>) -> Poll<()> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(());
        }
        if state.queue.len() + state.passing >= state.room {
            let before = state.giver.replace(cx.waker().clone());
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        state.queue.extend(item.take());
        let taker = state.taker.take();
        // Its own, from when it found no room.
        let giver = state.giver.take();
        drop(state);
        drop(giver);
        if let Some(taker) = taker {
            taker.wake();
        }
        Poll::Ready(())
    }
}

/// The queue while it is passed on: whatever an outlet runs, it runs outside of the lock. What is left is put back, also if
/// the outlet panics.
struct Passing<'a, T> {
    shared: &'a Shared<T>,
    queue: VecDeque<T>,
}

impl<'a, T> Passing<'a, T> {
    fn begin(shared: &'a Shared<T>) -> Self {
        let mut state = shared.lock();
        let queue = std::mem::take(&mut state.queue);
        state.passing = queue.len();
        drop(state);
        Self { shared, queue }
    }
}

impl<T> Drop for Passing<'_, T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        // A yielder on another task may have been faster.
        self.queue.append(&mut state.queue);
        std::mem::swap(&mut state.queue, &mut self.queue);
        state.passing = 0;
    }
}

/// The source's side of the queue.
struct Taker<T>(Shared<T>);

impl<T> Taker<T> {
    /// Makes room before a poll of the block.
    fn begin(&self, cx: &mut Context<'_>, room: usize) {
        let mut state = self.0.lock();
        state.room = room.min(CHUNK);
        let taker = state.taker.take();
        // The block is polled now. But a yielder that is beside the stream in one task has the same waker: see `wait`.
        let giver = state.giver.take_if(|giver| !giver.will_wake(cx.waker()));
        drop(state);
        drop(taker);
        if let Some(giver) = giver {
            giver.wake();
        }
    }

    /// Passes on what there is. False if there was nothing.
    fn pass<U, O>(&self, outlet: &mut O, make: impl Fn(T) -> U) -> bool
    where
        O: Outlet<U> + ?Sized,
    {
        let mut passing = Passing::begin(&self.0);
        if passing.queue.is_empty() {
            return false;
        }
        for _ in 0..outlet.room().min(CHUNK) {
            let Some(item) = passing.queue.pop_front() else {
                break;
            };
            if outlet.push(make(item)).is_break() {
                break;
            }
        }
        true
    }

    /// Waits for items of a yielder that is not polled with the block. False if there are some now.
    fn wait(&self, cx: &mut Context<'_>) -> bool {
        let mut state = self.0.lock();
        if !state.queue.is_empty() {
            return false;
        }
        state.taker = Some(cx.waker().clone());
        // Who waits still was not polled with the block, and there is room now (Y2).
        let giver = match state.room {
            0 => None,
            _ => state.giver.take(),
        };
        drop(state);
        if let Some(giver) = giver {
            giver.wake();
        }
        true
    }

    fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        let giver = state.giver.take();
        drop(state);
        if let Some(giver) = giver {
            giver.wake();
        }
    }

    /// Polls the block, unless it has returned, and passes on what it yields. Ready with what it returned in a pull of its
    /// own, when there is nothing else.
    fn poll_block<U, Fut, O>(
        &self,
        mut block: Pin<&mut Option<Fut>>,
        returned: &mut Option<Fut::Output>,
        cx: &mut Context<'_>,
        outlet: &mut O,
        make: impl Fn(T) -> U,
    ) -> Poll<Option<Fut::Output>>
    where
        Fut: Future,
        O: Outlet<U> + ?Sized,
    {
        // What an outlet that broke off has left, and what came from another task.
        if self.pass(outlet, &make) {
            return Poll::Ready(None);
        }
        if let Some(returned) = returned.take() {
            self.close();
            return Poll::Ready(Some(returned));
        }
        self.begin(cx, outlet.room());
        let running = block.as_mut().as_pin_mut();
        if let Poll::Ready(output) = running.expect("asked again after the end").poll(cx) {
            *returned = Some(output);
            // What it held is dropped before the stream says that it has ended.
            block.set(None);
        }
        if self.pass(outlet, &make) || returned.is_some() || !self.wait(cx) {
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        self.close();
    }
}

pin_project! {
    /// The source of [`generate`].
    pub struct Generate<T, Fut> {
        #[pin]
        block: Option<Fut>,
        shared: Taker<T>,
        returned: Option<()>,
    }
}

impl<T, Fut: Future<Output = ()>> Source for Generate<T, Fut> {
    type Item = T;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<T> + ?Sized,
    {
        let this = self.project();
        let polled = this
            .shared
            .poll_block(this.block, this.returned, cx, outlet, |item| item);
        match ready!(polled) {
            None => Poll::Ready(Pull::More),
            Some(()) => Poll::Ready(Pull::End),
        }
    }
}

pin_project! {
    /// The source of [`try_generate`].
    pub struct TryGenerate<T, E, Fut> {
        #[pin]
        block: Option<Fut>,
        shared: Taker<T>,
        returned: Option<Result<(), E>>,
    }
}

impl<T, E, Fut: Future<Output = Result<(), E>>> Source for TryGenerate<T, E, Fut> {
    type Item = Result<T, E>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Result<T, E>> + ?Sized,
    {
        let this = self.project();
        let polled = this
            .shared
            .poll_block(this.block, this.returned, cx, outlet, Ok);
        match ready!(polled) {
            None => return Poll::Ready(Pull::More),
            Some(Ok(())) => {}
            Some(Err(error)) => {
                let _ = outlet.push(Err(error));
            }
        }
        Poll::Ready(Pull::End)
    }
}

impl<T, Fut> fmt::Debug for Generate<T, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generate")
    }
}

impl<T, E, Fut> fmt::Debug for TryGenerate<T, E, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TryGenerate")
    }
}
