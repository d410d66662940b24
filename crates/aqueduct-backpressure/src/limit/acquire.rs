//! Waiting for a permit.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_core::coop;
use aqueduct_core::rt::{Until, until};

use super::core::Core;
use super::line::{Entry, Key};
use super::permit::{OwnedPermit, Seat};
use super::rejected::Rejected;
use super::request::Request;

/// Gets a seat, if it has to in line. Gives its place up when it is dropped, and hands on what it was granted.
pub(super) struct Acquire<H: Deref<Target = Core>> {
    core: H,
    request: Request,
    key: Option<Key>,
}

/// [`Acquire`], until the request's deadline.
pub(super) async fn acquire(core: &Core, request: Request) -> Result<Seat, Rejected> {
    let acquired = until(request.deadline, Acquire::new(core, request)).await;
    acquired.unwrap_or_else(|| Err(elapsed(core)))
}

fn elapsed(core: &Core) -> Rejected {
    core.gate.rejected.count(Rejected::Elapsed);
    Rejected::Elapsed
}

impl<H: Deref<Target = Core>> Acquire<H> {
    pub(super) fn new(core: H, request: Request) -> Self {
        Self {
            core,
            request,
            key: None,
        }
    }

    fn poll_seat(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Rejected>> {
        let core = &*self.core;
        let key = match self.key {
            Some(key) => key,
            None => {
                if core.gate.take(self.request.partition) {
                    return Poll::Ready(Ok(()));
                }
                let now = core.now();
                let deadline = self.request.deadline;
                let entry = Entry {
                    partition: self.request.partition,
                    priority: self.request.priority,
                    deadline: deadline.map(|deadline| core.since_epoch(deadline)),
                    since: now,
                };
                let joined = core.gate.join(entry).inspect_err(|why| {
                    core.gate.rejected.count(*why);
                });
                let key = joined?;
                self.key = Some(key);
                core.gate.serve(now);
                key
            }
        };
        let seated = ready!(core.gate.poll(key, cx));
        self.key = None;
        Poll::Ready(seated)
    }
}

// Nothing in it is pinned.
impl<H: Deref<Target = Core>> Unpin for Acquire<H> {}

impl<H: Deref<Target = Core>> Future for Acquire<H> {
    type Output = Result<Seat, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let coop = ready!(coop::poll_proceed(cx));
        let seated = ready!(self.poll_seat(cx));
        coop.made_progress();
        let seat = seated.map(|()| Seat {
            partition: self.request.partition,
            started: self.core.started(None),
        });
        Poll::Ready(seat)
    }
}

impl<H: Deref<Target = Core>> Drop for Acquire<H> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.core.gate.leave(key, || self.core.now());
        }
    }
}

/// Waits for an [`OwnedPermit`]: what [`Limiter::acquire_owned`](super::Limiter::acquire_owned) gives.
///
/// # Cancel safety
///
/// *Yields its place*: dropping it leaves the line, and hands on a permit that was granted and not taken. Once it has
/// answered it is out of line by itself.
///
/// # Panics
///
/// When it is polled after it has answered.
#[must_use = "futures do nothing unless polled"]
pub struct AcquireOwned {
    core: Arc<Core>,
    /// None once it has answered: who has said that the time is over is not to be served after that.
    acquire: Option<Until<Acquire<Arc<Core>>>>,
}

impl AcquireOwned {
    pub(super) fn new(core: Arc<Core>, request: Request) -> Self {
        let acquire = Acquire::new(core.clone(), request);
        Self {
            core,
            acquire: Some(until(request.deadline, acquire)),
        }
    }
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let acquire = self.acquire.as_mut().expect("polled after it has answered");
        let acquired = ready!(Pin::new(acquire).poll(cx));
        self.acquire = None;
        let seat = acquired.unwrap_or_else(|| Err(elapsed(&self.core)));
        Poll::Ready(seat.map(|seat| OwnedPermit::new(self.core.clone(), seat)))
    }
}

impl fmt::Debug for AcquireOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOwned").finish_non_exhaustive()
    }
}
