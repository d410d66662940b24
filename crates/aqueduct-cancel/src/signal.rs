//! Scopes that signals of the operating system cancel.
//!
//! A signal moves a scope on from where it is, whoever brought it there: who asks a program to end that drains already wants
//! it to be quicker. [`rounds`] tells where it was before the signal came.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aqueduct_core::sync::Lock;
use futures_core::Stream;

use crate::driven::Driven;
use crate::reason::{Reason, ReasonKind};
use crate::refs::{Arc, Weak};
use crate::scope::CancelScope;

use rounds::Place;

mod rounds;

/// More than this many that nobody has asked for are not remembered.
const REMEMBERED: usize = 16;

/// A wish of the user or of the operating system that the program end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// SIGINT, or Ctrl-C.
    Interrupt,
    /// SIGTERM, where there is one.
    Terminate,
}

/// What a signal does to a scope that is neither draining nor cancelled.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum FirstSignal {
    Cancels,
    Drains,
}

/// What a signal found: the scope as it was when it came.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Live,
    Draining,
    Cancelled,
}

impl Signal {
    /// SIGINT or SIGTERM.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl CancelScope {
    /// Cancels this scope when the program is asked to end: by SIGINT or SIGTERM on Unix, by Ctrl-C elsewhere. The
    /// reason is of kind [`Signal`](ReasonKind::Signal), and its message names the signal.
    ///
    /// That goes on as long as the scope is live, whatever becomes of the returned [`Signals`], which is to know of
    /// further signals: the user who presses Ctrl-C again is impatient. It ends with the runtime in which this is called.
    ///
    /// From the first call on, the program no longer ends by these signals of itself, as with all of Tokio's listeners.
    ///
    /// # Errors
    ///
    /// If the operating system does not let us listen.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with its I/O driver.
    #[track_caller]
    pub fn cancel_on_signals(&self) -> io::Result<Signals> {
        self.on_signals_at(FirstSignal::Cancels, Location::caller())
    }

    /// As [`cancel_on_signals`](Self::cancel_on_signals), in two steps: the first signal [drains](Self::drain) this scope,
    /// so that nothing new is begun and what is under way may finish; the second cancels it. So does the first, if the
    /// scope drains by then, for whatever reason.
    ///
    /// For how long it may take to finish is the caller's to say: who waits for that, and then cancels.
    ///
    /// # Errors
    ///
    /// If the operating system does not let us listen.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with its I/O driver.
    #[track_caller]
    pub fn drain_on_signals(&self) -> io::Result<Signals> {
        self.on_signals_at(FirstSignal::Drains, Location::caller())
    }

    /// [`cancel_on_signals`](Self::cancel_on_signals) or [`drain_on_signals`](Self::drain_on_signals), for whoever was
    /// asked for it by another line of code.
    ///
    /// # Errors
    ///
    /// As they.
    #[doc(hidden)]
    pub fn on_signals_at(
        &self,
        first: FirstSignal,
        location: &'static Location<'static>,
    ) -> io::Result<Signals> {
        let mut listener = Listener::new()?;
        let seen = Arc::new(Lock::new(Seen::default()));
        let (scope, remember) = (self.downgrade(), Arc::downgrade(&seen));
        let place = Place::new(&scope);
        let driven = Driven::start(async move {
            while let Some(signal) = listener.next().await {
                let found = place.found();
                if let Some(scope) = scope.upgrade() {
                    let reason = Reason::new(ReasonKind::Signal, signal.name());
                    match (first, found) {
                        (FirstSignal::Drains, Found::Live) => scope.drain(),
                        _ => scope.cancel_for(reason, location),
                    };
                }
                note(&remember, signal, found);
            }
        });
        self.node().keep(Box::new(driven.clone()));
        Ok(Signals {
            seen,
            _driven: driven,
        })
    }
}

impl CancelScope {
    /// Calls nobody's waker: a deadline that has passed is left to its timer.
    fn found(&self) -> Found {
        match self.node() {
            node if node.is_cancelled() => Found::Cancelled,
            node if node.is_draining() => Found::Draining,
            _ => Found::Live,
        }
    }
}

#[derive(Default)]
struct Seen {
    signals: VecDeque<(Signal, Found)>,
    waker: Option<Waker>,
}

fn note(seen: &Weak<Lock<Seen>>, signal: Signal, found: Found) {
    let Some(seen) = seen.upgrade() else {
        return;
    };
    let mut seen = seen.lock();
    if seen.signals.len() < REMEMBERED {
        seen.signals.push_back((signal, found));
    }
    let waker = seen.waker.take();
    drop(seen);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The signals since [`CancelScope::cancel_on_signals`] or [`CancelScope::drain_on_signals`], the first included, in the order in which they came. Of signals
/// that come at the same time the operating system may show one.
///
/// It is a stream that does not end. It listens whether or not the scope is still there.
#[must_use = "it is for the second signal; to do without, drop it"]
pub struct Signals {
    seen: Arc<Lock<Seen>>,
    _driven: Arc<Driven>,
}

impl Stream for Signals {
    type Item = Signal;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        self.poll_found(cx).map(|(signal, _)| Some(signal))
    }
}

impl Signals {
    /// The next signal, and what it found.
    #[doc(hidden)]
    pub fn poll_found(&self, cx: &mut Context<'_>) -> Poll<(Signal, Found)> {
        let waker = cx.waker().clone();
        let mut seen = self.seen.lock();
        if let Some(signal) = seen.signals.pop_front() {
            drop(seen);
            return Poll::Ready(signal);
        }
        let old = seen.waker.replace(waker);
        drop(seen);
        drop(old);
        Poll::Pending
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Option<Signal> {
        std::future::poll_fn(|cx| {
            for (listener, signal) in [
                (&mut self.interrupt, Signal::Interrupt),
                (&mut self.terminate, Signal::Terminate),
            ] {
                if let Poll::Ready(came) = listener.poll_recv(cx) {
                    return Poll::Ready(came.map(|()| signal));
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Option<Signal> {
        tokio::signal::ctrl_c()
            .await
            .ok()
            .map(|()| Signal::Interrupt)
    }
}

#[cfg(all(test, unix))]
mod tests;
