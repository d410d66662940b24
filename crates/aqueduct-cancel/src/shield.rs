//! Protecting what must not be cut off.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aqueduct_core::rt::deadline_in;
use pin_project_lite::pin_project;

use crate::balance;
use crate::timed::Timer;

/// Runs a future that the [`run`](crate::CancelScope::run)s around it do not stop, for `max` at the longest.
///
/// Cancellation then waits at the `run` until the shield is over. It is for what has to be brought to an end once it
/// has begun, such as a commit or a farewell on a connection. A shield has to be bounded, or what hangs in it could be
/// stopped by nobody.
///
/// - It takes effect when it first waits: a future that is not polled is not protected.
/// - The time counts from there. When it is up, the future is dropped.
/// - Only the `run`s *around* it are kept from stopping, on whatever scopes. Those inside stop as ever, and the scope
///   says that it is cancelled to who asks.
/// - Nothing protects from being dropped: of a task that is aborted, the shield goes too.
///
/// A shield that has begun belongs where it is. It holds back the `run`s that were around it at its first wait, as long as
/// it is there: move it elsewhere between two polls, or keep it and poll it no more, and they do not stop until it is
/// dropped, as who is not polled does not see that its time is up. A `run` that is given a future with a shield already
/// up does not know of that one, and takes its end for the end of the next inside.
///
/// A `max` further away than the clock goes is no limit.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use aqueduct_cancel::{CancelScope, shield};
///
/// let scope = CancelScope::new().with_timeout(Duration::from_millis(5));
/// let mut committed = false;
/// let stopped = scope.run(async {
///     let commit = async {
///         tokio::time::sleep(Duration::from_millis(20)).await;
///         committed = true;
///     };
///     shield(Duration::from_secs(1), commit).await.expect("it takes no second");
///     std::future::pending::<()>().await;
/// });
/// assert!(stopped.await.is_err());
/// assert!(committed);
/// # }
/// ```
///
/// # Errors
///
/// [`Elapsed`] when the time is up.
///
/// # Panics
///
/// The future panics when it has to wait outside of a Tokio runtime that drives timers.
pub fn shield<F: Future>(max: Duration, future: F) -> Shield<F> {
    Shield {
        future: Some(future),
        max,
        timer: Timer::new(None),
        raised: Raised(false),
    }
}

pin_project! {
    /// See [`shield()`].
    ///
    /// # Cancel safety
    ///
    /// *Strict* in itself: dropping it drops the future inside, with what that loses.
    #[must_use = "futures do nothing unless polled"]
    pub struct Shield<F> {
        #[pin]
        future: Option<F>,
        max: Duration,
        timer: Timer,
        raised: Raised,
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let inner = this.future.as_mut().as_pin_mut();
        let inner = inner.expect("a future that has ended is not polled");
        let result = match inner.poll(cx) {
            Poll::Ready(output) => Ok(output),
            Poll::Pending => {
                if !this.raised.0 {
                    *this.timer = Timer::new(deadline_in(*this.max));
                    this.raised.raise();
                }
                match this.timer.poll(cx) {
                    Poll::Ready(()) => Err(Elapsed(())),
                    Poll::Pending => return Poll::Pending,
                }
            }
        };
        this.future.set(None);
        this.raised.lower();
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for Shield<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield")
            .field("max", &self.max)
            .field("raised", &self.raised.0)
            .finish_non_exhaustive()
    }
}

/// Whether the thread that polls was told of it.
struct Raised(bool);

impl Raised {
    fn raise(&mut self) {
        self.0 = true;
        balance::change(1);
    }

    fn lower(&mut self) {
        if self.0 {
            self.0 = false;
            balance::change(-1);
        }
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.lower();
    }
}

/// The time of a [`shield()`] was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time of the shield was up")
    }
}

impl Error for Elapsed {}

#[cfg(test)]
mod tests;
