//! What is said when nothing comes.
//!
//! A silence begins with the pull that finds nothing, and not with the item before it: time in which nobody asked is not
//! the source's. An item that came is given, however late one looks. And a source that waits for the task's budget is not silent.

use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::poll_proceed;
use pin_project_lite::pin_project;

use super::gate::Gate;
use crate::flow::Flow;
use crate::source::{Outlet, Pull, Source};
use crate::timer::Timer;

/// # Silence
///
/// A silence begins with the pull that finds nothing, and ends with an item; what comes in the poll in which the time is over
/// is given in place of what would be said. These hold nothing between pulls, and set no timer while items come without
/// waiting.
impl<S: Source> Flow<S> {
    /// Gives each item as `Ok`, and an `Err` when nothing has come for `limit`: one a silence, and goes on.
    ///
    /// To end at the first, add `take_while(Result::is_ok)`, or an operator that ends at errors.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use aqueduct_channel::mpsc;
    /// use aqueduct_stream::{op::Elapsed, receive};
    ///
    /// let (tx, rx) = mpsc::channel(8);
    /// let mut flow = receive(rx).timeout(Duration::from_secs(1));
    /// tx.try_send(1).unwrap();
    /// assert_eq!(flow.next().await, Some(Ok(1)));
    /// assert!(matches!(flow.next().await, Some(Err(Elapsed { .. }))));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The stream panics when it has to wait outside of a Tokio runtime that drives timers.
    pub fn timeout(self, limit: Duration) -> Flow<Timeout<S>> {
        Flow::new(Timeout {
            source: self,
            silence: Silence::new(limit),
        })
    }

    /// Gives what `f` makes as well, whenever nothing has come for `limit`: again and again until an item comes. With a limit of
    /// zero that is without a pause.
    ///
    /// # Panics
    ///
    /// A panic of `f` goes on in the task; no item is lost by it. The stream panics when it has to wait outside of a Tokio
    /// runtime that drives timers.
    pub fn keep_alive<F>(self, limit: Duration, f: F) -> Flow<KeepAlive<S, F>>
    where
        F: FnMut() -> S::Item,
    {
        Flow::new(KeepAlive {
            source: self,
            silence: Silence::new(limit),
            f,
        })
    }
}

/// Nothing came for as long as [`Flow::timeout`] was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Elapsed {
    /// How long that was.
    pub limit: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing came for {:?}", self.limit)
    }
}

impl Error for Elapsed {}

/// The clock of both.
#[derive(Debug)]
struct Silence {
    limit: Duration,
    timer: Timer,
    /// Whether it has begun. There is no moment if the limit is longer than the clock goes.
    begun: bool,
}

impl Silence {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: Timer::new(),
            begun: false,
        }
    }

    /// Something came.
    #[inline]
    fn end(&mut self) {
        self.begun = false;
        self.timer.clear();
    }

    /// It has been told of, once and for all.
    fn tell(&mut self) {
        self.timer.clear();
    }

    /// Nothing came. Ready when it has been so for too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.begun {
            self.begun = true;
            self.timer.set_in(self.limit);
        }
        self.timer.poll(cx)
    }
}

/// Lets items pass, made into something, and says whether any did.
struct Passing<'a, O: ?Sized, F> {
    gate: Gate<'a, O>,
    came: bool,
    make: F,
}

impl<T, U, O, F> Outlet<T> for Passing<'_, O, F>
where
    O: Outlet<U> + ?Sized,
    F: FnMut(T) -> U,
{
    #[inline]
    fn room(&self) -> usize {
        self.gate.room()
    }

    #[inline]
    fn push(&mut self, item: T) -> ControlFlow<()> {
        self.came = true;
        self.gate.push((self.make)(item))
    }
}

/// Pulls, and says by an open gate that it has been silent for too long.
#[inline]
fn pull<'a, S, O, U, F>(
    source: Pin<&mut Flow<S>>,
    silence: &mut Silence,
    cx: &mut Context<'_>,
    outlet: &'a mut O,
    make: F,
) -> (Poll<Pull>, Option<Gate<'a, O>>)
where
    S: Source,
    O: Outlet<U> + ?Sized,
    F: FnMut(S::Item) -> U,
{
    let mut passing = Passing {
        gate: Gate::new(outlet),
        came: false,
        make,
    };
    let pulled = source.poll_pull(cx, &mut passing);
    if passing.came {
        silence.end();
    }
    let gate = passing.gate;
    if pulled.is_ready() {
        return (pulled, None);
    }
    if !gate.is_open() {
        // What came has filled it; the silence begins with the next pull.
        return (Poll::Ready(Pull::More), None);
    }
    // Without budget, the source may have said `Pending` for the lack of it, and not because nothing was there. The task is
    // woken for another look. The unit is given back.
    let Poll::Ready(_unit) = poll_proceed(cx) else {
        return (Poll::Pending, None);
    };
    let is_time = silence.poll(cx).is_ready();
    (pulled, is_time.then_some(gate))
}

pin_project! {
    /// The source of [`Flow::timeout`].
    #[derive(Debug)]
    pub struct Timeout<S> {
        #[pin]
        source: Flow<S>,
        silence: Silence,
    }
}

impl<S: Source> Source for Timeout<S> {
    type Item = Result<S::Item, Elapsed>;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let this = self.project();
        let silence = this.silence;
        let (pulled, gate) = pull(this.source, silence, cx, outlet, Ok);
        if let Some(mut gate) = gate {
            let limit = silence.limit;
            silence.tell();
            let _ = gate.push(Err(Elapsed { limit }));
        }
        pulled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (Source::size_hint(&self.source).0, None)
    }
}

pin_project! {
    /// The source of [`Flow::keep_alive`].
    pub struct KeepAlive<S, F> {
        #[pin]
        source: Flow<S>,
        silence: Silence,
        f: F,
    }
}

impl<S: Source, F: FnMut() -> S::Item> Source for KeepAlive<S, F> {
    type Item = S::Item;

    #[inline]
    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let this = self.project();
        let silence = this.silence;
        let (pulled, gate) = pull(this.source, silence, cx, outlet, |item| item);
        let Some(mut gate) = gate else {
            return pulled;
        };
        // Another silence begins with the next pull.
        silence.end();
        let _ = gate.push((this.f)());
        Poll::Ready(Pull::More)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (Source::size_hint(&self.source).0, None)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for KeepAlive<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive")
            .field("source", &self.source)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}
