//! Streams that are made anew when they have failed, or ended.
//!
//! ```text
//!              make             an error, resp. the end            the delay is over
//!   (nothing) ──────▶ running ───────────────────────▶ waiting ──────────────────────▶ running, made anew
//!                        │
//!                        │ an item: the next failure is a first one again
//!                        └──────────────────────────────────────────────────────────▶ running
//! ```

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aqueduct_resilience::{Backoff, Delays};
use pin_project_lite::pin_project;

use super::recover_with::UntilError;
use crate::flow::Flow;
use crate::outlet::Counted;
use crate::source::{CHUNK, Outlet, Pull, Source};
use crate::timer::Timer;

/// Gives the items of the stream that `make` makes, and after an error those of one made anew, up to `tries` streams
/// without an item in between. The error of the last one is given, and ends the stream; those before are dropped.
///
/// The stream that failed is dropped first, then there is a pause by `backoff`. An item that is no error begins anew:
/// tries are counted from it, and the next pause is a first one. Ends when a stream has ended without an error. What
/// was given before an error has been given: `make` has to know where to go on.
///
/// To see the errors that are dropped, show them to an [`inspect`](Flow::inspect) in `make`. Holds one stream, and no items.
///
/// # Panics
///
/// If `tries` is 0. When it is polled, if there must be a pause and the runtime has no timers.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use aqueduct_resilience::Backoff;
/// use aqueduct_stream::{iter, retry};
///
/// let mut next = 0;
/// let feed = retry(Backoff::default(), 5, || {
///     // A connection that breaks after two items.
///     next += 2;
///     iter([Ok(next - 2), Ok(next - 1), Err("broken pipe")])
/// });
/// let items: Vec<_> = feed.take(5).collect().await;
/// assert_eq!(items, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
/// # }
/// ```
#[track_caller]
pub fn retry<S, F, T, E>(backoff: Backoff, tries: u32, make: F) -> Flow<Retry<S, F>>
where
    S: Source<Item = Result<T, E>>,
    F: FnMut() -> Flow<S>,
{
    assert!(tries > 0, "no stream could ever be made");
    Flow::new(Retry {
        remade: Remade::new(backoff, make),
        tries,
        gave_up: false,
    })
}

/// Gives the items of the stream that `make` makes, and when it has ended those of one made anew, without end.
///
/// The stream that has ended is dropped first, then there is a pause by `backoff`. An item begins anew: the next pause is
/// a first one. An error is an item like any other here; put [`take_while_ok`](Flow::take_while_ok) to the stream in `make`
/// to have it made anew after one.
///
/// Holds one stream, and no items.
///
/// # Panics
///
/// When it is polled, if there must be a pause and the runtime has no timers.
pub fn restart<S, F>(backoff: Backoff, make: F) -> Flow<Restart<S, F>>
where
    S: Source,
    F: FnMut() -> Flow<S>,
{
    Flow::new(Restart {
        remade: Remade::new(backoff, make),
    })
}

pin_project! {
    /// A stream that is made when it is needed, but not before a time.
    struct Remade<S, F> {
        #[pin]
        current: Option<Flow<S>>,
        make: F,
        delays: Delays,
        timer: Timer,
    }
}

impl<S, F: FnMut() -> Flow<S>> Remade<S, F> {
    fn new(backoff: Backoff, make: F) -> Self {
        Self {
            current: None,
            make,
            delays: backoff.delays(),
            timer: Timer::new(),
        }
    }

    /// The stream, once it may run.
    fn poll_current(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Pin<&mut Flow<S>>>> {
        let mut this = self.project();
        if this.current.is_none() {
            if this.timer.is_set() {
                ready!(this.timer.poll(cx));
                this.timer.clear();
            }
            this.current.set(Some((this.make)()));
        }
        Poll::Ready(this.current.as_pin_mut())
    }

    /// Drops the stream, and sees to it that another is made, after a pause.
    fn make_anew(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.current.set(None);
        this.timer.set_in(this.delays.next_delay());
    }

    /// Something went well.
    fn reset(self: Pin<&mut Self>) {
        self.project().delays.reset();
    }
}

pin_project! {
    /// The source of [`retry`].
    pub struct Retry<S, F> {
        #[pin]
        remade: Remade<S, F>,
        tries: u32,
        gave_up: bool,
    }
}

impl<S, F, T, E> Source for Retry<S, F>
where
    S: Source<Item = Result<T, E>>,
    F: FnMut() -> Flow<S>,
{
    type Item = Result<T, E>;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<Self::Item> + ?Sized,
    {
        let mut this = self.project();
        if *this.gave_up {
            return Poll::Ready(Pull::End);
        }
        let Some(current) = ready!(this.remade.as_mut().poll_current(cx)) else {
            return Poll::Ready(Pull::More);
        };
        let mut until = UntilError::new(outlet);
        let pulled = current.poll_pull(cx, &mut until);
        if until.count > 0 {
            this.remade.as_mut().reset();
        }
        let Some(error) = until.error else {
            return pulled;
        };
        // Each delay that was drawn is a stream that failed before this one.
        if this.remade.delays.drawn() + 1 < *this.tries {
            this.remade.make_anew();
            return Poll::Ready(Pull::More);
        }
        *this.gave_up = true;
        // There is room: the error took none so far.
        let _ = until.outlet.push(Err(error));
        Poll::Ready(Pull::End)
    }
}

pin_project! {
    /// The source of [`restart`].
    pub struct Restart<S, F> {
        #[pin]
        remade: Remade<S, F>,
    }
}

impl<S: Source, F: FnMut() -> Flow<S>> Source for Restart<S, F> {
    type Item = S::Item;

    fn poll_pull<O>(self: Pin<&mut Self>, cx: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<S::Item> + ?Sized,
    {
        let mut remade = self.project().remade;
        let Some(current) = ready!(remade.as_mut().poll_current(cx)) else {
            return Poll::Ready(Pull::More);
        };
        let mut counted = Counted::up_to(outlet, CHUNK);
        let pulled = current.poll_pull(cx, &mut counted);
        if counted.count() > 0 {
            remade.as_mut().reset();
        }
        if pulled == Poll::Ready(Pull::End) {
            remade.make_anew();
            return Poll::Ready(Pull::More);
        }
        pulled
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Remade<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remade")
            .field("current", &self.current)
            .field("failed", &self.delays.drawn())
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Retry<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("remade", &self.remade)
            .field("tries", &self.tries)
            .finish()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Restart<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Restart").field(&self.remade).finish()
    }
}
